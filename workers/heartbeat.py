"""Renews the leases of what this process runs, every 15 s, from one thread. Started by workers/process.py.

Exchanges are watched by workers/base.py, the turns of periodic jobs by workers/jobs.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from connector.ledger import leases
from connector.ledger.steps import Journal

RENEW_EVERY_S = 15
log = structlog.get_logger()


class Heartbeat:
    """One daemon thread per process; knows what goes on in it and has a lease."""

    def __init__(self) -> None:
        """Starts the thread."""
        self._renewals: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self, journal: Journal) -> Iterator[None]:
        """Keeps the lease of a run alive while the block runs."""
        with self.repeating(lambda: _renew(journal)):
            yield

    @contextmanager
    def repeating(self, renew: Callable[[], None]) -> Iterator[None]:
        """Calls `renew` at each beat while the block runs; what it raises is logged."""
        with self._lock:
            self._renewals.append(renew)
        try:
            yield
        finally:
            with self._lock:
                self._renewals.remove(renew)

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _beat(self) -> None:
        while not self._stop.wait(RENEW_EVERY_S):
            with self._lock:
                renewals = list(self._renewals)
            for renew in renewals:
                try:
                    renew()
                except Exception as error:  # noqa: BLE001 - this thread must outlive whatever the database does
                    log.warning("lease_not_renewed", error=type(error).__name__)


def _renew(journal: Journal) -> None:
    asked_at = time.monotonic()
    if leases.renew(journal.engine, journal.claim.exchange_id, claim_no=journal.claim.claim_no):
        journal.lease.renewed_at_s = asked_at
    # Not ours may also mean "not committed yet" or "just settled"; only the run's own commit decides that it is lost.
