"""The world of the crash points, made once for all of them, and the table printed at their end."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import Engine, text

from connector.ledger.metadata import METADATA
from tests.acceptance.crash_points.cases import Plan, make_plan
from tests.acceptance.crash_points.table import Results
from tests.acceptance.crash_points.world import World
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
        connection.execute(text(f"TRUNCATE {', '.join(METADATA.tables)} RESTART IDENTITY CASCADE"))
    running = Connector(_ledger, valkey_url=_valkey, sandbox=_sandbox, home=tmp_path_factory.mktemp("home"))
    made = World(running)
    with made.watched():
        yield made
    made.close()
    running.close()


@pytest.fixture(scope="package")
def plan(world: World) -> Plan:
    """All points and cases, found by telling every story once."""
    return make_plan(world)


@pytest.fixture(scope="package")
def results() -> Iterator[Results]:
    """The outcomes; printed when the last case is through (`-s` shows it)."""
    kept = Results()
    yield kept
    kept.print()
