"""Neighbouring programs run as processes of their own, with their arguments and exit status."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from connector.cli.programs import run_program
from connector.errors import ConfigurationError
from tests.harness import ROOT

CONNECTOR = str(Path(sys.executable).with_name("connector"))


def test_the_sandbox_serves_until_it_is_told_to_stop() -> None:
    command = [CONNECTOR, "sandbox", "run", "--shop-port", "0", "--m3-port", "0", "--quiet-start"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    assert process.stdout is not None
    line = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    status = process.wait(timeout=60)
    process.stdout.close()

    assert line.startswith("sandbox shop http://127.0.0.1:")
    assert status == 0


def test_a_sandbox_whose_port_is_taken_says_which_option_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [CONNECTOR, "sandbox", "run", "--shop-port", port, "--m3-port", "0"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 1
    assert f"cannot listen on port {port}" in done.stderr and "--shop-port" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_of_the_sandbox_is_its_own() -> None:
    done = subprocess.run([CONNECTOR, "sandbox", "run", "--help"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0
    assert "--shop-port" in done.stdout


def test_the_exit_status_of_the_program_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "program_of_test.py").write_text("import sys\nsys.exit(int(sys.argv[1]))\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))

    assert [run_program("program_of_test", [status]) for status in ("0", "3")] == [0, 3]


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        run_program("no_such_program", [])

    assert "no_such_program is not installed" in caught.value.message
