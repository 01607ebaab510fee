# Every target works from a fresh clone with python3, make and a package index; .venv is made on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup check test up demo bench lock

setup: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $(STAMP)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup
	$(BIN)/python -m pytest

up: setup
	$(BIN)/connector up

demo: setup
	$(BIN)/connector demo $(if $(DEMO_ONCE),--once,)

bench: setup
	$(BIN)/python -m bench

# Renews the pinned versions; needs the package index.
lock: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra embedded --extra dev --no-header --no-annotate -o requirements.lock pyproject.toml
