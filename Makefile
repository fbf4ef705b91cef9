# `make` alone prints what can be done. Every target sets up .venv by itself when something of it is missing.
.DEFAULT_GOAL := help
SHELL := /bin/bash -o pipefail
.PHONY: help setup demo test test-more lint format lock clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTHON ?= $(shell command -v python3.11 || command -v python3)
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off
DOWNLOADS := about 600 MB
PREFETCH := $(BIN)/python -c 'from odpf_local.spark_conf import prefetch; prefetch(print)'
ROWS ?=
ARGS ?=

help: ## print the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## make .venv with everything pinned in requirements.lock

demo: $(READY) ## 18 tables from nothing to validated counts (ROWS=1000, ARGS="--parquet FILE --keep")
	@$(BIN)/odpf demo $(if $(ROWS),--rows $(ROWS)) $(ARGS)

test: $(READY) ## all tests that need nothing else (ARGS="-k words")
	@$(PREFETCH)
	@$(BIN)/python -m pytest -m "not more" $(ARGS)

test-more: $(READY) ## slow tests, and those that need something installed, a skip is a failure: apt-get install mariadb-server
	@$(PREFETCH)
	@$(BIN)/python -m pytest -m more --no-skips $(ARGS)

lint: $(READY) ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY) ## let ruff format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: $(READY) ## resolve the dependencies anew into requirements.lock
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --all-extras --python-version 3.11 --upgrade \
		--no-emit-index-url --no-header --no-annotate --output-file requirements.lock

clean: ## remove .venv and what tools left
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is newer than what it was made from, so this runs again only when one of the two changes.
$(READY): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then \
		echo "ODPF needs Python 3.11, the version of AWS Glue 5.0 (found: $$($(PYTHON) --version 2>&1 || echo none))." >&2; \
		echo "Install it (Debian, Ubuntu: apt-get install python3.11 python3.11-venv), or name it: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; \
	fi
	@if ! $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
		echo "This Python cannot make virtual environments: apt-get install python3.11-venv (or python3-venv)" >&2; exit 1; \
	fi
	@echo "Setting up $(VENV): $(DOWNLOADS) from PyPI, only this once ..." >&2
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) -r requirements.lock 2>&1 | tee $(VENV)/setup.log | sed -un '/Downloading.*MB)/p; /Building wheel/p; s/^Installing .*/Installing/p' \
		|| { tail -n 20 $(VENV)/setup.log >&2; exit 1; }
	@$(INSTALL) --quiet --no-deps -e .
	@touch $@
