"""What the orders of the shop took from its stock, and which of it M3 does not know yet. Called by the stock and order flows.

A row of `sale` is one order as its newest body says, and what M3 holds of it; it is open while M3 may not have all of it, or not
have allocated it. `sold` counts per product what orders took in all (and gave back), so that the shop's stock can be told from
its last written value.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.prepared import Prepared


@dataclass(frozen=True)
class SaleLine:
    """What an order took from the stock of one product or variation, in units of the shop."""

    product_id: int
    sku: str
    units: Decimal


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One order of the shop.

    `holds` says that M3 is to get it in the status it has. `delivery_id` is the newest delivery that was stored when the order
    was read (0: none): what was read under an earlier one never replaces it. `counts` is False for one that was placed long
    before it was first heard of: it took its units before the stock was last written.
    """

    order_id: int
    delivery_id: int
    holds: bool
    lines: tuple[SaleLine, ...]
    counts: bool = True


@dataclass(frozen=True)
class Unread:
    """A stored body of an order that was not read for its stock yet."""

    exchange_id: int
    store: str
    order_id: int
    delivery_id: int
    body: bytes


LINES = "jsonb_to_recordset({}) AS l (product_id bigint, sku varchar, units numeric)"
_ITEM = """coalesce(
    (SELECT p.item_number FROM product p WHERE p.store = :store AND p.product_id = l.product_id),
    (SELECT i.item_number FROM item i WHERE i.store = :store AND i.sku = l.sku), l.sku)"""
EXCESS = """CASE WHEN s.posted IS NULL OR NOT s.holds THEN 0 ELSE
    greatest(0, l.units - coalesce(CAST(s.posted ->> CAST(l.product_id AS varchar) AS numeric), 0)) END"""
"""What a line took beyond what M3 holds of the order: it was changed in the shop after it was posted."""
_IS_POSTED = """EXISTS (
    SELECT FROM binding b
    WHERE b.kind IN ('order', 'issue') AND b.shop_scope = s.store AND b.shop_key = CAST(s.order_id AS varchar))"""
_IS_BY_HAND = """EXISTS (
    SELECT FROM discard k JOIN exchange e ON e.id = k.exchange_id
    WHERE k.order_id = s.order_id AND e.scope = s.store AND e.flow IN ('orders_to_m3', 'issues_to_m3')
      AND e.business_key = CAST(s.order_id AS varchar))"""
"""A person said that M3 shall not have it from us: what M3 holds of it is that person's word."""
_DUE_AGAIN = """
UPDATE offer o SET
    wanted_rev = o.wanted_rev + 1, marked_at = ledger_now(), retry_at = NULL, tries = 0,
    due_at = CASE WHEN o.wanted_rev > o.done_rev THEN o.due_at ELSE ledger_now() END
-- As arrays: else every offer is read, for the database cannot know how few items there are.
WHERE o.store = ANY(ARRAY(SELECT name FROM store)) AND o.flow = 'stock_to_woo'
  AND o.item_number = ANY(ARRAY(SELECT item_number FROM touched))"""

OPEN_SALES = Prepared(
    "sales_open",
    """
INSERT INTO sale (store, order_id, delivery_id, holds, is_open, lines)
SELECT :store, t.order_id, -1, false, false, '[]'
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t (order_id bigint) ORDER BY t.order_id
ON CONFLICT DO NOTHING
""",
    types={},
)
"""Makes the rows that KEEP_SALES changes; a statement of its own, so that two who hear of an order first wait for each other."""

KEEP_SALES = Prepared(
    "sales_keep",
    f"""
WITH told AS (
    SELECT t.order_id, t.delivery_id, t.holds, t.counts, t.lines
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS t (order_id bigint, delivery_id bigint, holds boolean, counts boolean, lines jsonb)
), before AS (
    SELECT s.order_id, s.delivery_id, s.holds, s.lines FROM sale s
    WHERE s.store = :store AND s.order_id = ANY(ARRAY(SELECT order_id FROM told)) ORDER BY s.order_id FOR UPDATE
), kept AS (
    UPDATE sale s SET
        delivery_id = t.delivery_id, holds = t.holds, lines = t.lines,
        is_open = CASE WHEN w.delivery_id >= 0 AND {_IS_POSTED} THEN s.is_open OR t.holds AND t.lines <> w.lines
                       ELSE t.holds AND NOT {_IS_BY_HAND} END
    FROM told t JOIN before w ON w.order_id = t.order_id
    WHERE s.store = :store AND s.order_id = t.order_id AND t.delivery_id >= w.delivery_id
    RETURNING s.order_id
), changed AS (
    SELECT t.lines AS new_lines, w.lines AS old_lines, t.counts OR w.delivery_id >= 0 AS counts
    FROM kept k JOIN told t ON t.order_id = k.order_id JOIN before w ON w.order_id = k.order_id
    WHERE t.lines <> w.lines OR t.holds <> w.holds
), moves AS (
    SELECT l.product_id, l.sku, l.units, c.counts FROM changed c CROSS JOIN LATERAL {LINES.format("c.new_lines")}
    UNION ALL
    SELECT l.product_id, l.sku, -l.units, c.counts FROM changed c CROSS JOIN LATERAL {LINES.format("c.old_lines")}
), counted AS (
    INSERT INTO sold AS c (store, product_id, units)
    SELECT :store, product_id, sum(units) FROM moves WHERE counts GROUP BY product_id HAVING sum(units) <> 0
    ORDER BY product_id
    ON CONFLICT (store, product_id) DO UPDATE SET units = c.units + excluded.units
), touched AS (
    SELECT DISTINCT {_ITEM} AS item_number FROM moves l
)
{_DUE_AGAIN}
""",
    types={},
)
"""Keeps what orders took, unless something newer is known, and makes the items due in every shop whose figures it changes."""

