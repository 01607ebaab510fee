"""Reads the notes of a shop's order before one is added: a note is told once, and only the shop knows which there are.

Called by order_status_to_woo.py and telling.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.errors import NotYetError
from connector.flows.context import Run
from connector.ledger.document_records import DocumentRecord
from connector.woocommerce.canonical import JSONDict

EMPTY = "notes_empty_at"
"""In the plan of a write-back: when the shop said that the order has no notes at all."""


def read_notes(run: Run, document: DocumentRecord) -> list[JSONDict]:
    """Returns the notes of the order; none only if the shop said so twice, a settle time apart.

    A shop notes how an order got its status, so an order without any note is rare, and an empty answer more likely a sick
    plug-in's or a cache's.

    Raises:
        NotYetError: The shop listed none for the first time.
    """
    run.journal.pause()
    notes = run.store.shop.list_notes(int(run.claim.business_key))
    seen_at = document.plan.get(EMPTY)
    settled_at = datetime.fromisoformat(seen_at or run.claim.now.isoformat()) + timedelta(seconds=run.store.settle_s)
    if notes or run.claim.now >= settled_at:
        if seen_at is not None:
            run.journal.replan(document, {key: one for key, one in document.plan.items() if key != EMPTY})
        return notes
    if seen_at is None:
        run.journal.replan(document, {**document.plan, EMPTY: run.claim.now.isoformat()})
    raise NotYetError(
        "The shop lists no notes of the order; it is asked once more before one is added.",
        retry_after_s=(settled_at - run.claim.now).total_seconds(),
        resolution="Nothing to do: what a second, later answer says is believed.",
    )
