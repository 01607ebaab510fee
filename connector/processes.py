"""Runs the processes of the Procfile side by side: names their output, restarts what dies, stops all in order.

Called by connector/up.py and by the demo.
"""

from __future__ import annotations

import os
import re
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog

from connector.children import kill_group, start_child
from connector.errors import ConfigurationError

LOG = structlog.get_logger()
PATIENCE_S = 25.0  # platforms send SIGKILL 30 s after SIGTERM
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0  # a process that ran this long starts again with the first pause
TICK_S = 0.2
READ_BYTES = 65536

_LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*)")


@dataclass(frozen=True)
class ProcessType:
    """One line of the Procfile."""

    name: str
    command: tuple[str, ...]


def read_procfile(path: Path) -> list[ProcessType]:
    """Reads `name: command` lines; blank lines and lines that begin with # are left out.

    Raises:
        ConfigurationError: The file is missing, a line has another form, or a name is there twice; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the Procfile cannot be read ({error.strerror}).",
            resolution="Run the command in the project's folder, or name the file.",
        ) from None
    found: dict[str, ProcessType] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            process = _process_type(line.strip(), where=f"{path}, line {number}")
            if process.name in found:
                raise ConfigurationError(
                    f"{path}, line {number}: {process.name} is there twice.", resolution="Give each line its own name."
                )
            found[process.name] = process
    return list(found.values())


def _process_type(line: str, *, where: str) -> ProcessType:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ConfigurationError(f"{where}: this is not `name: command`.", resolution="Correct the line.")
    try:
        return ProcessType(match["name"], tuple(shlex.split(match["command"])))
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}.", resolution="Close the quotation.") from None


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns `environment` with the programs of this Python first in PATH, so that `celery` means ours."""
    programs = str(Path(sys.executable).parent)
    return {**environment, "PATH": os.pathsep.join([programs, environment.get("PATH", os.defpath)])}


@dataclass
class _Child:
    """A process type and the process that runs it now."""

    type: ProcessType
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    due_at: float = 0.0  # when to start it (again), on the monotonic clock
    unfinished: bytes = field(default=b"", repr=False)


class Supervisor:
    """Keeps a set of processes running until told to stop. Use it from one thread that outlives them."""

    def __init__(
        self, types: Sequence[ProcessType], *, environment: Mapping[str, str], output: Callable[[str, str], None]
    ) -> None:
        """Prepares the processes; nothing is started yet.

        Args:
            types: What to run.
            environment: The whole environment of every process.
            output: Gets process name and one line of its output.
        """
        self._children = [_Child(one) for one in types]
        self._environment = child_environment(environment)
        self._output = output
        self._selector = selectors.DefaultSelector()
        self._stopping = False

    def run(self) -> None:
        """Starts all processes and keeps them running until SIGTERM or SIGINT; then stops them."""
        handlers = {one: signal.signal(one, self._on_signal) for one in (signal.SIGTERM, signal.SIGINT)}
        try:
            while not self._stopping:
                self.tick()
        finally:
            self.stop()
            for one, handler in handlers.items():
                signal.signal(one, handler)

    def tick(self) -> None:
        """Starts what is due, passes output on, notices what ended; takes at most a fraction of a second."""
        for child in self._children:
            if child.process is None and time.monotonic() >= child.due_at:
                self._start(child)
        self._pump(TICK_S)
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._ended(child)

    def pids(self) -> dict[str, int]:
        """Returns the process id of everything that runs now, by name."""
        return {one.type.name: one.process.pid for one in self._children if one.process is not None}

    def stop(self, *, patience_s: float = PATIENCE_S) -> None:
        """Sends SIGTERM to all at once, waits `patience_s` together, then kills what is left."""
        running = [child for child in self._children if child.process is not None]
        for child in running:
            _process(child).terminate()
        deadline = time.monotonic() + patience_s
        while any(_process(child).poll() is None for child in running) and time.monotonic() < deadline:
            self._pump(TICK_S)
        for child in running:
            if _process(child).poll() is None:
                LOG.warning("process_killed", process=child.type.name, after_s=patience_s)
            self._forget(child)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self, child: _Child) -> None:
        child.started_at = time.monotonic()
        try:
            child.process = start_child(child.type.command, environment=self._environment, output=subprocess.PIPE)
        except OSError as error:
            self._plan_restart(child, f"cannot be started: {error.strerror}")
            return
        stdout = child.process.stdout
        assert stdout is not None, "a pipe was asked for"
        os.set_blocking(stdout.fileno(), False)
        self._selector.register(stdout, selectors.EVENT_READ, child)
        LOG.info("process_started", process=child.type.name, pid=child.process.pid)

    def _ended(self, child: _Child) -> None:
        status = _process(child).returncode
        if time.monotonic() - child.started_at > STEADY_AFTER_S:
            child.pause_s = FIRST_PAUSE_S
        self._forget(child)
        self._plan_restart(child, f"ended with status {status}")

    def _plan_restart(self, child: _Child, what: str) -> None:
        LOG.warning("process_ended", process=child.type.name, what=what, restart_in_s=child.pause_s)
        child.due_at = time.monotonic() + child.pause_s
        child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)

    def _forget(self, child: _Child) -> None:
        process = _process(child)
        kill_group(process)  # also what a killed master left behind
        process.wait()
        self._pump(0)
        if process.stdout is not None:
            if process.stdout.fileno() in self._selector.get_map():
                self._selector.unregister(process.stdout)
            process.stdout.close()
        if child.unfinished:
            self._write(child, child.unfinished)
            child.unfinished = b""
        child.process = None

    def _pump(self, timeout_s: float) -> None:
        if not self._selector.get_map():
            time.sleep(timeout_s)
            return
        for key, _ in self._selector.select(timeout_s):
            child: _Child = key.data
            try:
                chunk = os.read(key.fd, READ_BYTES)
            except BlockingIOError:
                continue
            if not chunk:  # all its writers are gone; poll() tells when the process is
                self._selector.unregister(key.fileobj)
            *lines, child.unfinished = (child.unfinished + chunk).split(b"\n")
            for line in lines:
                self._write(child, line)

    def _write(self, child: _Child, line: bytes) -> None:
        self._output(child.type.name, line.decode("utf-8", errors="replace").rstrip("\r"))


def _process(child: _Child) -> subprocess.Popen[bytes]:
    assert child.process is not None, "only called for a running child"
    return child.process
