# `make demo` is all a new user needs; `make check` is what a change must pass, the tests among it.
PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= cpu
BIN := $(VENV)/bin
DEMO ?= demo-run
# How often a failing test is looked at again; machines of CI are busy with others' work.
RERUNS ?= 0
PYTEST := $(BIN)/pytest -q -n auto --dist loadgroup --reruns $(RERUNS)

.DEFAULT_GOAL := help
.PHONY: help demo install install-dev bubblewrap chromium test test-all check fix autograder messages clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: install bubblewrap ## Install, grade the bundled submissions, say where the report is
	@$(BIN)/grader demo -o $(DEMO)

install: $(VENV)/.installed-$(EXTRAS)

install-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}; call: make PYTHON=python3.11 ...")'
	@echo "Making an environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "No environment could be made; on Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }

$(VENV)/.installed-$(EXTRAS): pyproject.toml | $(VENV)/bin/python
	@echo "Installing the grader, TensorFlow and what notebooks need (some minutes, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS),kernel]'
	@$(BIN)/python -m compileall -q $(VENV)/lib || true
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/.installed-$(EXTRAS)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS),kernel,dev]'
	@touch $@

# Where this user may install packages it is done; elsewhere the grader itself says what is missing.
bubblewrap:
	@command -v bwrap >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing bubblewrap ..."; (apt-get update && apt-get install -y bubblewrap) >/dev/null 2>&1 || true; \
	  elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then \
	    echo "Installing bubblewrap ..."; (sudo -n apt-get update && sudo -n apt-get install -y bubblewrap) >/dev/null 2>&1 || true; \
	  fi; }

# The tests look at report pages in a real browser; without one they are skipped, and say so.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Chromium ..."; (apt-get update && apt-get install -y chromium) >/dev/null 2>&1 || true; \
	  elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then \
	    echo "Installing Chromium ..."; (sudo -n apt-get update && sudo -n apt-get install -y chromium) >/dev/null 2>&1 || true; \
	  fi; }

test: install-dev bubblewrap chromium ## Install and run the tests
	@$(PYTEST) -m 'not slow'

test-all: install-dev bubblewrap chromium ## The tests and the slow ones: every lesson notebook in a real kernel
	@$(PYTEST)

check: install-dev bubblewrap chromium ## Everything that looks and changes nothing: format, lint, types, imports, tests with coverage
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(PYTEST) -m 'not slow' --cov --cov-report=term:skip-covered

fix: install-dev ## Format and apply safe fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

autograder: install-dev ## Pack the grader as an autograder for Gradescope: autograder.zip
	@rm -rf build/autograder && mkdir -p build/autograder
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/autograder .
	@cp grader/exchange/autograder/* build/autograder/
	@cd build/autograder && $(abspath $(BIN))/python -m zipfile -c ../../autograder.zip *
	@echo autograder.zip

messages: install-dev ## Add new sentences to the translation catalogue
	@$(BIN)/python -m grader.report.catalogue

clean: ## Remove the environment and the demo's run
	rm -rf $(VENV) $(DEMO)
