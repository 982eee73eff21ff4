# make demo: the action against the stand-in, from trigger to outcome.  make test: lint, types and all tests.
# Needs Python 3.11 or newer and nothing else; everything goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKFLOWS := $(wildcard .github/workflows/*.yml)
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps

.PHONY: demo test e2e campaign bench-start bench-looks bench-quota pytest lint types audit lock docs clean

$(READY): requirements/runtime.txt requirements/toolkit.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (PYTHON=python3.13 make ...)")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements/runtime.txt -r requirements/toolkit.txt -r requirements/dev.txt
	$(PIP) --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY)
	$(BIN)/python -m cloud66_simulator.demo

test: lint types pytest

pytest: $(READY)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --quiet -n 3 --dist loadgroup
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# The image in real containers under real runners. Needs Docker; act (E2E_ACT) and a stand-in for the runner
# (E2E_RUN_ACTION) for some cases, and says which cases it had to leave out.
e2e: $(READY)
	$(BIN)/pytest --verbose --durations=5 tests/e2e

campaign: $(READY)
	$(BIN)/python tests/campaign.py 10000

# How long from process start to the first request, beside a five-line script.
bench-start: $(READY)
	$(BIN)/python bench/start.py

# When it looks, beside other schedules; writes looks.svg.
bench-looks: $(READY)
	$(BIN)/python bench/looks.py

# Fifty jobs on one hour's calls.
bench-quota: $(READY)
	$(BIN)/python bench/quota.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/actionlint -shellcheck=$(BIN)/shellcheck $(WORKFLOWS)
	$(BIN)/zizmor --quiet --pedantic --offline .github action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/hadolint Dockerfile .github/base/Dockerfile
	$(BIN)/shellcheck .ci/run

types: $(READY)
	$(BIN)/mypy
	$(BIN)/mypy tools

# Asks the advisory database about every pinned requirement. It needs the internet, so it is no part of `make test`.
# --strict, because without it a package that could not be looked up counts as sound.
audit:
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/audit.txt
	for name in runtime toolkit dev audit e2e stand-in; do \
	  $(VENV)/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements/$$name.txt || exit 1; \
	done

# Renews the pinned requirements (toolkit.txt is by hand).
lock: $(READY)
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --no-header requirements/runtime.in -o requirements/runtime.txt
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --no-header requirements/dev.in -o requirements/dev.txt
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --no-header requirements/audit.in -o requirements/audit.txt
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --no-header requirements/stand-in.in -o requirements/stand-in.txt
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --no-header requirements/e2e.in -o requirements/e2e.txt

# Writes the README's tables of inputs and outputs from action.yml.
docs: $(READY)
	$(BIN)/python tools/docs.py

clean:
	rm -rf $(VENV) build tests/e2e/summary/node_modules .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
