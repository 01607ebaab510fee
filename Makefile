# Every target works from a fresh clone with python3, make and a package index; .venv is made on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup check test crash-points simulate soak hostile oversell up demo bench drain lock

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

# Files run side by side, the acceptance tests first: many of them mostly wait (leases, time-outs, silent servers).
test: setup
	$(BIN)/python -m pytest --ignore=tests/acceptance/crash_points -n 4 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

# Every write and every commit of every flow, with everything that can go wrong at it; the stories side by side.
crash-points: setup
	$(BIN)/python -m pytest -q tests/acceptance/crash_points -n 3 --maxschedchunk 1 --max-worker-restart 0

# Random stories over the real flows; SEED repeats one run, CONTROL takes a guard away, which must be caught.
EXAMPLES ?= 300
simulate: setup
	$(BIN)/python -m tests.acceptance.simulation --examples $(EXAMPLES) $(if $(SEED),--seed $(SEED)) $(if $(CONTROL),--control $(CONTROL))

# The whole connector under traffic, faults and kills, judged from the books of both systems.
ORDERS ?= 500
soak: setup
	$(BIN)/python -m tests.acceptance.soak --orders $(ORDERS) $(if $(SEED),--seed $(SEED)) $(if $(CONTROL),--control $(CONTROL)) $(if $(RESULT),--result $(RESULT))

# Bodies and headers no shop would send.
BODIES ?= 3000
hostile: setup
	$(BIN)/python -m tests.acceptance.hostile --bodies $(BODIES) $(if $(SEED),--seed $(SEED))

up: setup
	$(BIN)/connector up

demo: setup
	$(BIN)/connector demo $(if $(DEMO_ONCE),--once,)

bench: setup
	$(BIN)/python -m bench

# A queue of due work after an outage.
EXCHANGES ?= 20000
drain: setup
	$(BIN)/python -m bench.drain --exchanges $(EXCHANGES)

# Fifty buyers race for twenty units, with and without what is in flight taken off.
RACES ?= 4
oversell: setup
	$(BIN)/python -m tests.acceptance.oversell --races $(RACES)

# Renews the pinned versions; needs the package index.
lock: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra embedded --extra dev --no-header --no-annotate -o requirements.lock pyproject.toml
