# Two commands set up everything: `make demo` and `make test`. Both need Python 3.11+, make and a package index.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test faults check bench docs lock clean

## demo: the stand-in servers and the example connections (ONCE=1: run each once, print the summary, stop)
demo: $(VENV)/.runtime
	$(BIN)/duebridge demo $(if $(ONCE),--once)

## test: the fast tests
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS)

## faults: every way a run can be hurt, the long proofs included, each figure printed
faults: $(VENV)/.dev
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "proof or not proof" --figures tests/faults tests/pennylane_target/test_any_invoice.py $(ARGS)

## check: lint, types, who may import whom
check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

## bench: the whole pipeline beside its floor
bench: $(VENV)/.dev
	$(BIN)/python scripts/bench.py $(ARGS)

## docs: print the generated pages again
docs: $(VENV)/.dev
	$(BIN)/python scripts/print_docs.py

## lock: resolve the dependencies again
lock: $(VENV)/.dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" --extra postgresql pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" --extra postgresql --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "DueBridge needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(BIN)/python requirements.lock pyproject.toml
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	touch $@
