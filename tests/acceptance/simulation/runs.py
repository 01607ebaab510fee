"""Runs one message in a worker that may be killed at any commit or write, or stopped at any request. Used by world.py."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from tests.acceptance.simulation.wires import Place
from tests.integration.flows.crashing import KilledError, Trap, set_trap
from workers.base import Ended, run_exchange
from workers.process import Process

PATIENCE_S = 300.0
"""Real seconds after which a thread that neither ends nor stops is a deadlock of the simulation."""


def run_until_killed(process: Process, exchange_id: int, *, at: int, is_before: bool) -> str | None:
    """Runs a message in a process that dies at its commit or write number `at`.

    Returns:
        What it was doing, or None if it came to its end before.
    """
    try:
        with set_trap(Trap(at=at, is_before=is_before)):
            run_exchange(process, exchange_id)
    except KilledError as killed:
        return f"{'before' if is_before else 'after'} {killed}"
    return None


@dataclass(frozen=True)
class Stop:
    """Where a process is to be stopped: at the request number `at` of a run, at `place` of it."""

    at: int
    place: Place


class StoppedRuns:
    """The runs of processes that can be stopped (SIGSTOP) and go on later (SIGCONT), as zombies or in time."""

    def __init__(self) -> None:
        """Nothing runs yet; hand `watch` to the wires."""
        self._of_thread = threading.local()

    def watch(self, place: Place) -> None:
        """Stops the run of this thread if this is where it is to be stopped."""
        run: StoppedRun | None = getattr(self._of_thread, "run", None)
        if run is not None:
            run.pass_by(place)

    def is_one(self) -> bool:
        """Tells whether the run of this thread is one that can be stopped."""
        return getattr(self._of_thread, "run", None) is not None

    def start(self, process: Process, exchange_id: int, *, stop: Stop) -> StoppedRun:
        """Runs a message until it is stopped or has ended."""
        run = StoppedRun(process, exchange_id, stop)
        thread = threading.Thread(target=self._go, args=(run,), daemon=True)
        thread.start()
        run.wait()
        return run

    def _go(self, run: StoppedRun) -> None:
        self._of_thread.run = run
        run.go()


class StoppedRun:
    """One run in a thread of its own."""

    def __init__(self, process: Process, exchange_id: int, stop: Stop) -> None:
        self.process = process
        self.exchange_id = exchange_id
        self.stop = stop
        self.is_stopped = False
        self.ended: Ended | None = None
        self._passed = 0
        self._error: BaseException | None = None
        self._rests = threading.Event()
        self._goes_on = threading.Event()

    def pass_by(self, place: Place) -> None:
        """Counts requests; stops at the one wanted."""
        if place is Place.DOOR:
            self._passed += 1
        if (self._passed, place) != (self.stop.at, self.stop.place) or self._goes_on.is_set():
            return
        self.is_stopped = True
        self._rests.set()
        if not self._goes_on.wait(PATIENCE_S * 10):
            raise TimeoutError("A stopped run was forgotten.")
        self.is_stopped = False

    def go(self) -> None:
        """Runs; called in its thread."""
        try:
            self.ended = run_exchange(self.process, self.exchange_id)
        except BaseException as error:  # noqa: BLE001 - shown by the thread that waits
            self._error = error
        finally:
            self._rests.set()

    def wake(self) -> Ended:
        """Lets a stopped run go on to its end."""
        self._rests.clear()
        self._goes_on.set()
        self.wait()
        assert self.ended is not None
        return self.ended

    def wait(self) -> None:
        """Waits until it is stopped or has ended."""
        if not self._rests.wait(PATIENCE_S):
            raise TimeoutError(f"The run of exchange {self.exchange_id} neither ends nor stops.")
        if self._error is not None:
            raise self._error
