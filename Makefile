# What people and CI run. Needs make and Python 3.11 or newer; everything else goes into .venv.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$name; break; fi; done)

HAS_NODE := (cd web && . ./node.sh && has_node)
# A machine without node gets it into .venv.
BUILD_PAGES = sh web/build.sh || { ! $(HAS_NODE) && $(PIP) install --retries 1 --require-hashes -r requirements-web.lock && sh web/build.sh; }

# Compiled files are kept: without them each process of a test compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run test web check lint schema docs pictures bench chaos pages

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | while IFS='	' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

setup: $(VENV)/.installed ## Install what Hookline needs into .venv

# With a node of this machine the pages need nothing of .venv, so both are installed side by side.
run: ## Install what is missing, run everything on this machine, build the pages meanwhile
	@if $(HAS_NODE); then \
		$(MAKE) --no-print-directory pages & $(MAKE) --no-print-directory setup || exit 1; \
	else \
		$(MAKE) --no-print-directory setup || exit 1; $(MAKE) --no-print-directory pages & \
	fi; $(BIN)/hookline dev

# A process of tests that dies ends the run: with another in its place pytest-xdist 3.8 waits for ever
# once it has handed out the last file.
test: $(VENV)/.test-installed $(VENV)/docs/.installed ## Install what tests need, run them all (ARGS="-k name" for some)
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(ARGS)

web: setup ## Build the browser pages
	@$(BUILD_PAGES)

check: $(VENV)/.test-installed ## Format, lint, types, import directions, generated files
	@$(BIN)/ruff format --check --quiet . || { echo "Run: make lint" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >$(VENV)/lint-imports.log 2>&1 || { cat $(VENV)/lint-imports.log >&2; exit 1; }
	@cd clients/python/src && ../../../$(BIN)/lint-imports --no-logo --config ../pyproject.toml >../../../$(VENV)/lint-client.log 2>&1 || { cat ../../../$(VENV)/lint-client.log >&2; exit 1; }
	@$(BIN)/hookline schema | diff -u schema.graphql - >&2 || { echo "Run: make schema" >&2; exit 1; }
	@$(BIN)/hookline sync schema | diff -u config/webhooks.v1.schema.json - >&2 || { echo "Run: make schema" >&2; exit 1; }
	@cmp -s config/webhooks.v1.schema.json examples/gitops/config/webhooks.v1.schema.json || { echo "Run: make schema" >&2; exit 1; }
	@$(BIN)/python -m tools.architecture --check || { echo "Run: make docs" >&2; exit 1; }
	@$(BIN)/python -m hookline.cli.reference
	@$(BIN)/python -m hookline.form.reference_page | diff -u docs/webhooks.md - >&2 || { echo "Run: make schema" >&2; exit 1; }
	@sh web/check.sh
	@echo "All checks passed."

lint: $(VENV)/.test-installed ## Format the code and mend what can be mended
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix .

schema: $(VENV)/.test-installed ## Write the generated files: GraphQL schema and its types for the console, JSON Schema, reference of fields
	@$(BIN)/hookline schema >$(VENV)/schema.new && mv $(VENV)/schema.new schema.graphql
	@$(BIN)/hookline sync schema >$(VENV)/schema.new && mv $(VENV)/schema.new config/webhooks.v1.schema.json
	@cp config/webhooks.v1.schema.json examples/gitops/config/
	@$(BIN)/python -m hookline.cli.reference
	@$(BIN)/python -m hookline.form.reference_page >$(VENV)/schema.new && mv $(VENV)/schema.new docs/webhooks.md
	@sh web/check.sh generate

docs: $(VENV)/.test-installed $(VENV)/docs/.installed ## Draw docs/architecture.svg and its table of packages from the imports, build the documentation's site
	@$(BIN)/python -m tools.architecture
	@$(BIN)/python -m tools.docs_site

pictures: $(VENV)/.test-installed ## Take the pictures in docs/pictures/ and docs/terminal/ anew, in chromium and at a terminal
	@REFRESH_PICTURES=1 $(BIN)/python -m pytest -q -n 0 tests/browser/test_pictures.py tests/docs/test_terminal_pictures.py

bench: $(VENV)/.test-installed ## Measure throughput, latency, isolation and memory; prints JSON (ARGS=embedded_sqlite for one part, ARGS="--against REV" compares)
	@$(BIN)/python -m benchmarks $(ARGS)

chaos: $(VENV)/.test-installed ## Ten minutes of crashes under load on every engine, and a ledger over it (ARGS="--seed 7" repeats one)
	@$(BIN)/python -m tests.chaos $(ARGS)

# For `run`: the server works without its pages, so a machine that can't build them goes on.
# `hookline dev` shows them as soon as they are there.
pages:
	@mkdir -p $(VENV)
	@{ $(BUILD_PAGES); } 2>$(VENV)/web.log \
		|| echo "The pages could not be built ($(VENV)/web.log says why); everything else works. Try again with: make web"

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then echo "Hookline needs Python 3.11 or newer: install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Hookline needs Python 3.11 or newer, and $(PYTHON) is not: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock requirements-build.lock pyproject.toml clients/python/pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV) (about half a minute the first time) …"
	@$(PIP) install --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) install --no-index --no-build-isolation --no-deps -e . -e clients/python
	@touch $@

$(VENV)/.test-installed: requirements-test.lock requirements-web.lock $(VENV)/.installed
	@echo "Installing what tests need …"
	@$(PIP) install --require-hashes -r requirements-test.lock -r requirements-web.lock
	@touch $@

# Apart: zensical wants other versions of what Hookline needs itself.
$(VENV)/docs/.installed: requirements-docs.lock | $(VENV)/bin/python
	@echo "Installing what builds the documentation …"
	@$(BIN)/python -m venv $(VENV)/docs
	@$(VENV)/docs/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-docs.lock
	@touch $@
