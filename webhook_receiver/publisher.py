"""Sends exchange ids to the broker outside the request, by one thread per process; used by webhook_receiver/routes.py.

The shop's answer never waits for the broker. What is lost here (full, killed, broker away) the sweeper sends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from connector.errors import ConnectorError
from connector.ledger.dispatch import DueMessage
from connector.ledger.inbox import Recorded

LOG = structlog.get_logger()
MOST_WAITING = 10_000
GIVE_UP_AFTER_S = 50.0  # the sweeper may send an id again 60 s after it was recorded
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
GATHER_S = 0.1  # messages sent together cost a fraction of what they cost one by one


SendAll = Callable[[Sequence[DueMessage]], None]
"""Sends messages; raises ConnectorError if the broker did not surely take all of them."""


@dataclass(frozen=True)
class _Waiting:
    message: DueMessage
    since: float


class Publisher:
    """A bounded set of ids and the thread that sends them. Make one in each process, after forking."""

    def __init__(self, send_all: SendAll, *, most_waiting: int = MOST_WAITING) -> None:
        """Starts nothing yet; the thread begins with the first offer.

        Args:
            send_all: Sends each message to its pool.
            most_waiting: Ids kept while the broker is away; further ones are left to the sweeper.
        """
        self._send_all = send_all
        self._most_waiting = most_waiting
        self._waiting: dict[int, _Waiting] = {}
        self._lock = threading.Lock()
        self._offered = threading.Event()  # set once per batch, not per offer: each wake-up costs the requests time
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def offer(self, recorded: Recorded) -> bool:
        """Takes the exchange of `recorded` for sending if it is due; returns at once, says if it was taken."""
        if not recorded.due or recorded.exchange_id is None or recorded.pool is None:
            return False
        with self._lock:
            if self._stopping.is_set() or len(self._waiting) >= self._most_waiting:
                return False
            message = DueMessage(recorded.exchange_id, recorded.pool, recorded.claim_no)
            self._waiting[recorded.exchange_id] = _Waiting(message, time.monotonic())
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
                self._thread.start()
            if not self._offered.is_set():
                self._offered.set()
            return True

    def stop(self, *, patience_s: float = 2.0) -> None:
        """Sends what waits if that takes no longer than `patience_s`, and ends the thread."""
        self._stopping.set()
        self._offered.set()
        if self._thread is not None:
            self._thread.join(patience_s)

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while (batch := self._take()) is not None:
            if self._send(batch):
                pause_s = FIRST_PAUSE_S
                continue
            self._put_back(batch)
            if self._stopping.wait(pause_s):
                return
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _take(self) -> dict[int, _Waiting] | None:
        """Returns what waits, after a moment in which more may come; None when nothing does and we are stopping."""
        self._offered.wait()
        self._stopping.wait(GATHER_S)
        with self._lock:
            if not self._stopping.is_set():
                self._offered.clear()
            batch, self._waiting = self._waiting, {}
            return batch or None

    def _send(self, batch: dict[int, _Waiting]) -> bool:
        """Says if the broker took the batch. If it took a part, that part is sent twice: a message is only a hint."""
        try:
            self._send_all([one.message for one in batch.values()])
        except ConnectorError as error:
            LOG.warning("broker_unavailable", reason=error.message, waiting=len(batch))
            return False
        return True

    def _put_back(self, unsent: dict[int, _Waiting]) -> None:
        oldest = time.monotonic() - GIVE_UP_AFTER_S
        with self._lock:
            kept = {id_: one for id_, one in unsent.items() if one.since > oldest}
            self._waiting = {**kept, **self._waiting}
            if self._waiting:
                self._offered.set()
