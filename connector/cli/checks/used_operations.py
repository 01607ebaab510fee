"""Which operations of M3 a store uses: what serves a part it does not publish may be missing. Used by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterable

from connector.m3.operations import Operation
from connector.publishing.parts import Publishing

PARTS = {
    "item.update": "products",
    "item.list": "items",
    "item.changed": "items",
    "item.style": "items",
    "item.units": "items",
    "item.aliases": "items",
    "item_group.": "items",
    "product_group.": "items",
    "hierarchy.": "items",
    "price.": "prices",
    "balance.": "stock",
    "count.": "stock",
}
"""Beginning of an operation's key -> the part of `publish` that uses it; all others are used by every store."""


def used_operations(operations: Iterable[Operation], publishing: Publishing) -> list[Operation]:
    """Returns the operations without those of parts the store does not publish."""
    unused = tuple(key for key, part in PARTS.items() if getattr(publishing, part) is None)
    return [one for one in operations if not one.key.startswith(unused)]
