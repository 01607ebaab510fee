"""Runs the processes of the Procfile for the demo, each with a log file of its own; used by demo/stage.py."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from connector.processes import ProcessType, Supervisor

STOP_PATIENCE_S = 6.0
"""The story is over and the ledger is thrown away: what has not ended by then has nothing left to save."""


class Stack:
    """Receiver, pools, beat and Flower, kept running by a thread until stop()."""

    def __init__(self, types: Sequence[ProcessType], *, environment: Mapping[str, str], logs: Path) -> None:
        """Prepares the processes; nothing is started yet."""
        self._logs = logs
        self._supervisor = Supervisor(types, environment=environment, output=self._write)
        self._ending = threading.Event()
        # One thread starts, watches and stops them: the kernel ends a child when the thread that started it ends.
        self._thread = threading.Thread(target=self._run, name="stack")

    def start(self) -> None:
        """Starts all processes."""
        self._thread.start()

    def stop(self) -> None:
        """Stops all processes and returns when they have ended; a second call does nothing."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()

    def pids(self) -> dict[str, int]:
        """Returns the process ids by name of process."""
        return self._supervisor.pids()

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                self._supervisor.tick()
        finally:
            self._supervisor.stop(patience_s=STOP_PATIENCE_S)

    def _write(self, name: str, line: str) -> None:
        with (self._logs / f"{name}.log").open("a", encoding="utf-8") as log:
            log.write(line + "\n")
