"""Looks M3's items up in the shop, in one way for items, prices and stock. Used by the packages of these flows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connector.errors import WooRejectedError
from connector.flows.asking import Ask
from connector.flows.context import StoreContext
from connector.flows.finding.choosing import Found, NotFound, Said, Sought, choose, each_once, rows_of
from connector.ledger.item_offers import items_of_products
from connector.ledger.items import mapped_by_hand
from connector.woocommerce.canonical import JSONDict

VARIATION = "variation"


def find_products(
    store: StoreContext, sought: Sequence[Sought], *, ask: Ask, fields: Sequence[str], as_stored: bool = False
) -> list[Found | NotFound]:
    """Finds the products of items: by SKU, 90 a request; those that are bound and have another SKU now, by number.

    Args:
        store: Whose shop.
        sought: The items, at most some hundred; no transaction is open.
        ask: Asks the ledger.
        fields: The fields of the rows that are needed.
        as_stored: Rows as they are stored. Then products are read by number one by one, also those in the trash.

    Returns:
        One for each item, in their order; no two of them are the same product.

    Raises:
        RetryableError: The shop or the ledger cannot be asked now.
    """
    if not sought:
        return []
    said = _said(store, sought, ask=ask)
    skus = dict.fromkeys(sku for one in sought for sku in said.skus(one))
    by_sku = store.shop.products.by_sku(list(skus), fields=fields, as_stored=as_stored)
    rows = {one.item_number: rows_of(one, by_sku, said=said) for one in sought}
    elsewhere = [one for one in sought if _is_elsewhere(one, rows[one.item_number])]
    held = _one_by_one(store, elsewhere, fields) if as_stored else _in_bulk(store, elsewhere, fields)
    others = _others(sought, rows)
    owners = ask(items_of_products, store.name, product_ids=others) if others else {}
    return each_once(
        sought,
        [
            choose(one, rows[one.item_number], held=held.get(one.item_number), said=said, owners=owners)
            for one in sought
        ],
    )


def _said(store: StoreContext, sought: Sequence[Sought], *, ask: Ask) -> Said:
    skus = {sku for one in sought for sku in (one.sku, one.known_sku) if sku}
    items = [one.item_number for one in sought]
    return Said(ask(mapped_by_hand, store.name, skus=sorted(skus), item_numbers=items))


def _is_elsewhere(one: Sought, rows: Iterable[JSONDict]) -> bool:
    """Tells whether an item is bound to a product that is not among those with its SKU."""
    return one.product_id is not None and one.product_id not in {row["id"] for row in rows}


def _others(sought: Sequence[Sought], rows: dict[str, list[JSONDict]]) -> set[int]:
    """Returns the products that are new to their item: of these it is asked whose they are."""
    known = {one.item_number: one.product_id for one in sought}
    return {int(row["id"]) for item, some in rows.items() for row in some if row["id"] != known[item]}


def _one_by_one(store: StoreContext, sought: Sequence[Sought], fields: Sequence[str]) -> dict[str, JSONDict]:
    """Reads products by number as they are stored, also those in the trash; what is gone for good is left out."""
    products = store.shop.products
    rows = {one.item_number: products.get(one.product_id or 0, fields=fields, as_stored=True) for one in sought}
    return {item: row for item, row in rows.items() if row is not None}


def _in_bulk(store: StoreContext, sought: Sequence[Sought], fields: Sequence[str]) -> dict[str, JSONDict]:
    """Reads products by number; what was deleted or is in the trash is left out."""
    by_parent: dict[int | None, list[int]] = {}
    for one in sought:
        by_parent.setdefault(one.parent_id, []).append(one.product_id or 0)
    by_id: dict[int, JSONDict] = {}
    for parent, ids in by_parent.items():
        by_id |= _variations(store, parent, ids, fields) if parent else store.shop.products.by_id(ids, fields=fields)
    return {one.item_number: by_id[one.product_id] for one in sought if one.product_id in by_id}


def _variations(store: StoreContext, parent: int, ids: Sequence[int], fields: Sequence[str]) -> dict[int, JSONDict]:
    """Reads variations of a parent, none if it is gone; their list shows neither type nor parent."""
    try:
        rows = store.shop.products.variations(parent, ids, fields=fields)
    except WooRejectedError as error:
        if error.status != 404:
            raise
        return {}
    return {number: {**row, "type": VARIATION, "parent_id": parent} for number, row in rows.items()}
