"""What M3 said about the items behind shop SKUs, and the map a person keeps. Called by flows and the CLI."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class KnownItem:
    """An item number for a SKU; `facts` is empty when M3 has still to be asked about it."""

    sku: str
    item_number: str
    mapped_by_hand: bool
    facts: dict[str, Any]


_FIND = text("""
SELECT sku, item_number, mapped_by_hand,
       CASE WHEN read_at > ledger_now() - make_interval(hours => :hours) THEN facts ELSE '{}' END AS facts
FROM item WHERE store = :store AND sku = ANY(:skus)
""")
_REMEMBER = text("""
INSERT INTO item AS i (store, sku, item_number, facts) VALUES (:store, :sku, :item_number, CAST(:facts AS jsonb))
ON CONFLICT (store, sku) DO UPDATE SET facts = excluded.facts, read_at = ledger_now(),
    item_number = CASE WHEN i.mapped_by_hand THEN i.item_number ELSE excluded.item_number END
""")
_BY_HAND = text("""
SELECT sku, item_number FROM item
WHERE store = :store AND mapped_by_hand AND (sku = ANY(:skus) OR item_number = ANY(:items)) ORDER BY sku
""")
_UNBIND = text("""
DELETE FROM product WHERE store = :store AND lower(sku) = lower(:sku) AND item_number <> :item RETURNING item_number
""")
_MAP = text("""
INSERT INTO item (store, sku, item_number, mapped_by_hand) VALUES (:store, :sku, :item_number, true)
ON CONFLICT (store, sku) DO UPDATE SET
    item_number = excluded.item_number, mapped_by_hand = true, facts = '{}', read_at = ledger_now()
""")


def find_items(connection: Connection, store: str, *, skus: Collection[str], max_age_h: int) -> dict[str, KnownItem]:
    """Returns what is known of these SKUs; facts older than `max_age_h` hours are left out, to be read again."""
    rows = connection.execute(_FIND, {"store": store, "skus": list(skus), "hours": max_age_h})
    return {row.sku: KnownItem(row.sku, row.item_number, row.mapped_by_hand, row.facts) for row in rows}


def remember_item(connection: Connection, store: str, *, sku: str, item_number: str, facts: dict[str, Any]) -> None:
    """Stages what M3 said; a number mapped by hand stays."""
    values = {"store": store, "sku": sku, "item_number": item_number, "facts": json.dumps(facts, default=str)}
    connection.execute(_REMEMBER, values)


def mapped_by_hand(
    connection: Connection, store: str, *, skus: Collection[str], item_numbers: Collection[str]
) -> dict[str, str]:
    """Returns what a person said of these SKUs, and which SKUs a person said are these items: the item number by SKU."""
    rows = connection.execute(_BY_HAND, {"store": store, "skus": list(skus), "items": list(item_numbers)})
    return {row.sku: row.item_number for row in rows}


def map_item(connection: Connection, store: str, *, sku: str, item_number: str) -> list[str]:
    """Stages a person's decision that `sku` is `item_number` in M3.

    Returns:
        The other items that were known to be the product with this SKU: they are it no more.
    """
    connection.execute(_MAP, {"store": store, "sku": sku, "item_number": item_number})
    unbound = connection.execute(_UNBIND, {"store": store, "sku": sku, "item": item_number})
    return list(unbound.scalars())
