# make demo   sets everything up and runs the main job on an embedded default
# make test   sets everything up and passes the tests
SHELL := /bin/bash
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE  # without byte code every Airflow process compiles 1,400 modules again

PY ?= $(shell for p in python3.11 python3.12 python3.13 python3; do if $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info < (3,14))' 2>/dev/null; then echo $$p; break; fi; done)
BIN := .venv/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
JOBS ?= 3
T ?= tests

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

.venv/.uv:
	@test -n "$(PY)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found; on Debian: apt-get install python3 python3-venv"; exit 2; }
	@$(PY) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PY) has no venv module; on Debian: apt-get install python3-venv"; exit 2; }
	$(PY) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/.runtime: .venv/.uv requirements.txt
	$(UV) pip install --quiet --require-hashes --compile-bytecode --python $(BIN)/python -r requirements.txt
	$(UV) pip install --quiet --no-deps --python $(BIN)/python --editable .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.txt
	$(UV) pip install --quiet --require-hashes --compile-bytecode --python $(BIN)/python -r requirements-dev.txt
	@touch $@

demo: .venv/.runtime  ## everything set up, the main job on a made-up council, addresses to look at (ONCE=1: ends by itself)
	@exec $(BIN)/caseclock demo run $(if $(ONCE),--once)

test: .venv/.dev parts  ## everything set up, all tests
	$(BIN)/pytest $(T) -m "not airflow" -n $(JOBS) --dist worksteal -rs
	$(BIN)/pytest $(T) -m airflow -n 2 --dist loadfile -rs || test $$? = 5

parts: .venv/.dev  # what the tests need and no wheel brings: a browser; a test that cannot have its part says so
	@$(BIN)/python tests/parts.py

check: .venv/.dev  ## types, lint, import contracts, configuration, generated pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/caseclock check-config include/monitoring
	$(BIN)/python -m caseclock.cli.docs --check
	$(BIN)/python tests/spec/pages.py --check
	@$(MAKE) --no-print-directory audit sbom

audit: .venv/.dev  ## known weaknesses in what the lock installs
	@$(BIN)/python tests/audit.py

sbom: .venv/.dev  ## dist/sbom.json: every package of the lock with its hashes (CycloneDX)
	@mkdir -p dist
	@$(BIN)/cyclonedx-py requirements requirements.txt --output-format JSON --output-file dist/sbom.json
	@$(BIN)/python -c "import json; print('dist/sbom.json:', len(json.load(open('dist/sbom.json'))['components']), 'packages')"

bench: .venv/.dev  ## every figure of the README, measured here
	$(BIN)/python benchmarks/run.py

secrets:  ## passwords and keys for docker-compose.yaml, one file each in secrets/; what is there stays (DEMO=1: for the demo)
	@$(PY) deploy/compose/make_secrets.py $(if $(DEMO),--demo --folder secrets/demo,--folder secrets)

compose-test:  ## docker-compose.yaml for real: every part is broken in the middle of work (needs docker; ARGS="--only redis --keep")
	@$(PY) tests/compose/run.py $(ARGS)

scan:  ## what the container image lets anybody do or see (needs docker; IMAGE=caseclock:dev)
	@$(PY) tests/compose/scan.py $(or $(IMAGE),caseclock:dev)

pictures: .venv/.dev parts  ## the pictures of README and docs, from the demo
	$(BIN)/python -m caseclock.demo.pictures docs/pictures

docs: .venv/.dev  ## generated pages: docs/generated, with the tables of tests/spec as worked examples
	$(BIN)/python -m caseclock.cli.docs
	$(BIN)/python tests/spec/pages.py

lock: .venv/.uv  ## requirements.txt and requirements-dev.txt anew from pyproject.toml
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:  ## away with what make has made
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache include/caseclock.egg-info

.PHONY: help demo test parts check audit sbom bench secrets compose-test scan pictures docs lock clean
