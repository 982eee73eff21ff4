# make demo: the action against the stand-in, from trigger to outcome.  make test: lint, types and all tests.
# Needs Python 3.11 or newer and nothing else; everything goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps

.PHONY: demo test campaign bench-start bench-looks bench-quota lint types lock clean

$(READY): requirements/runtime.txt requirements/toolkit.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (PYTHON=python3.13 make ...)")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements/runtime.txt -r requirements/toolkit.txt -r requirements/dev.txt
	$(PIP) --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY)
	$(BIN)/python -m cloud66_simulator.demo

test: lint types
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --quiet -n 2
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

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

types: $(READY)
	$(BIN)/mypy

# Renews the pinned requirements (toolkit.txt is by hand).
lock: $(READY)
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --no-header requirements/runtime.in -o requirements/runtime.txt
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --no-header requirements/dev.in -o requirements/dev.txt

clean:
	rm -rf $(VENV) build .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
