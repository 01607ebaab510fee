"""Orders that were heard of late: what they took from the shop's stock before anybody knew. Called by the flow stock_to_m3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

_SALES = text("""
SELECT l.units, d.body
FROM sale s
CROSS JOIN LATERAL jsonb_to_recordset(s.lines) AS l (product_id bigint, units numeric)
JOIN exchange e ON e.store = s.store AND e.flow = 'orders_to_m3' AND e.business_key = CAST(s.order_id AS varchar)
JOIN delivery d ON d.id = e.newest_delivery_id AND d.body IS NOT NULL
WHERE s.store = :store AND s.seen_at > :since AND l.product_id = :product
""")


def sales_heard_of_since(
    connection: Connection, store: str, *, product_id: int, since: datetime
) -> Iterator[tuple[Decimal, bytes]]:
    """Yields what orders first heard of after a moment took of a product, in units of the shop, with their newest bodies."""
    values = {"store": store, "product": product_id, "since": since}
    for row in connection.execute(_SALES, values):
        yield Decimal(row.units), bytes(row.body)
