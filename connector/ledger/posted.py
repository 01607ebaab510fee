"""What the ledger knows of an order that M3 holds, read without claiming it. Called by the flows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.document_records import DocumentRecord
from connector.ledger.succession import key_set_aside
from connector.ledger.tables import DocumentState, State


@dataclass(frozen=True)
class Posted:
    """The exchange of a posted order and its confirmed document; the document is given without its steps."""

    exchange_id: int
    fingerprint: str | None  # None: M3's order was not compared with what was sent yet
    document: DocumentRecord


_FIND = text("""
SELECT e.id AS exchange_id, e.fingerprint, m.id, m.kind, m.temporary_number, m.final_number, m.cuno, m.yref, m.plan
FROM binding b JOIN exchange e ON e.id = b.exchange_id
JOIN document m ON m.exchange_id = e.id AND m.state = 'confirmed'
WHERE b.kind = 'order' AND b.shop_scope = :shop_scope AND b.shop_key = :shop_key
ORDER BY m.id DESC LIMIT 1
""")


def find_posted(connection: Connection, *, shop_scope: str, shop_key: str) -> Posted | None:
    """Returns the posted order behind an order of the shop, or None if it was not posted by an exchange."""
    row = connection.execute(_FIND, {"shop_scope": shop_scope, "shop_key": shop_key}).one_or_none()
    if row is None:
        return None
    document = DocumentRecord(
        id=row.id,
        kind=row.kind,
        state=DocumentState.CONFIRMED,
        temporary_number=row.temporary_number,
        final_number=row.final_number,
        cuno=row.cuno,
        yref=row.yref,
        plan=row.plan,
        steps=(),
    )
    return Posted(row.exchange_id, row.fingerprint, document)


_BATCH = text("""
SELECT m.id, m.kind, m.temporary_number, m.final_number, m.cuno, m.yref, m.plan
FROM exchange e JOIN document m ON m.exchange_id = e.id AND m.state = 'confirmed'
WHERE e.scope = :scope AND e.flow = :flow AND e.business_key = :business_key ORDER BY m.id DESC LIMIT 1
""")


def find_posted_batch(connection: Connection, scope: str, *, flow: str, business_key: str) -> DocumentRecord | None:
    """Returns what a flow of the ledger posted of a fact, without its steps; None if it did not."""
    values = {"scope": scope, "flow": flow, "business_key": business_key}
    row = connection.execute(_BATCH, values).one_or_none()
    return None if row is None else DocumentRecord(**row._mapping, state=DocumentState.CONFIRMED, steps=())


_BEFORE = text("""
SELECT m.id, m.kind, m.temporary_number, m.final_number, m.cuno, m.yref, m.plan
FROM exchange e JOIN document m ON m.exchange_id = e.id AND m.state = 'confirmed'
WHERE e.scope = :scope AND e.flow = :flow AND e.business_key LIKE :set_aside ORDER BY m.id DESC LIMIT 1
""")


def find_batch_before(connection: Connection, scope: str, *, flow: str, order_id: str) -> DocumentRecord | None:
    """Returns what a flow of the ledger posted of an order that had an id before the present one; None if it did not."""
    values = {"scope": scope, "flow": flow, "set_aside": key_set_aside(order_id, "%")}
    row = connection.execute(_BEFORE, values).one_or_none()
    return None if row is None else DocumentRecord(**row._mapping, state=DocumentState.CONFIRMED, steps=())


_KEPT = text("""
SELECT DISTINCT ON (e.business_key) e.business_key, m.plan -> cast(:part AS text) AS part
FROM exchange e JOIN document m ON m.exchange_id = e.id AND m.state = 'confirmed'
WHERE e.scope = :scope AND e.flow = :flow AND e.business_key = ANY(:keys) ORDER BY e.business_key, m.id DESC
""")


def kept_of_batches(
    connection: Connection, scope: str, *, flow: str, keys: Sequence[str], part: str
) -> dict[str, dict[str, Any]]:
    """Returns one part of what the documents of a flow of the ledger keep, by business key; posted ones that have it."""
    values = {"scope": scope, "flow": flow, "keys": list(keys), "part": part}
    return {row.business_key: row.part for row in connection.execute(_KEPT, values) if row.part is not None}


_UNDER_WAY = text("""
SELECT EXISTS (
    SELECT FROM exchange e WHERE e.scope = :scope AND e.flow = :flow AND e.business_key = :business_key AND (
        e.state NOT IN ('done', 'dead_letter')
        OR (e.state = 'dead_letter' AND EXISTS (
            SELECT FROM document m WHERE m.exchange_id = e.id AND m.state IN ('building', 'confirming'))))
)
""")


def may_be_posted_yet(connection: Connection, scope: str, *, flow: str, business_key: str) -> bool:
    """Tells whether a flow of the ledger is at a fact, or has begun it and waits for a person: it may still be posted."""
    values = {"scope": scope, "flow": flow, "business_key": business_key}
    return bool(connection.execute(_UNDER_WAY, values).scalar_one())


_LEFT_IN_M3 = """
SELECT FROM document m WHERE m.exchange_id = e.id AND m.state = 'abandoned'
    AND EXISTS (SELECT FROM step h WHERE h.document_id = m.id AND h.name = 'book_head' AND h.state = 'done')
    AND NOT EXISTS (
        SELECT FROM audit a WHERE a.exchange_id = e.id AND a.action IN ('release', 'release_rebuild')
            AND a.at > (SELECT max(t.intended_at) FROM step t WHERE t.document_id = m.id))
