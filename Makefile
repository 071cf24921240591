# Each target makes what it needs: a virtual environment in .venv, and tracemark in it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint gauntlet-short gauntlet informed innocents ledger speed clean

demo: $(VENV)/.demo
	$(BIN)/tracemark demo

# A process for each core, a file of tests at a time: its photographs are marked once. Two libraries of threads in
# each of them would only wait for one another.
test: $(VENV)/.dev
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses=auto --dist=loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

gauntlet-short: $(VENV)/.dev
	$(BIN)/python -m benchmarks.gauntlet --short --jobs 2

gauntlet: $(VENV)/.dev
	$(BIN)/python -m benchmarks.gauntlet --full

informed: $(VENV)/.dev
	$(BIN)/python -m benchmarks.informed --resume --write

innocents: $(VENV)/.dev
	$(BIN)/python -m benchmarks.innocents

ledger: $(VENV)/.dev
	$(BIN)/python -m benchmarks.ledger

speed: $(VENV)/.dev
	$(BIN)/python -m benchmarks.speed

clean:
	rm -rf $(VENV)

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit("tracemark needs Python 3.11 or newer, not %d.%d" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[benchmarks]' --group dev
	touch $@ $(VENV)/.demo
