"""Which item a product of the shop is, and what the connector wrote to it last. Read by products_to_m3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class KnownProduct:
    """A product whose item is known. `written` has, by flow, the values last written to the shop."""

    item_number: str
    kind: str
    written: dict[str, dict[str, Any]]


_FIND = text("""
SELECT p.item_number, p.kind,
       coalesce((SELECT jsonb_object_agg(o.flow, o.written) FROM offer o
                 WHERE o.store = p.store AND o.item_number = p.item_number), '{}') AS written
FROM product p WHERE p.store = :store AND p.product_id = :product_id
""")


def find_product(connection: Connection, store: str, *, product_id: int) -> KnownProduct | None:
    """Returns what is known of a product, by its number in the shop; None if it is no item of M3."""
    row = connection.execute(_FIND, {"store": store, "product_id": product_id}).one_or_none()
    return None if row is None else KnownProduct(*row)
