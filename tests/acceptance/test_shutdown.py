"""SIGTERM ends a pool, whatever its processes do."""

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
LOG = "pool.log"
READY_S, PATIENCE_S = 300, 120  # against hanging


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
    log = tmp_path / LOG
    with log.open("wb") as output:
        process = start_child(command, environment=child_environment(variables), folder=ROOT, output=output)
    deadline = time.monotonic() + READY_S
    while " ready." not in said(tmp_path):
        assert time.monotonic() < deadline and process.poll() is None, said(tmp_path)
        time.sleep(0.1)
    yield process
    if process.poll() is None:
        kill_group(process)
        process.wait()


def said(folder: Path) -> str:
    return (folder / LOG).read_text(errors="replace")


def test_frozen_process_does_not_keep_its_pool_from_ending(pool: subprocess.Popen[bytes], tmp_path: Path) -> None:
    psutil.Process(pool.pid).children()[0].send_signal(signal.SIGSTOP)

    pool.send_signal(signal.SIGTERM)

    pool.wait(timeout=PATIENCE_S)
    assert "pool_processes_killed" in said(tmp_path)


def test_idle_pool_ends_without_waiting_for_anything(pool: subprocess.Popen[bytes], tmp_path: Path) -> None:
    pool.send_signal(signal.SIGTERM)

    pool.wait(timeout=PATIENCE_S)
    assert "terminating in" not in said(tmp_path), "no soft shutdown, which lasts as long as it may"
    assert "pool_processes_killed" not in said(tmp_path)
