"""What the ledger knows of the refunds of an order and of the last weeks. Called by the flow and the poll of refunds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

FLOW = "refunds_to_m3"


@dataclass(frozen=True)
class PostedRefund:
    """A refund M3 holds, with what was sent of it."""

    exchange_id: int
    refund_id: int
    number: str
    content: dict[str, Any]


_POSTED = text("""
SELECT e.id, CAST(split_part(e.business_key, '-', 2) AS bigint) AS refund_id, m.final_number, m.plan -> 'content' AS content
FROM exchange e JOIN document m ON m.exchange_id = e.id AND m.state = 'confirmed'
WHERE e.scope = :store AND e.flow = :flow AND split_part(e.business_key, '-', 1) = :order_id ORDER BY 2
""")


def posted_of_order(connection: Connection, store: str, *, order_id: int) -> list[PostedRefund]:
    """Returns the refunds of an order that M3 holds, by id."""
    rows = connection.execute(_POSTED, {"store": store, "flow": FLOW, "order_id": str(order_id)})
    return [PostedRefund(*row) for row in rows]


_KNOWN = text("""
SELECT e.business_key, 'poll_missing' = (
    SELECT d.source FROM delivery d WHERE d.exchange_id = e.id ORDER BY d.id DESC LIMIT 1) AS is_missed
FROM exchange e
WHERE e.scope = :store AND e.flow = :flow AND e.first_seen_at > ledger_now() - make_interval(days => :days)
""")
_IS_POSTED = text(
    "SELECT EXISTS (SELECT FROM binding WHERE kind = 'order' AND shop_scope = :store AND shop_key = :key)"
)


@dataclass(frozen=True)
class KnownRefunds:
    """Business keys of refunds; `missed` were found missing in the shop before, and nothing was heard of them since."""

    all: frozenset[str]
    missed: frozenset[str]


def known_keys(connection: Connection, store: str, *, days: int) -> KnownRefunds:
    """Returns the refunds first heard of in the last `days` days."""
    rows = connection.execute(_KNOWN, {"store": store, "flow": FLOW, "days": days}).all()
    return KnownRefunds(
        frozenset(row.business_key for row in rows), frozenset(row.business_key for row in rows if row.is_missed)
    )


def is_order_posted(connection: Connection, store: str, *, order_id: int) -> bool:
    """Tells whether M3 has the order of a refund."""
    return bool(connection.execute(_IS_POSTED, {"store": store, "key": str(order_id)}).scalar_one())
