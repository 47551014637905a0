# Everything a person types. Set-up happens by itself: .venv is made when it is missing or its requirements changed.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first Python that is new enough; say `make PYTHON=...` for another.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
# The folder is part of the key because scripts in .venv name it: a moved clone is set up again.
INSTALLED := .venv/.installed-$(shell { pwd; cat requirements/dev.txt; } | cksum | cut -d ' ' -f 1)
SUITES := tests/unit tests/integration tests/contract tests/house
# Suites that reach hardly a line which the others do not: being measured would cost them a third more time.
BESIDE := tests/integration/doctor tests/integration/every_operation tests/integration/hostile tests/contract tests/house
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED):
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed, and none was found: install it, or say make PYTHON=/path/to/python3" >&2; exit 1; fi
	@echo "Installing the pinned requirements into .venv (once; a minute or two)"
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv || \
		{ echo "$(PYTHON) cannot make a virtual environment: install its venv module (Debian: python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes -r requirements/dev.txt
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@rm -f .venv/.installed-*
	@touch $@

.PHONY: install
install: $(INSTALLED) ## make .venv with all that development needs

.PHONY: run
run: $(INSTALLED) ## start Charter here, with its own PostgreSQL and Valkey
	@CHARTER_ENV=development exec $(BIN)/charter serve

.PHONY: test
test: $(INSTALLED) ## run every test, and hold the coverage
	@failed=0; \
	$(PYTEST) --cov --cov-report=json --cov-report= tests/unit tests/integration $(BESIDE:%=--ignore=%) || failed=1; \
	$(PYTEST) $(BESIDE) || failed=1; \
	exit $$failed
	@$(BIN)/python tests/coverage_gate.py coverage.json

.PHONY: test-unit
test-unit: $(INSTALLED) ## run the tests that need no server
	@$(PYTEST) tests/unit

.PHONY: test-integration
test-integration: $(INSTALLED) ## run the tests on real PostgreSQL and Valkey
	@$(PYTEST) tests/integration

.PHONY: coverage
coverage: $(INSTALLED) ## run every test, then list the lines they miss
	@$(PYTEST) --cov --cov-report=json --cov-report=html --cov-report=term-missing:skip-covered $(SUITES)
	@$(BIN)/python tests/coverage_gate.py coverage.json

.PHONY: lint
lint: $(INSTALLED) ## check style, types and layers
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: $(INSTALLED) ## write the code as the linter wants it
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

.PHONY: size
size: $(INSTALLED) ## tell how large the code is, and what in it is longest
	@$(BIN)/python -m tests.house.size

.PHONY: bench
bench: $(INSTALLED) ## measure against FastAPI, stock Connexion and hand-written ASGI
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements/bench.txt
	@$(BIN)/python -m tests.bench

.PHONY: seed-large
seed-large: $(INSTALLED) ## a million accounts and ten million audit rows in a database of their own: make seed-large [USERS=n] [EVENTS=n]
	@CHARTER_ENV=$${CHARTER_ENV:-development} $(BIN)/python -m tests.bench.scale.seed $(if $(USERS),--users $(USERS)) $(if $(EVENTS),--events $(EVENTS))

.PHONY: bench-scale
bench-scale: $(INSTALLED) ## what each read costs on a million accounts, beside ten thousand: make bench-scale [USERS=n] [EVENTS=n]
	@$(BIN)/python -m tests.bench.scale $(if $(USERS),--users $(USERS)) $(if $(EVENTS),--events $(EVENTS))

.PHONY: contract
contract: $(INSTALLED) ## hold a running Charter against its document: make contract [SEED=n] [EXAMPLES=n] [GATEWAY=compiled|connexion]
	@$(BIN)/python -m tests.contract $(if $(SEED),--seed $(SEED)) $(if $(EXAMPLES),--examples $(EXAMPLES)) $(if $(GATEWAY),--gateway $(GATEWAY))

.PHONY: prove
prove: $(INSTALLED) ## long proofs, all or some: make prove [PART="walk redocly"]
	@$(BIN)/python -m tests.prove $(PART)

PIP_COMPILE := CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-build-isolation --no-emit-find-links --no-emit-index-url --no-emit-trusted-host

.PHONY: requirements
requirements: $(INSTALLED) ## pin anew what pyproject.toml asks for: make requirements [UPGRADE=1]
	@$(PIP_COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements/runtime.txt pyproject.toml
	@$(PIP_COMPILE) $(if $(UPGRADE),--upgrade) --extra dev --constraint requirements/runtime.txt --output-file requirements/dev.txt pyproject.toml
	@$(PIP_COMPILE) $(if $(UPGRADE),--upgrade) --extra dev --extra bench --constraint requirements/dev.txt --output-file requirements/bench.txt pyproject.toml

.PHONY: clean
clean: ## remove .venv and the tools' caches; the data under .charter stays
	@rm -rf .venv .coverage coverage.json htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
