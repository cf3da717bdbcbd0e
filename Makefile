# All set-up is done by the target that needs it. Wanted beforehand: Python 3.10 or later, make, a network for packages.
#   PYTHON=python3.12   the interpreter for .venv       PORT=9000   the port of make demo
#   REAL_DATA=folder    real networks and pictures for the tests that want them (skipped without)
#   PYTEST_ARGS="-k x"  further words for pytest           WORKERS=4   test files run at once (0: in one process)

VENV := .venv
BIN := $(VENV)/bin
REAL_DATA ?= $(wildcard ../shared/real)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# .venv/bin holds a node and npm of its own where the system's will not do (scripts/node.py).
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
CHROMIUM = CAMWIDGET_CHROMIUM="$$($(BIN)/python scripts/chromium.py --install)" && export CAMWIDGET_CHROMIUM
# Notebooks must run; what their cells show is compared where a cell is tagged nbval-check-output.
NBVAL := --nbval-lax --nbval-current-env --nbval-cell-timeout=300
# What tests share, a network or a kernel, they share within a file.
WORKERS ?= 2
PARALLEL := --numprocesses=$(WORKERS) --dist=loadfile
PYTEST := $(BIN)/python -m pytest $(if $(REAL_DATA),--real-data="$(REAL_DATA)")

.DEFAULT_GOAL := help
.PHONY: help demo app test check docs fix bundle bench applications soak clean
MAKEFLAGS += --no-print-directory

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.demo ## Open the quickstart notebook in JupyterLab
	@PORT="$(PORT)" $(BIN)/python scripts/demo.py

app: $(VENV)/.app ## Open a page without code: choose a network and a picture, and explore
	@PORT="$(PORT)" $(BIN)/python scripts/demo.py app

test: $(VENV)/.dev node_modules/.made ## Run all tests: JavaScript, Python, a real browser, the notebooks
	@$(WITH_NODE) npm test
	@$(CHROMIUM) && $(PYTEST) $(PARALLEL) $(NBVAL) tests notebooks $(PYTEST_ARGS)

check: $(VENV)/.dev node_modules/.made ## Lint, check formats and types, and that the bundle is up to date
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(WITH_NODE) node_modules/.bin/pyright
	$(WITH_NODE) npm run check

docs: $(VENV)/.dev ## Build the documentation site into build/docs/, and test it
	@$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@$(CHROMIUM) && $(PYTEST) tests/browser/test_site.py

fix: $(VENV)/.dev node_modules/.made ## Format, and mend what the linters can
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format
	$(WITH_NODE) npm run fix

bundle: node_modules/.made ## Build js/ into camwidget/widget/static/
	@$(WITH_NODE) npm run bundle

bench: $(VENV)/.dev ## Measure speed and memory against the budgets
	@$(CHROMIUM) && $(BIN)/python -m tests.bench

applications: $(VENV)/.dev ## Explain a picture with every network of keras.applications (half an hour)
	@$(BIN)/python scripts/applications.py

soak: $(VENV)/.dev node_modules/.made ## Run for minutes to find leaks
	@$(CHROMIUM) && $(PYTEST) -m soak tests $(PYTEST_ARGS)

clean: ## Remove everything that make and the tests have made
	rm -rf $(VENV) node_modules dist build docs/made docs/notebooks .pytest_cache .ruff_cache .hypothesis tests/browser/shots
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: each says that its set-up was done after the file that describes it last changed.

$(VENV)/.made:
	@PYTHON="$(PYTHON)" scripts/venv.sh $(VENV)
# Node looks upwards for a package.json to learn what *.js holds: ours are modules, the yarn.js in JupyterLab is none.
	@echo '{ "type": "commonjs" }' >$(VENV)/package.json
	@touch $@

$(VENV)/.demo: pyproject.toml package.json $(VENV)/.made
	@echo "Installing camwidget and JupyterLab (TensorFlow is large: some minutes the first time) ..."
	@$(PIP) install -e ".[demo]"
	@touch $@

$(VENV)/.app: pyproject.toml package.json $(VENV)/.made
	@echo "Installing camwidget and Voila (TensorFlow is large: some minutes the first time) ..."
	@$(PIP) install -e ".[app]"
	@touch $@

$(VENV)/.dev: pyproject.toml package.json $(VENV)/.made
	@echo "Installing camwidget and what its tests need (TensorFlow is large: some minutes the first time) ..."
	@$(PIP) install -e ".[dev]"
	@$(PIP) install --target $(VENV)/older-kernel --upgrade --no-deps "ipykernel>=6.29,<7"
	@touch $@ $(VENV)/.demo $(VENV)/.app

node_modules/.made: package.json package-lock.json $(VENV)/.made
	@$(BIN)/python scripts/node.py
	@echo "Installing the front end's tools ..."
	@$(WITH_NODE) npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
