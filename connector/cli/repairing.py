"""Makes items due that differ between M3 and the shop, while the rows of a comparison pass by; behind `reconcile --repair`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connector.cli.opening import person
from connector.cli.sending import send_messages
from connector.flows.pulling import Compared, Reason
from connector.ledger.offers import mark_due
from connector.ledger.people import note_decision
from connector.ledger.session import transaction
from connector.runtime import Runtime

REPAIRABLE = frozenset({Reason.DIFFERENT, Reason.ERROR, Reason.UNKNOWN_IN_SHOP})
"""What another run may mend; a product of the shop that is no item in M3 is left to people."""
TOGETHER = 500


class Repair:
    """Marks the items of one store and flow; a run then reads M3 anew and writes what differs."""

    def __init__(self, runtime: Runtime, *, store: str, flow: str) -> None:
        """Takes what it needs to mark and wake."""
        self._runtime, self._store, self._flow = runtime, store, flow
        self._waiting: set[str] = set()
        self.marked = 0

    def marking(self, rows: Iterable[Compared]) -> Iterator[Compared]:
        """Passes the rows on; the items that can be repaired are due at the latest when the last row was passed on."""
        for row in rows:
            if row.reason in REPAIRABLE and row.item_number is not None:
                self._waiting.add(row.item_number)
            if len(self._waiting) >= TOGETHER:
                self._mark()
            yield row
        self._mark()

    def _mark(self) -> None:
        if not self._waiting:
            return
        with transaction(self._runtime.engine) as connection:
            messages = mark_due(connection, self._store, flow=self._flow, item_numbers=self._waiting)
            note_decision(
                connection,
                "items_repaired",
                store=self._store,
                key=self._flow,
                who=person(),
                why=f"{len(self._waiting)} items differed from M3",
            )
        self.marked += len(self._waiting)
        self._waiting = set()
        send_messages(self._runtime, messages)
