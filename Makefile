# Everything goes through .venv, made on first use from Python >= 3.11 and pip alone.
PYTHON ?= python3
ARGS ?=
FUZZ ?= config feed items matcher web
SECONDS_EACH ?= 60
BIN := .venv/bin
SHELL := /bin/bash
.DEFAULT_GOAL := help
# What ours is measured beside has a place of its own. Where it cannot be installed, its column is left out.
PEERS = $(MAKE) --silent --no-print-directory .venv/peers/.installed || echo "the peers cannot be installed; going on without them" >&2

.PHONY: help install install-dev run test coverage test-fast test-faults fuzz lint format audit lock clean test-image pictures screenshots score-politeness soak-feeds docs \
  eval-matching eval-stories eval-feeds eval-topics bench-matching bench-stories bench-feeds bench-replay bench-web bench-growth bench-search bench-operators bench load simulate-scale

help: ## Show this help
	@grep -hE '^[a-z][a-z -]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 56

install: .venv/.installed ## Make .venv with the command `alerts`

install-dev: .venv/.installed-dev ## Add what the tests need

run: .venv/.installed ## Run everything here (ARGS="--demo --once" for the demonstration)
	@$(BIN)/alerts run $(ARGS)

test: .venv/.installed-dev lint ## Run every test, with real Redis-compatible and PostgreSQL servers; those without servers first, with their coverage
	@$(if $(ARGS),,$(MAKE) --silent --no-print-directory coverage ARGS="--quiet --cov-report=")
	@$(BIN)/pytest -n auto $(ARGS)

coverage: .venv/.installed-dev ## Measure line and branch coverage by the tests of test-fast (ARGS="--cov-report=html")
	@ALERTS_TEST_PROFILE=fast $(BIN)/pytest -n auto -m 'not servers and not slow' --cov $(ARGS)

test-fast: .venv/.installed-dev ## Run the tests that start no server, with few examples of each law
	@ALERTS_TEST_PROFILE=fast $(BIN)/pytest -n auto -m 'not servers and not slow' $(ARGS)

test-faults: .venv/.installed-dev ## Kill, stop and starve the real program by seed (ARGS="--seeds 1-20")
	@$(BIN)/python tests/faults/harness.py $(ARGS)

test-image: .venv/.installed-dev ## Try image and Compose file in a container engine (ENGINE_TOOLS=DIR where Docker is not running)
	@PYTHONPATH=tests $(BIN)/python -m image.run

fuzz: .venv-fuzz/.installed ## Look for inputs that break a promise (FUZZ="feed web" SECONDS_EACH=300)
	@for target in $(FUZZ); do .venv-fuzz/bin/python tests/fuzz/run.py $$target $(SECONDS_EACH) || exit 1; done

lint: .venv/.installed-dev ## Style, types, import layers
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@PYTHONPATH=tests $(BIN)/lint-imports --no-logo 2>&1 | tail -n 8; exit $${PIPESTATUS[0]}

format: .venv/.installed-dev ## Rewrite the code in the project's style
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

eval-matching eval-stories eval-feeds eval-topics: eval-%: .venv/.installed-dev ## Measure the quality of matching, stories, feed parsing, topics
	@$(BIN)/python evaluations/$*.py $(ARGS)

eval-alerts: .venv/.installed-dev ## Judge the alerts of recorded feeds under the example configuration
	@$(BIN)/python evaluations/right_alerts.py $(ARGS)

score-politeness: .venv/.installed-dev ## Score pollers against a local server through simulated days
	@$(PEERS)
	@$(BIN)/python evaluations/politeness.py $(ARGS)

soak-feeds: .venv/.installed-dev ## Poll 5,000 local feeds through simulated days and balance the books
	@PYTHONPATH=tests $(BIN)/python -m soak.run $(ARGS)

bench-matching bench-stories bench-feeds bench-replay bench-web bench-growth bench-search bench-operators: bench-%: .venv/.installed-dev ## Measure speed beside a peer, in one run
	@$(BIN)/python benchmarks/$*.py $(ARGS)

docs: .venv/.installed-dev ## Write the tables of the documentation again from the program
	@$(BIN)/python docs/generate.py

bench: .venv/.installed-dev ## Measure everything and write docs/benchmarks.md (ARGS="--only a,d" for some parts)
	@$(PEERS)
	@$(BIN)/python benchmarks/bench.py $(ARGS)

load: .venv/.installed-dev ## Send 100,000 items at once through 1, 2, 4 workers and write docs/load.md (ARGS="--sources 1000")
	@$(BIN)/python benchmarks/load.py $(ARGS)

simulate-scale: .venv/.installed-dev ## Play deployments of up to a million sources, event by event (docs/scaling.md)
	@$(BIN)/python benchmarks/simulate.py $(ARGS)

pictures: .venv/.installed-dev ## Make the pictures of the documentation again
	@$(BIN)/python docs/pictures.py

screenshots: .venv/.installed-dev ## Make the screenshots of the documentation again (needs Chromium)
	@PYTHONPATH=tests $(BIN)/python docs/screenshots.py

audit: ## Look up known vulnerabilities of the pinned dependencies (needs pip-audit)
	@command -v pip-audit > /dev/null || { echo "pip-audit is not here: pipx install pip-audit (or uv tool install pip-audit), then make audit" >&2; exit 1; }
	@for f in run build dev peers; do pip-audit --require-hashes --disable-pip --requirement requirements/$$f.txt || exit 1; done

lock: ## Pin requirements/*.in with hashes (needs uv)
	@for f in run build dev fuzz peers; do uv pip compile --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header -q requirements/$$f.in -o requirements/$$f.txt; done

clean: ## Remove .venv, state and caches
	@rm -rf .venv .venv-fuzz .alerts .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": set PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv .venv

.venv/.installed: requirements/run.txt requirements/build.txt pyproject.toml | .venv/bin/pip
	@echo "Installing into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt -r requirements/build.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-dev: requirements/dev.txt .venv/.installed
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.venv-fuzz/.installed: requirements/run.txt requirements/fuzz.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and "the fuzzer needs Python 3.11 to 3.13: set PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv .venv-fuzz
	@.venv-fuzz/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@.venv-fuzz/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	@touch $@

.venv/peers/.installed: requirements/peers.txt | .venv/bin/pip
	@echo "Installing the peers into .venv/peers ..."
	@$(PYTHON) -m venv .venv/peers
	@.venv/peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.txt
	@touch $@
