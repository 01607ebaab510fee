"""Finds out which items the products of a shop are, where the connector did not make them. Called by the nightly pull of stock.

Where items are published too, that flow knows its products, and nothing is looked for here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from connector.flows.context import StoreContext
from connector.ledger.bound_products import Product, find_products
from connector.ledger.items import find_items, mapped_by_hand
from connector.ledger.session import Ledger, transaction
from connector.ledger.stock_offers import bind_products
from connector.woocommerce.canonical import JSONDict

FIELDS = ("sku", "type", "parent_id")
ITEM_NUMBER_LENGTH = 15
EVER_H = 24 * 365 * 100
VARIABLE, VARIATION, SIMPLE = "variable", "variation", "simple"


def discover(ledger: Ledger, store: StoreContext) -> None:
    """Walks all products and variations of the shop and binds them to items: by the map of SKUs, else the SKU is the item.

    Two of one SKU stay unbound: the run that looks for it says so.

    Raises:
        RetryableError: The shop or the ledger is away; what was found is kept.
    """
    for page in store.shop.products.pages(fields=FIELDS):
        _bind(ledger, store, page.rows)
        for row in page.rows:
            if row.get("type") == VARIABLE:
                for variations in store.shop.products.variation_pages(int(row["id"]), fields=FIELDS):
                    _bind(
                        ledger, store, [{**one, "type": VARIATION, "parent_id": row["id"]} for one in variations.rows]
                    )


def _bind(ledger: Ledger, store: StoreContext, rows: Iterable[JSONDict]) -> None:
    by_sku: dict[str, list[JSONDict]] = {}
    for row in rows:
        if row.get("sku") and row.get("type") in (SIMPLE, VARIATION):
            by_sku.setdefault(str(row["sku"]), []).append(row)
    with transaction(ledger) as connection:
        known = find_items(connection, store.name, skus=list(by_sku), max_age_h=EVER_H)
        numbers = {sku: known[sku].item_number if sku in known else sku for sku in by_sku}
        said = {sku for sku, one in known.items() if one.mapped_by_hand}
        taken = _bound_by_a_person(connection, store.name, set(numbers.values()))
        bind_products(connection, store.name, products=list(_products(by_sku, numbers, said=said, taken=taken)))


def _bound_by_a_person(connection: Any, store: str, items: set[str]) -> dict[str, str]:
    """Returns the items bound to the product a person named, with its SKU: no other product becomes theirs."""
    bound = find_products(connection, store, item_numbers=items)
    said = mapped_by_hand(connection, store, skus=[one.sku for one in bound.values()], item_numbers=())
    return {item: one.sku for item, one in bound.items() if said.get(one.sku) == item}


def _products(
    by_sku: dict[str, list[JSONDict]], numbers: dict[str, str], *, said: set[str], taken: dict[str, str]
) -> Iterator[Product]:
    """Yields what is to be bound, first what a person said."""
    for sku in sorted(by_sku, key=lambda one: one not in said):
        item, rows = numbers[sku], by_sku[sku]
        if len(rows) > 1 or len(item) > ITEM_NUMBER_LENGTH or taken.setdefault(item, sku) != sku:
            continue
        row = rows[0]
        parent = int(row["parent_id"]) if row["type"] == VARIATION else None
        yield Product(item_number=item, sku=sku, product_id=int(row["id"]), kind=str(row["type"]), parent_id=parent)
