"""The world of the crash points, made once a process, and the one table of all processes printed at their end.

Stories are shared out among processes (`pytest -n`). One of them finds the plan for all, so that no case is left to another.
"""

from __future__ import annotations

import fcntl
import logging
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine

from tests.acceptance.crash_points.cases import Plan, make_plan
from tests.acceptance.crash_points.table import Results
from tests.acceptance.crash_points.world import World
from tests.emptying import empty
from tests.harness import Connector, Sandbox


@pytest.fixture(scope="package", autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of calls are logged otherwise, between the lines of the table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="package")
def world(
    _ledger: Engine, _valkey: str, _sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Two worker processes and a receiver over both systems, watched at their lowest doors."""
    with _ledger.begin() as connection:
        empty(connection)
    running = Connector(_ledger, valkey_url=_valkey, sandbox=_sandbox, home=tmp_path_factory.mktemp("home"))
    made = World(running)
    with made.watched():
        yield made
    made.close()
    running.close()


@pytest.fixture(scope="package")
def plan(world: World, tmp_path_factory: pytest.TempPathFactory, results: Results) -> Plan:
    """All points and cases, found by telling every story once."""
    own = tmp_path_factory.getbasetemp()
    found = _found_once(world, own.parent if own.name.startswith("popen-") else own)
    results.planned = len(found.all_cases())
    return found


def _found_once(world: World, folder: Path) -> Plan:
    """Makes the plan in the process that comes first; the others wait for it."""
    with (folder / "crash-points.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = folder / "crash-points.plan"
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make_plan(world)))
        found: Plan = pickle.loads(kept.read_bytes())
        return found


RESULTS = pytest.StashKey[Results]()
_SENT = "crash_points"


def pytest_configure(config: pytest.Config) -> None:
    """Begins with no outcome."""
    config.stash[RESULTS] = Results()


@pytest.fixture(scope="package")
def results(pytestconfig: pytest.Config) -> Results:
    """The outcomes of this process."""
    return pytestconfig.stash[RESULTS]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Sends the outcomes of one process of several to the one that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_SENT] = pickle.dumps(session.config.stash[RESULTS])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes them in; a process that died sends none, and its tests fail."""
    sent = getattr(node, "workeroutput", {}).get(_SENT)
    if sent:
        node.config.stash[RESULTS].take_in(pickle.loads(sent))


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Prints the table when the last case is through."""
    config.stash[RESULTS].print()
