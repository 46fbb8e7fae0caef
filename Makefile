# The only verbs of the project; `make` alone lists them. Everything goes into .venv and .contraponto of this checkout.

VENV := .venv
BIN := $(VENV)/bin
# Most tests wait most of the time.
PARALLEL := $(BIN)/python -m pytest --numprocesses 2 --dist loadfile
# Of real servers on a busy machine some answer late. What fails is run once more, alone; both runs are told.
define TWICE
	$(1) || { [ $$? = 1 ] && echo "Once more, alone, what has failed:" && $(BIN)/python -m pytest --last-failed $(2); }
endef
INSTALL := sh deployments/scripts/install.sh $(VENV)

# pip's progress is shown in a terminal; elsewhere what it prints goes to $(VENV)/install.log.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_RETRIES := 10
export PIP_TIMEOUT := 60

.DEFAULT_GOAL := help
.PHONY: help demo up down models test test-plain coverage test-system test-engine test-compose test-directus lint audit sbom bench lock
.NOTPARALLEL:

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.installed ## From nothing to a transcribed recording: environment, models, services, one real job
	@$(BIN)/python -m deployments.scripts.demo

up: $(VENV)/.installed ## Start the services (PostgreSQL, Valkey, Prefect server, workers) and prepare the server
	@$(BIN)/contraponto up

down: ## Stop everything that `make up` or `make demo` started
	@if [ -f $(VENV)/.installed ] || [ -x $(BIN)/contraponto ]; then $(BIN)/contraponto down; \
	else echo "Nothing is installed in this checkout, so nothing runs."; fi

models: $(VENV)/.installed ## Fetch the models that the default settings use
	@$(BIN)/contraponto models get

test: $(VENV)/.installed-dev ## Run every test that needs no root (fetches the models that tests use)
	@$(BIN)/contraponto models get --for-tests
	$(call TWICE,$(PARALLEL) tests/unit,tests/unit)
	$(call TWICE,$(PARALLEL) tests/flow,tests/flow)
	$(call TWICE,$(PARALLEL) tests/system tests/chaos,tests/system tests/chaos)

test-plain: $(VENV)/.installed-dev ## Run only the tests that start no workers
	@$(BIN)/contraponto models get --for-tests
	$(call TWICE,$(PARALLEL) tests/unit,tests/unit)
	$(call TWICE,$(PARALLEL) tests/flow,tests/flow)

# Apart from `test`: being watched line by line, the same tests take more than twice the processor.
coverage: $(VENV)/.installed-dev ## Run the unit tests and say which lines none of them reaches; fails where they are too many
	@$(BIN)/contraponto models get --for-tests
	$(PARALLEL) tests/unit --cov --cov-report=term:skip-covered

test-system: $(VENV)/.installed-dev ## Run only the tests that start a real server and workers
	@$(BIN)/contraponto models get --for-tests
	$(call TWICE,$(PARALLEL) tests/system tests/chaos,tests/system tests/chaos)

test-engine test-compose: export CONTRAPONTO_TEST_ENGINE := 1
# With a memory of their own of what has failed: they may run beside the others.
ENGINE_TESTS := -o cache_dir=.pytest_cache/engine tests/system/docker --ignore tests/system/docker/test_compose.py tests/system/rabbitmq \
	$(foreach name,browser prometheus charts prefect_upgrade comparison_in_a_browser,tests/system/test_$(name).py)

test-engine: $(VENV)/.installed-dev ## Run the tests of containers, pages, RabbitMQ, Prometheus and upgrades: as root, with an engine and a browser
	@sh tests/system/docker/packages.sh
	@$(BIN)/contraponto models get --for-tests
	$(call TWICE,$(BIN)/python -m pytest $(ENGINE_TESTS),$(ENGINE_TESTS))

test-compose: $(VENV)/.installed-dev ## Run the whole of compose.yaml on an engine of the test's own, as root: ten containers, many minutes
	@sh tests/system/docker/packages.sh
	@$(BIN)/contraponto models get --for-tests
	$(BIN)/python -m pytest tests/system/docker/test_compose.py

test-directus: $(VENV)/.installed-dev ## Run the tests of the record store against a real Directus: fetches 700 MB from npm into .contraponto
	@sh tests/servers/directus_packages.sh .contraponto/directus $(BIN)/python
	CONTRAPONTO_TEST_DIRECTUS=.contraponto/directus $(BIN)/python -m pytest tests/unit/blocks/test_record_stores.py -k directus

lint: $(VENV)/.installed-dev ## Check format, style, types, which package may import which, and that no secret is here
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python -m deployments.scripts.secret_scan

# Their programs have an environment of their own: they bring packages by which others behave differently.
audit: $(VENV)/.audit ## Ask a database of known flaws about the locked packages
	$(VENV)-audit/bin/pip-audit --no-deps --disable-pip -r requirements.txt
	$(VENV)-audit/bin/pip-audit --no-deps --disable-pip -r deployments/docker/requirements.txt

sbom: $(VENV)/.audit ## List the packages of the image in sbom.cdx.json (CycloneDX), which the image then carries
	$(VENV)-audit/bin/cyclonedx-py requirements --output-reproducible deployments/docker/requirements.txt -o sbom.cdx.json

$(VENV)/.audit: $(VENV)/.installed
	@$(BIN)/python -m venv $(VENV)-audit
	@$(VENV)-audit/bin/pip install --quiet 'pip-audit==2.10.1' 'cyclonedx-bom==7.5.0'
	@touch $@

bench: $(VENV)/.installed-dev ## Measure against faster-whisper on the same input
	@$(BIN)/contraponto models get
	$(BIN)/python benchmarks/transcription.py

lock: $(VENV)/.installed-dev ## Pin every dependency again after a change of pyproject.toml
	sh deployments/scripts/lock.sh $(BIN)/python

$(VENV)/.installed: requirements.txt pyproject.toml deployments/scripts/install.sh
	@$(INSTALL) requirements.txt
	@touch $@

# The development set holds the other one.
$(VENV)/.installed-dev: requirements-dev.txt pyproject.toml deployments/scripts/install.sh
	@$(INSTALL) requirements-dev.txt
	@touch $(VENV)/.installed $@
