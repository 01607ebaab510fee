"""What the ledger knows of the refunds of an order and of the last weeks. Called by the flow and the poll of refunds.

The key of a refund begins with its order's id and its own; a further part of one (another invoice) ends with its number.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.tables import State

FLOW = "refunds_to_m3"
ENDED = "ended_in_m3"
"""The reason code of a refund of what M3 ended without an invoice: there was nothing to credit."""


@dataclass(frozen=True)
class PostedRefund:
    """A refund, or a part of one, that M3 holds or may hold any moment (it is being confirmed), with what was sent of it."""

    exchange_id: int
    refund_id: int
    number: str
    content: dict[str, Any]
    total: Decimal  # what its return in M3 takes back; 0 of other flows


_POSTED = text("""
SELECT e.id, CAST(split_part(e.business_key, '-', 2) AS bigint) AS refund_id,
       coalesce(m.final_number, m.temporary_number) AS number, m.plan -> 'content' AS content,
       -coalesce(CAST(m.plan -> 'expected' ->> 'total' AS numeric), 0) AS total
FROM exchange e JOIN document m ON m.exchange_id = e.id AND m.state IN ('confirming', 'confirmed')
WHERE e.scope = :store AND e.flow = :flow AND split_part(e.business_key, '-', 1) = :order_id ORDER BY 2, e.id
""")


def posted_of_order(connection: Connection, store: str, *, order_id: int, flow: str = FLOW) -> list[PostedRefund]:
    """Returns the refunds of an order that M3 holds by one flow, or may hold any moment, by id."""
    rows = connection.execute(_POSTED, {"store": store, "flow": flow, "order_id": str(order_id)})
    return [PostedRefund(*row) for row in rows]


_KEYS = text("""
SELECT e.business_key FROM exchange e
WHERE e.scope = :store AND e.flow = :flow AND e.business_key LIKE :order_id || '-%'
  AND EXISTS (SELECT FROM document m WHERE m.exchange_id = e.id) ORDER BY e.id
""")


def keys_with_documents(connection: Connection, store: str, *, order_id: int) -> list[str]:
    """Returns the keys of exchanges of an order's refunds that began something in M3, also of those the shop has no more."""
    values = {"store": store, "flow": FLOW, "order_id": str(order_id)}
    return list(connection.execute(_KEYS, values).scalars())


_CONTENT = text("""
SELECT m.plan -> 'content' FROM exchange e JOIN document m ON m.exchange_id = e.id AND m.state = 'confirmed'
WHERE e.scope = :store AND e.flow = :flow AND e.business_key = :key
""")


def content_of(connection: Connection, store: str, key: str) -> dict[str, Any] | None:
    """Returns what was sent of a refund that M3 holds; None if it does not."""
    content: dict[str, Any] | None = connection.execute(
        _CONTENT, {"store": store, "flow": FLOW, "key": key}
    ).scalar_one_or_none()
    return content


@dataclass(frozen=True)
class OrderRefund:
    """An exchange of a refund of an order. `is_begun`: something was begun in M3 that is no order there yet; `is_posted`: M3 has
    its order, whatever it is looked at for now.
    """

    exchange_id: int
    business_key: str
    refund_id: int
    state: State
    reason_code: str
    blocked_kind: str | None
    is_begun: bool
    is_posted: bool

    @property
    def has_ended(self) -> bool:
        """Whether M3 ended what is given back without an invoice."""
        return self.state is State.DONE and self.reason_code == ENDED


_OF_ORDER = text("""
SELECT e.id, e.business_key, CAST(split_part(e.business_key, '-', 2) AS bigint) AS refund_id, e.state,
       e.reason_code, e.blocked_kind,
       EXISTS (SELECT FROM document m WHERE m.exchange_id = e.id AND m.state IN ('building', 'confirming')) AS is_begun,
       EXISTS (SELECT FROM document m WHERE m.exchange_id = e.id AND m.final_number IS NOT NULL
               AND m.state NOT IN ('building', 'confirming', 'abandoned')) AS is_posted
FROM exchange e
WHERE e.scope = :store AND e.flow = :flow AND split_part(e.business_key, '-', 1) = :order_id ORDER BY 3, e.id
""")


def of_order(connection: Connection, store: str, *, order_id: int) -> list[OrderRefund]:
    """Returns the exchanges of an order's refunds, by id of the refund."""
    rows = connection.execute(_OF_ORDER, {"store": store, "flow": FLOW, "order_id": str(order_id)})
    return [
        OrderRefund(
            row.id,
            row.business_key,
            row.refund_id,
            State(row.state),
            row.reason_code,
            row.blocked_kind,
            row.is_begun,
            row.is_posted,
        )
        for row in rows
    ]


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('refunds of ' || :store || '/' || :order_id, 0))")


def lock_order(connection: Connection, store: str, *, order_id: int) -> None:
    """Has everybody else who does the same for this order wait until the transaction ends."""
    connection.execute(_LOCK, {"store": store, "order_id": str(order_id)})


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
    """Business keys of refunds and their further parts; `missed` were found missing in the shop before, and not heard of since."""

    all: frozenset[str]
    missed: frozenset[str]


def known_keys(connection: Connection, store: str, *, days: int) -> KnownRefunds:
    """Returns the refunds first heard of in the last `days` days, each further part of one by itself."""
    rows = connection.execute(_KNOWN, {"store": store, "flow": FLOW, "days": days}).all()
    return KnownRefunds(
        frozenset(row.business_key for row in rows), frozenset(row.business_key for row in rows if row.is_missed)
    )


def is_order_posted(connection: Connection, store: str, *, order_id: int) -> bool:
    """Tells whether M3 has the order of a refund."""
    return bool(connection.execute(_IS_POSTED, {"store": store, "key": str(order_id)}).scalar_one())
