"""Which product of the shop an M3 item is: the table `product`, as the batch flows bind it. Called by flows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.json_rows import as_json
from connector.ledger.prepared import Prepared


@dataclass(frozen=True, kw_only=True)
class Product:
    """The shop's product of an M3 item. A variation has its parent's id; kind is simple, variable or variation."""

    item_number: str
    sku: str
    product_id: int
    kind: str
    parent_id: int | None = None


REMEMBER_PRODUCTS = Prepared(
    "products_remember",
    """
INSERT INTO product AS p (store, item_number, sku, product_id, parent_id, kind)
SELECT :store, r.item_number, r.sku, r.product_id, r.parent_id, r.kind
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
    item_number varchar, sku varchar, product_id bigint, parent_id bigint, kind varchar)
ORDER BY r.item_number
ON CONFLICT (store, item_number) DO UPDATE SET
    sku = excluded.sku, product_id = excluded.product_id, parent_id = excluded.parent_id, kind = excluded.kind,
    bound_at = ledger_now()
""",
    types={},
)
"""Binds items to products; a product bound to another item before has to be forgotten first."""

FORGET_PRODUCTS = Prepared(
    "products_forget",
    """
DELETE FROM product p USING jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (item_number varchar, product_id bigint)
WHERE p.store = :store AND p.product_id = r.product_id AND p.item_number <> r.item_number
""",
    types={},
)
"""Unbinds products from other items than those given with them."""


def bound(store: str, products: Iterable[Product]) -> dict[str, Any]:
    """Returns the values of REMEMBER_PRODUCTS and FORGET_PRODUCTS."""
    rows = [{name: getattr(one, name) for name in Product.__dataclass_fields__} for one in products]
    return {"store": store, "rows": as_json(rows)}


_PRODUCTS = text("""
SELECT item_number, sku, product_id, kind, parent_id FROM product
WHERE store = :store AND item_number = ANY(:items)
""")


def find_products(connection: Connection, store: str, *, item_numbers: Collection[str]) -> dict[str, Product]:
    """Returns the known products of items, by item number."""
    rows = connection.execute(_PRODUCTS, {"store": store, "items": list(item_numbers)})
    return {
        row.item_number: Product(
            item_number=row.item_number, sku=row.sku, product_id=row.product_id, kind=row.kind, parent_id=row.parent_id
        )
        for row in rows
    }
