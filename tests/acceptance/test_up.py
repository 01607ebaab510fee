"""`connector up` as a person runs it: everything comes up by itself, and everything ends with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from connector.ports import free_port
from connector.processes import read_procfile
from connector.settings import environment

ROOT = Path(__file__).parents[2]
SERVERS = ("DATABASE_URL", "REDIS_URL", "CONNECTOR_SECRET_KEYS")
START_S, STOP_S = 300, 120  # against hanging


def until(condition: Callable[[], object], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""
    except OSError:
        return 0, ""


@dataclass
class Installation:
    """A running `connector up`."""

    process: subprocess.Popen[bytes]
    port: int
    flower_port: int
    output: Path

    def text(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("up")
    port, flower_port = free_port(), free_port()
    variables = {name: value for name, value in environment().items() if name not in SERVERS}
    variables |= {
        "CONNECTOR_HOME": str(folder / "home"),
        "PORT": str(port),
        "FLOWER_PORT": str(flower_port),
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}",
    }
    output = folder / "output"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("connector")), "up"],
            cwd=ROOT,
            env=variables,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Installation(process, port, flower_port, output)
    finally:
        process.terminate()
        process.wait(timeout=STOP_S)


def test_everything_comes_up_without_a_service_or_a_setting(up: Installation) -> None:
    pools = [one.name for one in read_procfile(ROOT / "Procfile") if one.name.startswith("worker-")]

    until(lambda: get(up.port, "/readyz")[0] == 200 or up.process.poll() is not None, seconds=START_S)
    until(lambda: get(up.flower_port, "/healthcheck")[0] == 200, seconds=START_S)
    until(lambda: all(f"{pool.removeprefix('worker-')}@" in up.text() for pool in pools), seconds=START_S)
    until(lambda: up.text().count(" ready.") >= len(pools), seconds=START_S)

    status = json.loads(get(up.port, "/readyz")[1])
    assert status == {"status": "ok", "database": "ok", "broker": "ok"}
    assert "process_ended" not in up.text()


def test_a_killed_process_comes_back(up: Installation) -> None:
    master = next(one for one in up.family() if "gunicorn" in " ".join(one.cmdline()) and one.ppid() == up.process.pid)

    master.kill()
    master.wait(timeout=STOP_S)

    until(lambda: "process_ended" in up.text(), seconds=START_S)
    until(lambda: get(up.port, "/healthz")[0] == 200, seconds=START_S)


def test_no_secret_is_in_the_output(up: Installation) -> None:
    home = Path(up.output.parent / "home")
    secrets = [path.read_text(encoding="ascii").strip() for path in home.rglob("*") if path.name in ("password",)]
    secrets += [path.read_text(encoding="ascii").strip() for path in home.glob("secret_keys*")]

    assert len(secrets) == 3
    assert not [one for one in secrets if one in up.text()]


def test_sigterm_stops_everything_and_leaves_nothing_running(up: Installation) -> None:
    family = up.family()
    assert len(family) > 10

    os.kill(up.process.pid, signal.SIGTERM)
    status = up.process.wait(timeout=STOP_S)

    _, left = psutil.wait_procs(family, timeout=STOP_S)
    assert status == 0
    assert [one.cmdline() for one in left if one.status() != psutil.STATUS_ZOMBIE] == []
    assert "process_killed" not in up.text()
