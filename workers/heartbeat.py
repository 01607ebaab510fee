"""Renews the leases of what this process runs, every 15 s, from one thread. Started by workers/process.py."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from connector.ledger.claims import renew_in_own_transaction
from connector.ledger.steps import Journal

RENEW_EVERY_S = 15
log = structlog.get_logger()


class Heartbeat:
    """One daemon thread per process; knows the runs that are going on in it."""

    def __init__(self) -> None:
        """Starts the thread."""
        self._runs: set[Journal] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self, journal: Journal) -> Iterator[None]:
        """Keeps the lease of a run alive while the block runs."""
        with self._lock:
            self._runs.add(journal)
        try:
            yield
        finally:
            with self._lock:
                self._runs.discard(journal)

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _beat(self) -> None:
        while not self._stop.wait(RENEW_EVERY_S):
            with self._lock:
                runs = list(self._runs)
            for journal in runs:
                self._renew(journal)

    def _renew(self, journal: Journal) -> None:
        asked_at = time.monotonic()
        try:
            is_ours = renew_in_own_transaction(journal.engine, journal.claim)
        except Exception as error:  # noqa: BLE001 - this thread must outlive whatever the database does
            log.warning("lease_not_renewed", exchange_id=journal.claim.exchange_id, error=type(error).__name__)
            return
        if is_ours:
            journal.lease.renewed_at_s = asked_at
        # Not ours may also mean "not committed yet" or "just settled"; only the run's own commit decides that it is lost.
