# `make` alone prints what can be done. Every target sets up .venv by itself when something of it is missing.
.DEFAULT_GOAL := help
SHELL := /bin/bash -o pipefail
.PHONY: help setup demo test test-more soak trino faults mutations bench bench-quick docs lint format package synth deploy lock clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
INFRA_READY := $(VENV)/.ready-infra
BENCH_READY := $(VENV)/.ready-bench
DOCS_READY := $(VENV)/.ready-docs
MINISTACK := .venv-ministack
MINISTACK_READY := $(MINISTACK)/.ready
TRINO := .venv-trino
TRINO_READY := $(TRINO)/.ready
CHECKOV := .venv-checkov
CHECKOV_READY := $(CHECKOV)/.ready
PYTHON ?= $(shell command -v python3.11 || command -v python3)
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off
DOWNLOADS := about 600 MB
INFRA_DOWNLOADS := about 150 MB
PREFETCH := $(BIN)/python -c 'from odpf_local.spark_conf import prefetch; prefetch(print)'
PREFETCH_MORE := $(BIN)/python -c 'from odpf_local.dynamodb_local import prefetch; prefetch(print)'
COMPILE := $(BIN)/uv pip compile --quiet --python-version 3.11 --no-emit-index-url --no-header --no-annotate
EXTRAS := job local console sources dev more
PACKED := config-manager job lambda observability process-batch
ROWS ?=
ARGS ?=
ENVIRONMENT ?= infra/environments/example.yaml
COMPONENT ?= all
RUNTIME ?= glue5.0
PROCESSES ?= 2
MINUTES ?= 10
export ODPF_RUNTIME := $(RUNTIME)
ROLE ?= primary

help: ## print the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## make .venv with everything pinned in requirements.lock

demo: $(READY) ## 18 tables from nothing to validated counts (ROWS=1000, ARGS="--parquet FILE --keep")
	@$(BIN)/odpf demo $(if $(ROWS),--rows $(ROWS)) $(ARGS)

test: $(INFRA_READY) ## all tests that need nothing else (ARGS="-k words", RUNTIME=glue5.1)
	@$(PREFETCH)
	@$(BIN)/python -m pytest -n $(PROCESSES) -m "not more and not soak" $(ARGS)

test-more: $(INFRA_READY) $(DOCS_READY) $(MINISTACK_READY) ## slow tests, and those that need something installed, a skip is a failure: apt-get install mariadb-server postgresql chromium (or Chrome)
	@$(PREFETCH)
	@$(PREFETCH_MORE)
	@ODPF_TEST_LAKE=embedded $(BIN)/python -m pytest -m "more and not soak" --no-skips $(ARGS)

soak: $(INFRA_READY) $(MINISTACK_READY) $(CHECKOV_READY) ## the longest tests: killed jobs, random sequences for MINUTES=10, a database against the lake, both Regions by the runbook, the AWS guide typed, checkov
	@$(PREFETCH)
	@ODPF_TEST_LAKE=embedded ODPF_SOAK_MINUTES=$(MINUTES) $(BIN)/python -m pytest -m soak --no-skips $(ARGS)

trino: $(INFRA_READY) $(TRINO_READY) ## Trino reads what the Arrow engine has written (821 MB from Maven Central, only once)
	@ODPF_TEST_TRINO=1 $(BIN)/python -m pytest tests/trino --no-skips $(ARGS)

faults: $(INFRA_READY) ## writers die, stand still, wake up and meet errors at every step, both engines, forty minutes (ARGS="--only WORDS", --controls, "--soak 200")
	@$(PREFETCH)
	@$(BIN)/python -m tests.faults $(ARGS)

mutations: $(INFRA_READY) ## switch off each guard of the apply semantics and show that a test turns red (ten minutes)
	@$(BIN)/python -m tests.mutations

bench: $(BENCH_READY) ## what engines and control plane cost, beside bare Hudi, delta-rs, DuckDB, into build/bench.html (within an hour)
	@$(PREFETCH)
	@$(BIN)/python -m benchmarks $(ARGS)

bench-quick: $(BENCH_READY) ## the same with small sizes, within five minutes
	@$(PREFETCH)
	@$(BIN)/python -m benchmarks --quick $(ARGS)

docs: $(DOCS_READY) ## the documentation as a site, into build/site
	@$(BIN)/python -m tests.documentation
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict $(ARGS)

lint: $(INFRA_READY) ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY) ## let ruff format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

