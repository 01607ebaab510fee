"""Runs a neighbouring program (sandbox, demo) as a process of its own; the product never imports them."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
from collections.abc import Sequence

from connector.errors import ConfigurationError


def run_program(package: str, arguments: Sequence[str]) -> int:
    """Runs `python -m package` with the same terminal and returns its exit status.

    Raises:
        ConfigurationError: It is not installed here.
    """
    if importlib.util.find_spec(package) is None:
        raise ConfigurationError(
            f"The {package} is not installed here.",
            resolution="Run the command in the project's folder, with the connector installed from it (make setup).",
        )
    process = subprocess.Popen([sys.executable, "-m", package, *arguments])  # noqa: S603 - our own program, no shell
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        return _wait(process)
    finally:
        signal.signal(signal.SIGTERM, before)


def _wait(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            continue  # the terminal sent Ctrl-C to the program too; wait for its orderly end
        return status if status >= 0 else 128 - status
