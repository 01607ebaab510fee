"""Looks items up in the shop: the rows that have their SKUs, in few requests. Used by the run and the comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from connector.flows.catalogue.gathering import Ask
from connector.flows.catalogue.planning import Trouble, Wanted, pick_row
from connector.flows.context import StoreContext
from connector.ledger.item_offers import items_of_products
from connector.woocommerce.canonical import JSONDict

AT_ONCE = 90
"""So many SKUs are asked for in one request."""

T = TypeVar("T")


class Lookup:
    """Finds the shop's rows of one store."""

    def __init__(self, store: StoreContext, *, fields: Sequence[str], ask: Ask) -> None:
        """Keeps which fields of the rows are needed, and how the ledger is asked."""
        self._store = store
        self._fields = fields
        self._ask = ask

    def rows(self, wanted: Sequence[Wanted]) -> list[JSONDict | Trouble | None]:
        """Returns for each item its row of the shop, None if there is none, or why it cannot be told.

        Products and variations are found by SKU in one request for 90; what is bound and not found so (its SKU was changed,
        it is in the trash, it is gone) is asked for by its number, one by one.

        Raises:
            RetryableError: The shop or the ledger is away.
        """
        asked = [one for one in wanted if one.may_be_there and one.sku]
        products, skus = self._store.shop.products, [one.sku for one in asked]
        found = products.by_sku(skus, fields=self._fields, as_stored=True) if asked else {}
        bound = self._bound(asked, found)
        return [self._row(one, found.get(one.sku, []), bound) if one.may_be_there else None for one in wanted]

    def _row(self, one: Wanted, rows: list[JSONDict], bound: dict[int, str]) -> JSONDict | Trouble | None:
        product_id = one.item.offer.product_id
        is_elsewhere = product_id is not None and product_id not in [row["id"] for row in rows]
        products = self._store.shop.products
        held = products.get(product_id, fields=self._fields, as_stored=True) if is_elsewhere and product_id else None
        return pick_row(one, rows, bound=bound, held=held)

    def _bound(self, asked: Sequence[Wanted], found: dict[str, list[JSONDict]]) -> dict[int, str]:
        """Returns which items the rows are bound to that are new to their item."""
        known = {one.sku: one.item.offer.product_id for one in asked}
        ids = [int(row["id"]) for sku, rows in found.items() for row in rows if row["id"] != known.get(sku)]
        return dict(self._ask(items_of_products, self._store.name, product_ids=ids)) if ids else {}


def slices(some: Sequence[T], *, size: int = AT_ONCE) -> Iterator[list[T]]:
    """Gives the parts of a list, `size` at a time."""
    rest = iter(some)
    while part := list(islice(rest, size)):
        yield part
