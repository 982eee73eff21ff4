# The action's image: an interpreter, the runtime requirements by hash, and the package, with no shell and no package
# manager around them. The first stage has the tools, the second takes only what docker/root_fs.py has put together.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
COPY requirements/runtime.txt requirements/toolkit.txt /build/
RUN ["python", "-m", "pip", "install", "--no-cache-dir", "--no-compile", "--no-deps", "--require-hashes", \
     "--disable-pip-version-check", "--root-user-action=ignore", "--target", "/image/action/site", \
     "-r", "/build/runtime.txt", "-r", "/build/toolkit.txt"]
COPY src/cloud66_redeploy /image/action/site/cloud66_redeploy
COPY docker/main docker/cleanup /image/action/
COPY docker/root_fs.py /build/
RUN ["python", "/build/root_fs.py", "/image"]

FROM scratch
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Cloud 66 redeploy" \
      org.opencontainers.image.description="Redeploys a Cloud 66 stack exactly once, waits, and tells the truth" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image /
ENV LANG=C.UTF-8
# Root, because only root may write the runner's command files. Absolute and in exec form: the job's PATH and a shell
# have no part in it. The file's first line isolates the interpreter (-I) and lets it write unbuffered (-u).
ENTRYPOINT ["/action/main"]
