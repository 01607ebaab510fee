"""Which discards the shop's orders are marked with, so that a ledger put back to before them finds them again.

Called by people.py, which has the mark written, and by connector/flows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from connector.ledger.dispatch import leave_to_sweeper
from connector.ledger.inbox import Received, stage_delivery
from connector.ledger.leaving import asked, of_order
from connector.ledger.prepared import Prepared

ISSUES = "issues_to_m3"
MARKED = (
    *("orders_to_m3", "payments_to_m3", "settlements_to_m3", "invoices_to_m3", ISSUES),
    *("refunds_to_m3", "credits_to_m3", "repayments_to_m3"),
)
"""Flows whose facts are an order's: their keys are its id, or begin with it and a hyphen."""
TAKEN_BACK = "discard taken back"
"""What the trail says of a release that took a discard back."""
FLOW, POOL = "discards_to_woo", "status"


@dataclass(frozen=True)
class Standing:
    """A discard of a fact that M3 does not have from us."""

    exchange_id: int
    flow: str
    key: str
    at: datetime
    entered_as: str | None


_STANDING = text(f"""
SELECT e.id AS exchange_id, e.flow, e.business_key AS key, k.discarded_at AS at, k.entered_as
FROM discard k JOIN exchange e ON e.id = k.exchange_id
WHERE k.order_id = :order_id AND e.scope = :store
  AND (e.business_key = CAST(:order_id AS varchar) OR e.business_key LIKE CAST(:order_id AS varchar) || '-%')
  -- What M3 has from us is found there; of an order's units it has what a person booked besides.
  AND (e.flow = '{ISSUES}' OR NOT EXISTS (SELECT FROM document d WHERE d.exchange_id = e.id AND d.state = 'confirmed'))
ORDER BY 2, 3
""")
FIND_AGAIN = Prepared(
    "discard_find_again",
    """
INSERT INTO discard (exchange_id, order_id, who, why, entered_as, discarded_at, accepted)
VALUES (:exchange_id, :order_id, :who, :why, :entered_as, CAST(:at AS timestamptz), CAST(:accepted AS jsonb))
ON CONFLICT DO NOTHING
""",
    types={"exchange_id": "bigint", "order_id": "bigint"},
)
"""Keeps a discard that this ledger had forgotten; staged by the journal."""


def order_of(flow: str, key: str) -> int | None:
    """Returns the order of the shop whose mark tells of a fact; None if it is no order's, or its id is another order's now."""
    order_id = key.partition("-")[0]
    return int(order_id) if flow in MARKED and order_id.isdecimal() else None


def mark_asked(store: str, *, order_id: int, source: str = "order") -> Received:
    """Returns what has the mark of an order brought to what is discarded of it."""
    target = of_order(str(order_id), flow=FLOW, pool=POOL)
    return asked(store, target, topic="order.discarded", source=source)


def ask_to_mark(connection: Connection, store: str, *, order_id: int | None) -> None:
    """Stages the same for a person; the sweeper sends it."""
    if order_id is None:
        return
    recorded = stage_delivery(connection, mark_asked(store, order_id=order_id, source="cli"))
    if recorded.exchange_id is not None:
        leave_to_sweeper(connection, [recorded.exchange_id])


def standing_of(connection: Connection, store: str, *, order_id: int) -> list[Standing]:
    """Returns what is discarded of an order of the shop, and not in M3 from us."""
    return [Standing(**row._mapping) for row in connection.execute(_STANDING, {"store": store, "order_id": order_id})]


_TAKEN_BACK = text(f"""
SELECT EXISTS (SELECT FROM audit
    WHERE exchange_id = :id AND action IN ('release', 'release_rebuild') AND after ? '{TAKEN_BACK}' AND at > :since)
""")


def was_taken_back_since(connection: Connection, exchange_id: int, *, since: datetime) -> bool:
    """Tells whether a person took back a discard of a moment; a release of what was no more than a dead letter does not."""
    return bool(connection.execute(_TAKEN_BACK, {"id": exchange_id, "since": since}).scalar_one())
