"""The world of the crash points, made once a process, and the one table of all processes printed at their end.

Stories are shared out among processes (`pytest -n`), and so is finding the plan, which all of them then have.
"""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine

from tests.acceptance.crash_points.cases import Plan, Shown, make_plan, show
from tests.acceptance.crash_points.stories import STORIES
from tests.acceptance.crash_points.table import Results
from tests.acceptance.crash_points.world import World
from tests.emptying import empty
from tests.harness import Connector, Sandbox

LONGEST_STORY_S = 900.0


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
    found = make_plan(_shown_by_all(world, own.parent if own.name.startswith("popen-") else own))
    results.planned = len(found.all_cases())
    return found


def _shown_by_all(world: World, folder: Path) -> dict[str, Shown]:
    """Tells each story in the process that takes it first, and reads what the others have found."""
    kept = {story: folder / f"crash-points-{number}" for number, story in enumerate(STORIES)}
    for story, path in kept.items():
        if _take(path.with_suffix(".taken")):
            written = path.with_suffix(".part")
            written.write_bytes(pickle.dumps(show(world, story)))
            written.rename(path)
    ends_at = time.monotonic() + LONGEST_STORY_S
    while not all(path.exists() for path in kept.values()):
        assert time.monotonic() < ends_at, "another process took a story and never told it"
        time.sleep(0.1)
    return {story: pickle.loads(path.read_bytes()) for story, path in kept.items()}


def _take(path: Path) -> bool:
    """Takes a story for this process; tells whether nobody had it."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


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
