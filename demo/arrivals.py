"""Measures when the shop shows what was changed in M3: asks the shop until it does, in a thread of its own. Used by the story."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from demo.changes import Change
from demo.errors import DemoError
from demo.shelf import Shelf
from demo.stage import Stage

ASK_EVERY_S = 0.25


@dataclass(frozen=True)
class Arrival:
    """A change and after how many seconds the shop's REST API answered with it."""

    change: Change
    after_s: float


class Arrivals:
    """Makes changes in M3 and waits for the shop to show them."""

    def __init__(self, stage: Stage) -> None:
        """Prepares; start() begins to ask."""
        self._stage = stage
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)
        self._waiting: list[tuple[float, Change]] = []
        self._new: list[Arrival] = []
        self.seen: list[Arrival] = []

    def start(self) -> None:
        """Begins to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the present question."""
        self._ending.set()
        self._thread.join(timeout=30)

    def make(self, change: Change) -> None:
        """Makes a change in M3; from then on the clock runs.

        Raises:
            DemoError: M3 did not take it.
        """
        began = time.monotonic()
        self._stage.m3.control(change.path, [dict(change.body)])
        with self._lock:
            self._waiting.append((began, change))

    def waiting(self) -> list[Change]:
        """Returns what the shop does not show yet."""
        with self._lock:
            return [change for _, change in self._waiting]

    def take_new(self) -> list[Arrival]:
        """Returns what was seen since the last call."""
        with self._lock:
            new, self._new = self._new, []
        return new

    def _run(self) -> None:
        shelf = Shelf(self._stage.shop.url)
        while not self._ending.wait(ASK_EVERY_S):
            try:
                self._ask(shelf)
            except DemoError:
                continue  # asked again; what never arrives is told at the end
        shelf.close()

    def _ask(self, shelf: Shelf) -> None:
        with self._lock:
            waiting = list(self._waiting)
        if not waiting:
            return
        shown = shelf.read({change.sku for _, change in waiting})
        now = time.monotonic()
        there = [one for one in waiting if one[1].sku in shown and one[1].is_shown(shown[one[1].sku])]
        arrived = [Arrival(change, now - began) for began, change in there]
        with self._lock:
            self._waiting = [one for one in self._waiting if one not in there]
            self._new += arrived
            self.seen += arrived
