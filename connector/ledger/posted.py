"""What the ledger keeps of documents that are posted in M3, read without claiming them. Called by the flows and the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from connector.ledger.document_records import DocumentRecord
from connector.ledger.succession import key_set_aside
from connector.ledger.tables import DocumentState


@dataclass(frozen=True)
class Posted:
    """The exchange of a posted order and its confirmed document; the document is given without its steps."""

    exchange_id: int
    fingerprint: str | None  # None: M3's order was not compared with what was sent yet
    document: DocumentRecord


_OF_DOCUMENT = "m.id, m.kind, m.temporary_number, m.final_number, m.cuno, m.yref, m.plan"

_FIND = text(f"""
SELECT e.id AS exchange_id, e.fingerprint, {_OF_DOCUMENT}
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
    return Posted(row.exchange_id, row.fingerprint, _record_of(row))


_BATCH = text(f"""
SELECT {_OF_DOCUMENT}
FROM exchange e JOIN document m ON m.exchange_id = e.id AND m.state = 'confirmed'
WHERE e.scope = :scope AND e.flow = :flow AND e.business_key = :business_key ORDER BY m.id DESC LIMIT 1
""")


def find_posted_batch(connection: Connection, scope: str, *, flow: str, business_key: str) -> DocumentRecord | None:
    """Returns what a flow of the ledger posted of a fact, without its steps; None if it did not."""
    values = {"scope": scope, "flow": flow, "business_key": business_key}
    row = connection.execute(_BATCH, values).one_or_none()
    return None if row is None else _record_of(row)


_BEFORE = text(f"""
SELECT {_OF_DOCUMENT}
FROM exchange e JOIN document m ON m.exchange_id = e.id AND m.state = 'confirmed'
WHERE e.scope = :scope AND e.flow = :flow AND e.business_key LIKE :set_aside ORDER BY m.id DESC LIMIT 1
""")


def find_batch_before(connection: Connection, scope: str, *, flow: str, order_id: str) -> DocumentRecord | None:
    """Returns what a flow of the ledger posted of an order that had an id before the present one; None if it did not."""
    values = {"scope": scope, "flow": flow, "set_aside": key_set_aside(order_id, "%")}
    row = connection.execute(_BEFORE, values).one_or_none()
    return None if row is None else _record_of(row)


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


def _record_of(row: Row[Any]) -> DocumentRecord:
    return DocumentRecord(
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
