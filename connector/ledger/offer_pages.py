"""Walks the items of a store page by page, with what was written of each, and marks those whose day has come.

Called by the pulls and comparisons of the flows. Memory holds one page.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.dispatch import DueMessage
from connector.ledger.offers import ALL
from connector.ledger.waking import wake

NEXT_CHANGE = "next_change"
"""In what was written of an item: the day (YYYY-MM-DD) on which it changes by itself, without anything new in M3."""


@dataclass(frozen=True)
class ItemState:
    """An item whose product is known in the shop, or of which a flow heard; the product fields are None if it is not known.

    `is_due` tells that the flow's next run carries it, `problem` why it could not be carried.
    """

    item_number: str
    sku: str | None
    product_id: int | None
    parent_id: int | None
    kind: str | None
    written: dict[str, Any]
    is_due: bool
    problem: str | None
    remedy: str | None


_PAGE = text("""
SELECT item_number, p.sku, p.product_id, p.parent_id, p.kind, coalesce(o.written, '{}') AS written,
       coalesce(o.wanted_rev > o.done_rev, false) AS is_due, o.problem, o.remedy
FROM (SELECT * FROM product WHERE store = :store) p
FULL JOIN (SELECT * FROM offer WHERE store = :store AND flow = :flow) o USING (item_number)
WHERE item_number > :after AND (CAST(:items AS varchar[]) IS NULL OR item_number = ANY(CAST(:items AS varchar[])))
ORDER BY item_number LIMIT :most
""")


def page_of_items(
    connection: Connection,
    store: str,
    *,
    flow: str,
    after: str = "",
    most: int,
    item_numbers: Collection[str] | None = None,
) -> list[ItemState]:
    """Returns items in the order of their numbers.

    Args:
        connection: The transaction.
        store: Whose items.
        flow: Whose offers to tell of.
        after: The last item number of the page before; empty for the first page.
        most: At most so many.
        item_numbers: Only these, if given.
    """
    items = None if item_numbers is None else list(item_numbers)
    values = {"store": store, "flow": flow, "after": after, "most": most, "items": items}
    return [ItemState(*row) for row in connection.execute(_PAGE, values)]


_COUNT = text("""
SELECT count(*) FROM (SELECT item_number FROM product WHERE store = :store
UNION SELECT item_number FROM offer WHERE store = :store AND flow = :flow) AS known
""")


def count_items(connection: Connection, store: str, *, flow: str) -> int:
    """Returns how many items the pages hold."""
    return int(connection.execute(_COUNT, {"store": store, "flow": flow}).scalar_one())


_MARK_CHANGING = text("""
UPDATE offer SET wanted_rev = wanted_rev + 1, marked_at = ledger_now(), due_at = ledger_now(), retry_at = NULL, tries = 0
WHERE store = :store AND flow = :flow AND wanted_rev = done_rev AND written ->> 'next_change' <= :today
""")


def mark_changing(connection: Connection, store: str, *, flow: str, today: date) -> list[DueMessage]:
    """Stages that items whose day has come (`next_change` in what was written) are looked at; wakes the exchange.

    Returns:
        The message to send after the commit; none if no day has come.
    """
    marked = connection.execute(_MARK_CHANGING, {"store": store, "flow": flow, "today": today.isoformat()})
    return wake(connection, store, flow=flow, business_key=ALL) if marked.rowcount else []
