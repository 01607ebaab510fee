"""Looks items up in the shop and says what that means for a catalogue. Used by the run and the comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from connector.flows.asking import Ask
from connector.flows.catalogue.content import TRASH
from connector.flows.catalogue.planning import Trouble, Wanted, untold
from connector.flows.context import StoreContext
from connector.flows.finding.choosing import Found, NotFound, Sought, Why
from connector.flows.finding.looking import find_products
from connector.woocommerce.canonical import JSONDict

AT_ONCE = 90
"""So many SKUs are asked for in one request."""

Seen = tuple[Wanted, JSONDict | Trouble | None]
"""An item with its row of the shop, None if there is none, or why it cannot be told."""

T = TypeVar("T")


class Lookup:
    """Finds the shop's rows of one store."""

    def __init__(self, store: StoreContext, *, fields: Sequence[str], ask: Ask) -> None:
        """Keeps which fields of the rows are needed, and how the ledger is asked."""
        self._store = store
        self._fields = fields
        self._ask = ask

    def see(self, wanted: Sequence[Wanted]) -> list[Seen]:
        """Returns each item with its row; one that a person found by its SKU is wanted with that SKU.

        Raises:
            RetryableError: The shop or the ledger is away.
        """
        asked = [_sought(one) for one in wanted if one.may_be_there]
        results = find_products(self._store, asked, ask=self._ask, fields=self._fields, as_stored=True)
        found = {one.item_number: result for one, result in zip(asked, results, strict=True)}
        return [_seen(one, found.get(one.item.number)) for one in wanted]


def _sought(one: Wanted) -> Sought:
    offer = one.item.offer
    return Sought(one.item.number, one.sku, offer.product_id, offer.parent_id, offer.sku)


def _seen(one: Wanted, found: Found | NotFound | None) -> Seen:
    if isinstance(found, Found):
        return (_with_sku(one, str(found.row["sku"])) if found.is_said else one), found.row
    if found is None or found.why is Why.ABSENT:
        return one, None
    if found.why is not Why.GONE:
        return one, untold(found)
    if found.held is None or _is_ours_in_trash(one):
        return one, found.held
    return one, Trouble(
        "in_trash",
        f"Product {found.held['id']} of item {one.item.number} was put into the shop's trash by somebody.",
        "Restore it in the shop and ask for the item again; or end the item in M3 (status 90), or leave it so.",
    )


def _with_sku(one: Wanted, sku: str) -> Wanted:
    """Returns what is wanted with the SKU that a person named: it is not changed to M3's."""
    content = one.content | {"sku": sku} if "sku" in one.content else one.content
    return replace(one, sku=sku, content=content)


def _is_ours_in_trash(one: Wanted) -> bool:
    """Tells whether a product is in the trash because we put it there, or belongs there anyway."""
    return TRASH in (one.content.get("status"), one.item.offer.written.get("status"))


def slices(some: Sequence[T], *, size: int = AT_ONCE) -> Iterator[list[T]]:
    """Gives the parts of a list, `size` at a time."""
    rest = iter(some)
    while part := list(islice(rest, size)):
        yield part