DROP_SALE = Prepared(
    "sale_drop",
    f"""
WITH gone AS (
    UPDATE sale s SET holds = false, is_open = s.is_open AND {_IS_POSTED}
    WHERE s.store = :store AND s.order_id = :order_id AND s.holds RETURNING s.lines
), touched AS (
    SELECT {_ITEM} AS item_number
    FROM gone CROSS JOIN LATERAL {LINES.format("gone.lines")}
)
{_DUE_AGAIN}
""",
    types={"order_id": "bigint"},
)
"""Ends an order that the shop does not have any more: M3 will never get it, though the shop gives nothing back."""

POSTED_SALE = Prepared(
    "sale_posted",
    f"""
WITH learnt AS (
    UPDATE sale s SET posted = CAST(:posted AS jsonb), posted_at = ledger_now(), is_open = s.is_open OR s.holds
    WHERE s.store = :store AND s.order_id = :order_id AND s.posted IS DISTINCT FROM CAST(:posted AS jsonb)
    RETURNING s.lines
), touched AS (
    SELECT {_ITEM} AS item_number
    FROM learnt CROSS JOIN LATERAL {LINES.format("learnt.lines")}
)
{_DUE_AGAIN}
""",
    types={"order_id": "bigint"},
)
"""Keeps what M3 holds of an order, if that is news, and makes its items due: a run that came between counted it on both sides."""

SETTLED_SALE = Prepared(
    "sale_settled",
    f"""
WITH settled AS (
    UPDATE sale s SET posted_at = ledger_now(), is_open = s.is_open AND {_IS_POSTED}, posted = CASE WHEN {_IS_POSTED} THEN (
        SELECT jsonb_object_agg(l.product_id, l.units)
        FROM (SELECT product_id, sum(units) AS units FROM {LINES.format("s.lines")} GROUP BY 1) l) END
    WHERE s.store = :store AND s.order_id = :order_id RETURNING s.lines
), touched AS (
    SELECT {_ITEM} AS item_number
    FROM settled CROSS JOIN LATERAL {LINES.format("settled.lines")}
)
{_DUE_AGAIN}
""",
    types={"order_id": "bigint"},
)
"""Ends what is in flight of an order that a person settled, and makes its items due: M3 holds what that person says."""


def settle_sale(connection: Connection, store: str, *, order_id: int) -> None:
    """Stages that a person settled an order; see SETTLED_SALE."""
    SETTLED_SALE.run(connection, {"store": store, "order_id": order_id})


def kept(store: str, sales: Iterable[Sale]) -> dict[str, Any]:
    """Returns the values of OPEN_SALES and KEEP_SALES; each order at most once."""
    rows = [
        {
            "order_id": one.order_id,
            "delivery_id": one.delivery_id,
            "holds": one.holds,
            "counts": one.counts,
            "lines": [{"product_id": line.product_id, "sku": line.sku, "units": str(line.units)} for line in one.lines],
        }
        for one in sales
    ]
    return {"store": store, "rows": json.dumps(rows)}


def keep_sales(connection: Connection, store: str, *, sales: Sequence[Sale]) -> None:
    """Stages what orders took; see KEEP_SALES."""
    if sales:
        values = kept(store, sales)
        OPEN_SALES.run(connection, values)
        KEEP_SALES.run(connection, values)


_UNREAD = text("""
SELECT e.id, e.store, CAST(e.business_key AS bigint), e.newest_delivery_id, d.body
FROM exchange e JOIN delivery d ON d.id = e.newest_delivery_id AND d.body IS NOT NULL
LEFT JOIN sale s ON s.store = e.store AND s.order_id = CASE WHEN e.business_key ~ '^[0-9]{1,18}$'
    THEN CAST(e.business_key AS bigint) END
WHERE e.store = :store AND e.flow = 'orders_to_m3' AND e.business_key ~ '^[0-9]{1,18}$'
  AND (e.state IN ('ready', 'running', 'waiting', 'blocked', 'dead_letter')
       OR :settled AND e.first_seen_at > ledger_now() - interval '60 days')
  AND e.newest_delivery_id > coalesce(s.delivery_id, -1) AND e.id > :after
ORDER BY e.id LIMIT :most
""")


def unread_sales(connection: Connection, store: str, *, after: int, most: int, settled: bool) -> list[Unread]:
    """Returns stored orders that were not read for their stock yet, by exchange.

    Args:
        connection: The transaction.
        store: Whose orders.
        after: Only exchanges behind this one.
        most: At most so many.
        settled: Also of exchanges that are done, of the last 60 days; their runs have read them, unless stock was not
            published then.
    """
    values = {"store": store, "after": after, "most": most, "settled": settled}
    return [Unread(row[0], row[1], row[2], row[3], bytes(row[4])) for row in connection.execute(_UNREAD, values)]


_SOLD = text("SELECT product_id, units FROM sold WHERE store = :store AND product_id = ANY(:products)")


def units_sold(connection: Connection, store: str, *, product_ids: Collection[int]) -> dict[int, Decimal]:
    """Returns what orders took of products in all that is known; only differences of two readings mean something."""
    rows = connection.execute(_SOLD, {"store": store, "products": list(product_ids)})
    return {row.product_id: row.units for row in rows}


_FORGET = text("""
DELETE FROM sale WHERE store = :store AND NOT is_open AND seen_at < ledger_now() - interval '90 days'
""")


def forget_old_sales(connection: Connection, store: str) -> None:
    """Stages that orders are forgotten that M3 has had for long; later changes of them are not counted any more."""
    connection.execute(_FORGET, {"store": store})
