"""Whose a changed field is: what of a product travels to M3, and what of it somebody changed although M3 is its master.

Pure; called by products_to_m3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.ledger.product_facts import KnownProduct
from connector.publishing.items import Owner
from connector.publishing.parts import Publishing
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.product_models import ShopProduct
from connector.woocommerce.scalars import plain_text

TEXTS = ("name", "description", "short_description", "weight")
"""Fields of a product the mapping can read."""
ITEMS, PRICES = "items_to_woo", "prices_to_woo"
PRICE_FIELDS = ("regular_price", "sale_price", "date_on_sale_to_gmt")
COMPARED = (
    "name",
    "description",
    "short_description",
    "weight",
    "tax_class",
    "tax_status",
    "catalog_visibility",
    "status",
)
"""Fields whose value can be held against what was written."""
STRUCTURED = {"categories": "categories", "attributes": "attributes", "meta": "meta_data"}
"""Field -> key of the shop's row. Others than we put things into these too, so only the flow of items can tell what is ours."""
SHOWN = "shown"
VARIATION = "variation"


def only_of_shop(product: ShopProduct, publishing: Publishing) -> ShopProduct:
    """Returns the product with those fields empty that the shop is not the master of: an empty value does not travel.

    The name of a variation is made by the shop of its options, so it is nobody's to carry.
    """
    foreign = [name for name in TEXTS if owner(publishing, name) is not Owner.SHOP]
    if product.type == VARIATION:
        foreign.append("name")
    return product.model_copy(update=dict.fromkeys(foreign, ""))


def owner(publishing: Publishing, name: str) -> Owner:
    """Returns who is the master of a field; all are the shop's where M3 publishes no catalogue."""
    return publishing.items.owner(name) if publishing.items is not None else Owner.SHOP


def changed_here(
    row: JSONDict, known: KnownProduct, publishing: Publishing, *, parts_before: str | None
) -> dict[str, list[str]]:
    """Returns the fields M3 is the master of that the shop shows otherwise than they were written, by flow.

    Args:
        row: The product as the shop shows it, whole.
        known: What was written.
        publishing: What M3 is the master of.
        parts_before: `fingerprint_of_parts` of the last look; None if there was none.
    """
    found: dict[str, list[str]] = {}
    items = known.written.get(ITEMS, {})
    if publishing.items is not None and items:
        names = [name for name in COMPARED if owner(publishing, name) is Owner.M3 and name in items]
        found[ITEMS] = [name for name in names if not _is_as_written(name, row, items)]
        if parts_before not in (None, fingerprint_of_parts(row, publishing)):
            found[ITEMS].append("/".join(_structured(publishing)))
    prices = known.written.get(PRICES, {})
    if publishing.prices is not None:
        found[PRICES] = [name for name in PRICE_FIELDS if name in prices and not _is_as_written(name, row, prices)]
    return {flow: names for flow, names in found.items() if names}


def fingerprint_of_parts(row: JSONDict, publishing: Publishing) -> str:
    """Returns the digest of the parts of a product that hold ours and others' entries side by side."""
    parts = {name: row.get(STRUCTURED[name]) for name in _structured(publishing)}
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _structured(publishing: Publishing) -> list[str]:
    return [name for name in STRUCTURED if owner(publishing, name) is Owner.M3]


def _is_as_written(name: str, row: JSONDict, written: Mapping[str, Any]) -> bool:
    """A value counts as written also in the form the shop gave it, as it was seen right after."""
    held = row.get(name)
    return same(held, written[name]) or (name in written.get(SHOWN, {}) and same(held, written[SHOWN][name]))


def same(one: object, other: object) -> bool:
    """Tells whether two values are the same for people: entities and tags do not count, nor how a number is written."""
    first, second = ("" if value is None else plain_text(str(value)) for value in (one, other))
    if first == second:
        return True
    try:
        return Decimal(first or "0") == Decimal(second or "0")
    except InvalidOperation:
        return False
