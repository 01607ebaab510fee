"""SIGTERM ends a pool before a platform loses patience, whatever its processes do."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine

from connector.children import kill_group, start_child
from connector.processes import child_environment, read_procfile
from connector.settings import environment
from connector.vault.cipher import generate_key

ROOT = Path(__file__).parents[2]
READY_S, ENDED_S = 60, 25


@pytest.fixture
def pool(engine: Engine, valkey_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The status pool, by the Procfile's own command."""
    command = next(one.command for one in read_procfile(ROOT / "Procfile") if one.name == "worker-status")
    variables = {
        **environment(),
        "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "REDIS_URL": valkey_url,
        "CONNECTOR_SECRET_KEYS": generate_key(),
        "REMAP_SIGTERM": "SIGQUIT",
    }
    log = tmp_path / "pool.log"
    with log.open("wb") as output:
        process = start_child(command, environment=child_environment(variables), folder=ROOT, output=output)
    deadline = time.monotonic() + READY_S
    while " ready." not in log.read_text(errors="replace"):
        assert time.monotonic() < deadline and process.poll() is None, log.read_text(errors="replace")
        time.sleep(0.1)
    yield process
    if process.poll() is None:
        kill_group(process)
        process.wait()


def test_frozen_process_does_not_keep_its_pool_from_ending(pool: subprocess.Popen[bytes]) -> None:
    psutil.Process(pool.pid).children()[0].send_signal(signal.SIGSTOP)

    pool.send_signal(signal.SIGTERM)

    pool.wait(timeout=ENDED_S)


def test_idle_pool_ends_at_once(pool: subprocess.Popen[bytes]) -> None:
    pool.send_signal(signal.SIGTERM)

    pool.wait(timeout=10)
