# The action's image: the interpreter, the runtime requirements by hash, and the package. Nothing else of ours ships:
# no tests, no stand-in, no shell script.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
COPY requirements/runtime.txt requirements/toolkit.txt /build/
# actions-toolkit's wheel brings its tests as a top-level package.
RUN python -m pip install --no-cache-dir --no-deps --require-hashes --root-user-action=ignore --target /site \
      -r /build/runtime.txt -r /build/toolkit.txt \
 && rm -rf /site/tests /site/bin
COPY src/cloud66_redeploy /site/cloud66_redeploy
RUN python -m compileall -q --invalidation-mode unchecked-hash /site

FROM ${BASE}
COPY --from=build /site /action/site
COPY docker/main docker/cleanup /action/
# Root, because only root may write the runner's command files. Absolute and in exec form: the job's PATH and a shell
# have no part in it. The files' first line isolates the interpreter (-I) and lets it write unbuffered (-u).
ENTRYPOINT ["/action/main"]
