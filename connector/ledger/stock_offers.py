"""The items whose stock is shown, page by page, with their products. Called by the flows of stock, their pull and comparison."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.bound_products import FORGET_PRODUCTS, REMEMBER_PRODUCTS, Product, bound
from connector.ledger.prepared import Prepared


@dataclass(frozen=True)
class StockOffer:
    """An item of the stock flow, or a product it has not looked at yet."""

    item_number: str
    sku: str | None
    product_id: int | None
    parent_id: int | None
    is_due: bool
    problem: str | None
    remedy: str | None


_PAGE = text("""
SELECT coalesce(o.item_number, p.item_number) AS item_number, p.sku, p.product_id, p.parent_id,
       coalesce(o.wanted_rev > o.done_rev, true) AS is_due, o.problem, o.remedy
FROM (SELECT item_number, wanted_rev, done_rev, problem, remedy FROM offer
      WHERE store = :store AND flow = 'stock_to_woo' AND item_number > :after
        AND (CAST(:items AS varchar[]) IS NULL OR item_number = ANY(:items))
      ORDER BY item_number LIMIT :most) o
FULL JOIN (SELECT item_number, sku, product_id, parent_id FROM product
      WHERE store = :store AND kind <> 'variable' AND item_number > :after
        AND (CAST(:items AS varchar[]) IS NULL OR item_number = ANY(:items))
      ORDER BY item_number LIMIT :most) p ON p.item_number = o.item_number
ORDER BY 1 LIMIT :most
""")


def stock_offers(
    connection: Connection, store: str, *, item_numbers: Sequence[str] | None, after: str, most: int
) -> list[StockOffer]:
    """Returns the next page of items, ascending by number.

    Args:
        connection: The transaction.
        store: Whose items.
        item_numbers: Only these; None: all.
        after: Only item numbers behind this one.
        most: At most so many.
    """
    items = None if item_numbers is None else list(item_numbers)
    values = {"store": store, "items": items, "after": after, "most": most}
    return [StockOffer(*row) for row in connection.execute(_PAGE, values)]


def bind_products(connection: Connection, store: str, *, products: Sequence[Product]) -> None:
    """Stages which products of the shop items are; a product bound to another item before is that one's no more."""
    if products:
        values = bound(store, products)
        FORGET_PRODUCTS.run(connection, values)
        REMEMBER_PRODUCTS.run(connection, values)


MARKS = "marks"
"""In what was written of a stock: the balance of each warehouse as it was read for that."""
_READ_MARKS = text("""
SELECT item_number, written -> 'marks' AS marks FROM offer
WHERE store = :store AND flow = 'stock_to_woo' AND item_number = ANY(:items)
  AND wanted_rev = done_rev AND problem_code IS NULL AND written -> 'marks' IS NOT NULL
""")


def marks_of_settled(connection: Connection, store: str, *, item_numbers: Collection[str]) -> dict[str, dict[str, str]]:
    """Returns, of items with nothing due and no problem, the balances that were read for what the shop shows, by warehouse."""
    rows = connection.execute(_READ_MARKS, {"store": store, "items": list(item_numbers)})
    return {row.item_number: row.marks for row in rows}


_IS_UNDER_WAY = text("""
SELECT EXISTS (SELECT FROM exchange WHERE scope = :store AND flow = 'stock_to_m3' AND business_key = :item_number
    AND state NOT IN ('done', 'dead_letter'))
""")


def is_correction_under_way(connection: Connection, store: str, *, item_number: str) -> bool:
    """Tells whether a correction of the item is still on its way to M3, not done and not with a person."""
    values = {"store": store, "item_number": item_number}
    return bool(connection.execute(_IS_UNDER_WAY, values).scalar_one())


KEEP_BASELINE = Prepared(
    "stock_baseline",
    """
UPDATE offer SET
    written = CASE WHEN unsure_until IS NULL THEN CAST(:written AS jsonb) ELSE '{}' END,
    wanted_rev = wanted_rev + 1, marked_at = ledger_now(), retry_at = NULL, tries = 0,
    due_at = CASE WHEN wanted_rev > done_rev THEN due_at ELSE ledger_now() END
WHERE store = :store AND flow = 'stock_to_woo' AND item_number = :item_number
""",
    types={},
)
"""Keeps what the shop is known to hold of an item after a correction, and makes it due; nothing is known until the last look
after a write whose answer was lost. Values: `baseline`."""

FORGET_BASELINES = Prepared(
    "stock_baselines_forget",
    """
UPDATE offer SET written = '{}'
WHERE store = :store AND flow = 'stock_to_woo'
  AND item_number IN (SELECT jsonb_array_elements_text(CAST(:items AS jsonb)))
""",
    types={},
)
"""Forgets what the shop is known to hold of items that are about to be written: until the answer is read, nobody knows."""


def baseline(store: str, *, item_number: str, quantity: str, sold: str) -> dict[str, Any]:
    """Returns the values of KEEP_BASELINE."""
    written = json.dumps({"quantity": quantity, "sold": sold})
    return {"store": store, "item_number": item_number, "written": written}
