"""What refunds take off orders that M3 has not picked yet. Called by the flows of orders and refunds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

_OF_ORDER = text(
    "SELECT refund_id, content FROM order_reduction WHERE store = :store AND order_id = :order_id ORDER BY 1"
)
_TOTALS = text("""
SELECT order_id, refund_id, content -> 'now' ->> 'total' AS total FROM order_reduction
WHERE store = :store AND order_id = ANY(:order_ids)
""")
_KEEP = text("""
INSERT INTO order_reduction (store, order_id, refund_id, exchange_id, content)
VALUES (:store, :order_id, :refund_id, :exchange_id, CAST(:content AS jsonb))
ON CONFLICT (store, order_id, refund_id) DO UPDATE SET content = excluded.content, noted_at = ledger_now()
""")
_DROP = text(
    "DELETE FROM order_reduction WHERE store = :store AND order_id = :order_id AND refund_id = :refund_id RETURNING content"
)


def of_order(connection: Connection, store: str, *, order_id: int) -> dict[int, dict[str, Any]]:
    """Returns what each refund takes off an order, by the id of the refund."""
    rows = connection.execute(_OF_ORDER, {"store": store, "order_id": order_id})
    return {row.refund_id: row.content for row in rows}


def totals_of(connection: Connection, store: str, *, order_ids: Sequence[int]) -> dict[int, dict[int, Decimal]]:
    """Returns what each refund takes off its order in all, by order and refund."""
    found: dict[int, dict[int, Decimal]] = {}
    for row in connection.execute(_TOTALS, {"store": store, "order_ids": list(order_ids)}):
        found.setdefault(row.order_id, {})[row.refund_id] = Decimal(row.total)
    return found


def keep(
    connection: Connection, store: str, *, order_id: int, refund_id: int, exchange_id: int, content: dict[str, Any]
) -> None:
    """Stages what a refund takes off its order."""
    connection.execute(
        _KEEP,
        {
            **{"store": store, "order_id": order_id, "refund_id": refund_id, "exchange_id": exchange_id},
            "content": json.dumps(content),
        },
    )


def drop(connection: Connection, store: str, *, order_id: int, refund_id: int) -> dict[str, Any] | None:
    """Stages that a refund takes nothing off its order any more; returns what it took, if anything."""
    values = {"store": store, "order_id": order_id, "refund_id": refund_id}
    content: dict[str, Any] | None = connection.execute(_DROP, values).scalar_one_or_none()
    return content
