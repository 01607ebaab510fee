"""Runs the `connector` command in this process, over the test servers."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine
from typer.testing import CliRunner

from connector.cli.main import app
from connector.vault.cipher import generate_key
from tests.harness import ROOT, Connector


@dataclass(frozen=True)
class Said:
    """What a command wrote, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def flat_err(self) -> str:
        """The errors on one line, for a sentence may be broken anywhere."""
        return " ".join(self.err.split())

    @property
    def data(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)


Run = Callable[..., Said]


def make_run(environment: dict[str, str]) -> Run:
    """Returns a function that runs the command with this environment; `env` adds to it, None removes."""

    def run(*arguments: object, stdin: str | None = None, env: dict[str, str | None] | None = None) -> Said:
        chosen: dict[str, str | None] = {**environment, **(env or {})}
        result = CliRunner().invoke(app, [str(one) for one in arguments], input=stdin, env=chosen)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """A command sends the log of its process to its stderr; the next test must not write there."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def environment(engine: Engine, valkey_url: str, tmp_path: Path) -> dict[str, str]:
    """The settings of an empty installation."""
    return {
        "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "REDIS_URL": valkey_url,
        "CONNECTOR_SECRET_KEYS": generate_key(),
        "CONNECTOR_CONFIG_DIR": str(ROOT / "config"),
        "CONNECTOR_HOME": str(tmp_path / "home"),
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs the command on an empty installation."""
    return make_run(environment)


@pytest.fixture
def run_store(connector: Connector, environment: dict[str, str]) -> Iterator[Run]:
    """Runs the command on an installation with the store w1 over the sandbox."""
    yield make_run({**environment, "CONNECTOR_SECRET_KEYS": connector.settings.secret_keys[0]})