"""
"""Batches that M3 refused, and that nobody has said are deleted there, by releasing the exchange."""

_TAKEN_UP = text(f"""
SELECT e.business_key FROM exchange e WHERE e.scope = :scope AND e.flow = :flow AND e.business_key = ANY(:keys) AND (
    e.state NOT IN ('done', 'dead_letter')
    OR EXISTS (SELECT FROM document m WHERE m.exchange_id = e.id AND m.state <> 'abandoned')
    OR EXISTS (SELECT FROM discard k WHERE k.exchange_id = e.id)
    OR EXISTS ({_LEFT_IN_M3})
)
""")


def taken_up(connection: Connection, scope: str, *, flow: str, keys: Sequence[str]) -> set[str]:
    """Returns the keys of facts a flow has posted, is at, has begun, or was spared by a person who settled them by hand.

    Also of those it gave up, while a batch M3 refused may still stand there, where a person could update it.
    """
    return set(connection.execute(_TAKEN_UP, {"scope": scope, "flow": flow, "keys": list(keys)}).scalars())


_IS_LEFT = text(f"SELECT EXISTS (SELECT FROM exchange e WHERE e.id = :id AND EXISTS ({_LEFT_IN_M3}))")


def is_left_in_m3(connection: Connection, exchange_id: int) -> bool:
    """Tells whether a batch of an exchange that M3 refused may still stand there: nobody released the exchange since."""
    return bool(connection.execute(_IS_LEFT, {"id": exchange_id}).scalar_one())


_WAYS = text("""
SELECT e.business_key, e.flow FROM exchange e WHERE e.scope = :scope AND e.flow = ANY(:flows) AND e.business_key = ANY(:keys) AND (
    EXISTS (SELECT FROM document m WHERE m.exchange_id = e.id AND m.state = 'confirmed')
    OR EXISTS (SELECT FROM discard k WHERE k.exchange_id = e.id))
""")


def ways_of(connection: Connection, scope: str, *, flows: Sequence[str], keys: Sequence[str]) -> dict[str, set[str]]:
    """Returns which of some flows have posted each fact, or were spared it by a person who settled it by hand, by business key."""
    found: dict[str, set[str]] = {}
    for row in connection.execute(_WAYS, {"scope": scope, "flows": list(flows), "keys": list(keys)}):
        found.setdefault(row.business_key, set()).add(row.flow)
    return found


_STATE = text("SELECT state FROM exchange WHERE id = :id")


def standing_state(connection: Connection, exchange_id: int) -> State:
    """Returns where an exchange stands."""
    return State(connection.execute(_STATE, {"id": exchange_id}).scalar_one())


_SETTLED_AT = text("""
SELECT settled_at FROM exchange WHERE scope = :scope AND flow = :flow AND business_key = :business_key AND state = 'done'
""")


def settled_at(connection: Connection, scope: str, *, flow: str, business_key: str) -> datetime | None:
    """Returns when an exchange was last done; None if there is none, or it is under way."""
    values = {"scope": scope, "flow": flow, "business_key": business_key}
    moment: datetime | None = connection.execute(_SETTLED_AT, values).scalar_one_or_none()
    return moment


_MINDED = text("""
SELECT e.business_key FROM exchange e WHERE e.scope = :scope AND e.flow = :flow AND e.business_key = ANY(:keys) AND (
    e.state <> 'done'
    OR EXISTS (SELECT FROM document m WHERE m.exchange_id = e.id AND m.state = 'confirmed')
    OR EXISTS (SELECT FROM discard k WHERE k.exchange_id = e.id))
""")


def minded_of(connection: Connection, scope: str, *, flow: str, keys: Sequence[str]) -> set[str]:
    """Returns the facts that a flow has posted, is at, asks a person about or was spared by one: nobody else has to see to them."""
    return set(connection.execute(_MINDED, {"scope": scope, "flow": flow, "keys": list(keys)}).scalars())
