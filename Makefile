# make demo: the action against the simulator, from trigger to outcome.  make test: lint, types and all tests.
# Needs Python 3.11 or newer and nothing else. Everything goes into .venv: what the demo runs first, then the tools.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := $(VENV)/.demo
READY := $(VENV)/.ready
WORKFLOWS := $(wildcard .github/workflows/*.yml examples/*.yml)
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps

.PHONY: demo test e2e campaign bench-start bench-looks bench-quota pytest lint fix types audit lock docs clean

# The .pth file stands in for an installed package: demo and tests start the action with `python -I`, which ignores
# PYTHONPATH.
$(DEMO): requirements/runtime.txt requirements/toolkit.txt requirements/stand-in.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (PYTHON=python3.13 make ...)")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements/runtime.txt -r requirements/toolkit.txt -r requirements/stand-in.txt
	@$(BIN)/python -c 'import pathlib as p, sysconfig as s; p.Path(s.get_path("purelib"), "src.pth").write_text(str(p.Path("src").resolve()))'
	@touch $(DEMO)

$(READY): $(DEMO) requirements/dev.txt
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $(READY)

demo: $(DEMO)
	$(BIN)/python -m cloud66_simulator.demo

# Side by side: real processes mostly wait.
test: $(READY)
	@$(MAKE) --no-print-directory --jobs=2 pytest lint types

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
	$(BIN)/zizmor --quiet --pedantic --offline .github action.yml $(wildcard examples/*.yml)
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml
	$(BIN)/hadolint Dockerfile .github/base/Dockerfile
	$(BIN)/shellcheck .ci/run

# What ruff can fix by itself. The rest of `make lint` only reports.
fix: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY)
	$(BIN)/mypy

# Asks the advisory database about every pinned requirement. It needs the internet, so it is no part of `make test`.
# --strict, because without it a package that could not be looked up counts as sound.
audit:
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/audit.txt
	for name in runtime toolkit dev lock audit e2e stand-in; do \
	  $(VENV)/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements/$$name.txt || exit 1; \
	done

# Renews the pinned requirements (toolkit.txt is by hand).
lock: $(READY)
	$(PIP) --require-hashes -r requirements/lock.txt
	for name in runtime dev lock audit stand-in e2e; do \
	  $(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras \
	    --allow-unsafe --no-header requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

# Writes the README's tables of inputs and outputs from action.yml.
docs: $(READY)
	$(BIN)/python tools/docs.py

clean:
	rm -rf $(VENV) build tests/e2e/summary/node_modules .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
