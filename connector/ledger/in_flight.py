"""What orders hold that M3 does not know, and what M3 knows but may not have allocated. Called by the stock flow.

Reads the table `sale`, which sales.py keeps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from connector.ledger.prepared import Prepared
from connector.ledger.sales import EXCESS, LINES


@dataclass(frozen=True)
class InFlight:
    """Units of one item that orders of one store hold and M3 did not know when it was read."""

    store: str
    item_number: str
    units: Decimal


@dataclass(frozen=True)
class PostedSale:
    """An order M3 has, but may not have allocated. `units` is what M3 has of the items asked for, in units of the shop."""

    store: str
    order_id: int
    m3_number: str
    bound_at: datetime
    units: Mapping[str, Decimal]


_WANTED = """
WITH products AS (
    SELECT store, product_id, item_number FROM product WHERE store = ANY(:stores) AND item_number = ANY(:items)
), skus AS (
    SELECT store, sku, item_number FROM item
    WHERE store = ANY(:stores) AND (item_number = ANY(:items) OR sku = ANY(:items))
), lines AS MATERIALIZED (
    SELECT s.store, s.order_id, s.holds, s.posted_at, l.units, {excess} AS excess,
           coalesce(p.item_number, i.item_number, l.sku) AS item_number
    FROM sale s CROSS JOIN LATERAL {lines}
    LEFT JOIN products p ON p.store = s.store AND p.product_id = l.product_id
    LEFT JOIN skus i ON i.store = s.store AND i.sku = l.sku
    WHERE s.store = ANY(:stores) AND s.is_open AND coalesce(p.item_number, i.item_number, l.sku) = ANY(:items)
)""".format(lines=LINES.format("s.lines"), excess=EXCESS)

_IN_FLIGHT = text(f"""{_WANTED}, flying AS (
    SELECT s.store, s.item_number,
           CASE WHEN coalesce(b.id, i.id) IS NULL OR coalesce(s.posted_at, b.bound_at, i.bound_at) >= :since
                THEN s.units ELSE s.excess END AS units
    FROM lines s
    LEFT JOIN binding b ON b.kind = 'order' AND b.shop_scope = s.store AND b.shop_key = CAST(s.order_id AS varchar)
    LEFT JOIN binding i ON i.kind = 'issue' AND i.shop_scope = s.store AND i.shop_key = CAST(s.order_id AS varchar)
    LEFT JOIN exchange e ON e.scope = s.store AND e.flow = 'orders_to_m3' AND e.business_key = CAST(s.order_id AS varchar)
    LEFT JOIN exchange x ON x.scope = s.store AND x.flow = 'issues_to_m3' AND x.business_key = CAST(s.order_id AS varchar)
    WHERE s.holds
      -- A person settled it without M3 having it from us: what M3 holds is that person's word.
      AND NOT (b.id IS NULL AND EXISTS (SELECT FROM discard k WHERE k.exchange_id = e.id))
      AND NOT (i.id IS NULL AND EXISTS (SELECT FROM discard k WHERE k.exchange_id = x.id))
)
SELECT store, item_number, sum(units) FROM flying WHERE units > 0 GROUP BY 1, 2
""")


def units_in_flight(
    connection: Connection, *, stores: Collection[str], item_numbers: Collection[str], since: datetime
) -> list[InFlight]:
    """Returns what orders hold that was not known to be in M3 at a moment: whole orders, and what was added to posted ones.

    An order of which M3 learnt something since that moment counts whole: the reading may have been too early for any of it.

    Args:
        connection: The transaction.
        stores: The stores whose orders are sourced from the warehouses in question.
        item_numbers: Only these items.
        since: When the reading of M3 began: an order bound later may be missing in what was read.
    """
    values = {"stores": list(stores), "items": list(item_numbers), "since": since}
    return [InFlight(*row) for row in connection.execute(_IN_FLIGHT, values)]


_POSTED = text(f"""{_WANTED}
SELECT s.store, s.order_id, b.m3_key, b.bound_at, jsonb_object_agg(s.item_number, CAST(s.units AS varchar))
FROM (SELECT store, order_id, item_number, sum(units - excess) AS units FROM lines GROUP BY 1, 2, 3) s
JOIN binding b ON b.kind = 'order' AND b.shop_scope = s.store AND b.shop_key = CAST(s.order_id AS varchar)
GROUP BY 1, 2, 3, 4 ORDER BY b.bound_at DESC LIMIT :most
""")


def posted_sales(
    connection: Connection, *, stores: Collection[str], item_numbers: Collection[str], most: int
) -> list[PostedSale]:
    """Returns orders that M3 has and may not have allocated, the newest first."""
    values = {"stores": list(stores), "items": list(item_numbers), "most": most}
    rows = connection.execute(_POSTED, values)
    return [
        PostedSale(store, order_id, m3_number, bound_at, {item: Decimal(one) for item, one in units.items()})
        for store, order_id, m3_number, bound_at, units in rows
    ]


_MAY_CLOSE = f"""s.is_open AND b.kind = 'order' AND b.shop_scope = s.store AND b.shop_key = CAST(s.order_id AS varchar)
  AND coalesce(s.posted_at, b.bound_at) < ledger_now() - interval '10 minutes'
  AND NOT EXISTS (SELECT FROM {LINES.format("s.lines")} WHERE {EXCESS} > 0)"""

_CLOSE = text(f"""
UPDATE sale s SET is_open = false FROM binding b WHERE s.store = :store AND s.order_id = ANY(:orders) AND {_MAY_CLOSE}
""")
FINISHED_SALE = Prepared(
    "sale_finished",
    f"UPDATE sale s SET is_open = false FROM binding b WHERE s.store = :store AND s.order_id = :order_id AND {_MAY_CLOSE}",
    types={"order_id": "bigint"},
)
"""Ends an order of which nothing is to come in M3, whatever items it holds: the stock flow asks only for those it publishes."""


def close_sales(connection: Connection, store: str, *, order_ids: Collection[int]) -> None:
    """Stages that M3 has allocated orders.

    Not of those bound or changed just now, which a run of another store may still count, nor of those that hold more in the
    shop than in M3.
    """
    if order_ids:
        connection.execute(_CLOSE, {"store": store, "orders": list(order_ids)})


_CLOSE_ISSUED = text(f"""
UPDATE sale s SET is_open = false FROM binding b
WHERE s.store = ANY(:stores) AND s.is_open AND b.kind = 'issue' AND b.shop_scope = s.store
  AND b.shop_key = CAST(s.order_id AS varchar) AND s.posted_at < ledger_now() - interval '10 minutes'
  AND NOT EXISTS (SELECT FROM {LINES.format("s.lines")} WHERE {EXCESS} > 0)
""")


def close_issued(connection: Connection, *, stores: Collection[str]) -> None:
    """Stages the same for orders whose units M3 has booked out: it allocates nothing for them any more."""
    connection.execute(_CLOSE_ISSUED, {"stores": list(stores)})