package: $(INFRA_READY) ## Lambda zips and the Glue bundle, with hashes and SBOM, into build/packages
	@$(BIN)/python -m infra.packaging $(ARGS)

synth: package ## CloudFormation templates, usable without CDK, into build/templates
	@$(BIN)/python -m infra.app

deploy: $(INFRA_READY) ## stacks of ENVIRONMENT=file into the SDK's account (COMPONENT=all, ROLE=primary, ARGS=--dry-run)
	@$(BIN)/python -m infra.deploy --environment $(ENVIRONMENT) --region-role $(ROLE) \
		$(if $(filter-out all,$(COMPONENT)),--stack $(COMPONENT)) $(ARGS)

# Everything else follows the versions of requirements.lock.
lock: $(READY) ## resolve the dependencies anew into requirements.lock and infra/locks
	@$(BIN)/pip install --quiet uv
	@$(COMPILE) --upgrade $(EXTRAS:%=--extra %) --output-file requirements.lock pyproject.toml
	@$(COMPILE) --upgrade --generate-hashes --constraints requirements.lock --extra infra \
		--output-file infra/locks/infra.lock pyproject.toml
	@$(COMPILE) --upgrade --generate-hashes --constraints requirements.lock --extra bench \
		--output-file infra/locks/bench.lock pyproject.toml
	@$(COMPILE) --upgrade --generate-hashes --constraints requirements.lock --extra docs \
		--output-file infra/locks/docs.lock pyproject.toml
	@for group in $(PACKED); do \
		$(COMPILE) --upgrade --generate-hashes --constraints requirements.lock --group pyproject.toml:$$group \
			--python-platform x86_64-manylinux2014 --only-binary :all: --output-file infra/locks/$$group.lock || exit 1; \
	done
	@for tool in ministack checkov trino; do \
		$(COMPILE) --upgrade --generate-hashes --output-file infra/locks/$$tool.lock infra/locks/$$tool.in || exit 1; \
	done

clean: ## remove .venv and what tools left
	@rm -rf $(VENV) $(MINISTACK) $(TRINO) $(CHECKOV) build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
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

# What builds for AWS, on top: `make demo` and `make setup` do without it.
$(INFRA_READY): infra/locks/infra.lock $(READY)
	@echo "Adding what builds for AWS to $(VENV): $(INFRA_DOWNLOADS) from PyPI, only this once ..." >&2
	@$(INSTALL) --quiet -r infra/locks/infra.lock
	@touch $@

# What the benchmarks compare with.
$(BENCH_READY): infra/locks/bench.lock $(READY)
	@echo "Adding what the benchmarks compare with to $(VENV): 60 MB from PyPI, only this once ..." >&2
	@$(INSTALL) --quiet -r infra/locks/bench.lock
	@touch $@

# What makes the site of the documentation. Its scripts come from npm.
$(DOCS_READY): infra/locks/docs.lock docs/theme/scripts.py $(READY)
	@echo "Adding what makes the site to $(VENV): 70 MB from PyPI and 18 MB from npm, only this once ..." >&2
	@$(INSTALL) --quiet -r infra/locks/docs.lock
	@$(BIN)/python docs/theme/scripts.py $(VENV)/share/odpf
	@touch $@

# The AWS emulator that the templates are deployed to. Apart, as it pins a botocore, and its Lambdas must find nothing of $(VENV).
$(MINISTACK_READY): infra/locks/ministack.lock $(READY)
	@echo "Setting up $(MINISTACK): 20 MB from PyPI, only this once ..." >&2
	@$(BIN)/python -m venv $(MINISTACK)
	@$(MINISTACK)/bin/python -m pip install --quiet --disable-pip-version-check -r infra/locks/ministack.lock
	@touch $@

# The Java of another reader, newer than Spark's.
$(TRINO_READY): infra/locks/trino.lock $(READY)
	@echo "Setting up $(TRINO): 35 MB from PyPI, only this once ..." >&2
	@$(BIN)/python -m venv $(TRINO)
	@$(TRINO)/bin/python -m pip install --quiet --disable-pip-version-check -r infra/locks/trino.lock
	@touch $@

# Apart as well: it pins most of what it uses.
$(CHECKOV_READY): infra/locks/checkov.lock $(READY)
	@echo "Setting up $(CHECKOV): 90 MB from PyPI, only this once ..." >&2
	@$(BIN)/python -m venv $(CHECKOV)
	@$(CHECKOV)/bin/python -m pip install --quiet --disable-pip-version-check -r infra/locks/checkov.lock
	@touch $@
