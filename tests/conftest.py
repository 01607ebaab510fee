"""Real servers for the tests, started once a run and emptied before each test; and the same drawn examples in every run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from sqlalchemy import Engine

from connector.broker import mark
from connector.embedded.postgres import embedded_postgres
from connector.embedded.valkey import embedded_valkey
from connector.ledger.migrate import upgrade
from connector.ledger.session import open_ledger
from tests.emptying import empty
from tests.harness import Connector, Sandbox, running_sandbox

OF_OTHERS = (
    "FORCE_COLOR",
    "NO_COLOR",
    "CLICOLOR_FORCE",
    "TTY_COMPATIBLE",
    "GITHUB_ACTIONS",
    "PY_COLORS",
    "COLUMNS",
    "LINES",
)
OF_CONNECTORS = ("DATABASE_URL", "REDIS_URL", "PORT", "FLOWER_PORT", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS")
"""What a shell or a CI sets for all programs or for an installation of its own: the tests and what they start see none of it."""
for name in (*OF_OTHERS, *OF_CONNECTORS, *(one for one in os.environ if one.startswith("CONNECTOR_"))):
    os.environ.pop(name, None)

# The same examples on every machine and in every run, however slow it is: what a run finds, the next one finds.
settings.register_profile("same everywhere", derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("same everywhere")
# Hypothesis also draws what stands in our modules: in those that a process has imported so far, which differs from run to run.
providers._get_local_constants = Constants

OWN_FOLDER = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Gives each run a folder of its own: pytest's common one is closed to other users by every run that starts beside it."""
    if config.option.basetemp is None and not hasattr(config, "workerinput"):
        config.stash[OWN_FOLDER] = config.option.basetemp = tempfile.mkdtemp(prefix="connector-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes the folder of this run."""
    if OWN_FOLDER in config.stash:
        shutil.rmtree(config.stash[OWN_FOLDER], ignore_errors=True)


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this test run, migrated."""
    with embedded_postgres(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        url = server.url.replace("postgresql://", "postgresql+psycopg2://", 1)
        upgrade(url)
        yield url


@pytest.fixture(scope="session")
def _ledger(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(_ledger: Engine) -> Engine:
    """The ledger, empty."""
    with _ledger.begin() as connection:
        empty(connection)
    return _ledger


@pytest.fixture(scope="session")
def _valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with embedded_valkey(tmp_path_factory.mktemp("valkey"), durable=False) as server:
        yield server.url


@pytest.fixture
def valkey_url(_valkey: str) -> str:
    """The Valkey server of this test run, empty."""
    client = redis.Redis.from_url(_valkey)
    client.flushall()
    mark(client)  # else the first sweep of a test would take it for emptied by accident
    client.close()
    return _valkey


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded WooCommerce deliveries and REST answers."""
    return Path(__file__).parent / "fixtures" / "woocommerce"


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Sandbox:
    """Both systems, empty and without faults."""
    _sandbox.reset()
    return _sandbox


@pytest.fixture
def connector(engine: Engine, valkey_url: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[Connector]:
    """One store over the sandbox."""
    running = Connector(engine, valkey_url=valkey_url, sandbox=sandbox, home=tmp_path)
    yield running
    running.close()
