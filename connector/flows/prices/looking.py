"""Looks at a handful of items on both sides: what M3 says they cost, what the shop shows, what it should show.

Called by prices_to_woo (which then writes what differs) and compare.py (which only tells).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from connector.errors import WooRejectedError
from connector.flows.context import StoreContext
from connector.flows.prices.deciding import SALE_FIELDS, Decision, ItemPrices, Trouble, Units, Wrong, decide, differing
from connector.flows.prices.reading import Lists, read_prices
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.instants import write_instant

FIELDS = ("sku", "type", "parent_id", "regular_price", *SALE_FIELDS, "tax_status", "tax_class")
UNITS = "units"
SIMPLE, VARIABLE, VARIATION = "simple", "variable", "variation"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item to look at, with what is known of it: the shop's product, its units."""

    item_number: str
    sku: str | None = None
    product_id: int | None = None
    parent_id: int | None = None
    kind: str | None = None
    units: Units | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The shop's product of an item and the prices it shows."""

    product_id: int
    parent_id: int
    kind: str
    sku: str
    values: dict[str, str]
    tax_class: str
    is_taxed: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """An item on both sides. `shown` is None if the shop does not have it; `changes` is what would have to be written."""

    item_number: str
    shown: Shown | None
    decision: Decision
    prices: ItemPrices
    changes: dict[str, str] = field(default_factory=dict)


def look(store: StoreContext, lists: Lists, wanted: Sequence[Wanted], *, now: datetime) -> list[Looked]:
    """Looks at items: M3 in bulk, the shop by SKU; reads only.

    Args:
        store: The store.
        lists: Its price lists as read for this run.
        wanted: At most some hundred items.
        now: The ledger's time.

    Returns:
        One for each item, in their order.

    Raises:
        ConnectorError: M3 or the shop cannot be asked now.
    """
    shown = find_shown(store, wanted)
    there = [one for one in wanted if isinstance(shown.get(one.item_number), Shown)]
    sold = [one for one in there if _of(shown, one.item_number).kind != VARIABLE]
    units = {one.item_number: one.units for one in sold if one.units}
    prices = read_prices(store, lists, [one.item_number for one in sold], units=units)
    return [_looked(one, shown.get(one.item_number), prices.get(one.item_number), lists, now) for one in wanted]


def _of(shown: Mapping[str, Shown | Wrong], item: str) -> Shown:
    found = shown[item]
    assert isinstance(found, Shown)
    return found


def _looked(one: Wanted, shown: Shown | Wrong | None, prices: ItemPrices | None, lists: Lists, now: datetime) -> Looked:
    nothing = ItemPrices(one.item_number)
    if isinstance(shown, Wrong):
        return Looked(one.item_number, None, Decision(wrong=shown), nothing)
    if shown is None or prices is None:
        return Looked(one.item_number, shown, Decision(), nothing)
    decision = decide(prices, today=lists.today, rules=lists.rules, tax_class=shown.tax_class, is_taxed=shown.is_taxed)
    return Looked(
        one.item_number,
        shown,
        decision,
        prices,
        changes=differing(decision.values, shown.values, now=write_instant(now)),
    )


def find_shown(store: StoreContext, wanted: Sequence[Wanted]) -> dict[str, Shown | Wrong]:
    """Finds the shop's products of items by SKU, in one request per 90; those with another SKU now, by number.

    An item that was never bound is looked for under its own number. Items the shop does not have are left out.
    """
    rows = store.shop.products.by_sku([one.sku or one.item_number for one in wanted], fields=FIELDS)
    found: dict[str, Shown | Wrong] = {}
    renamed: list[Wanted] = []
    for one in wanted:
        candidates = rows.get(one.sku or one.item_number, [])
        mine = [row for row in candidates if one.product_id in (None, row["id"])]
        if len(mine) == 1:
            found[one.item_number] = _shown(mine[0])
        elif mine:
            found[one.item_number] = _twice(one, mine)
        elif one.product_id is not None:
            renamed.append(one)
    return found | _by_number(store, renamed)


def _by_number(store: StoreContext, wanted: Sequence[Wanted]) -> dict[str, Shown | Wrong]:
    """Reads products by their number; one that is not there was deleted, or is in the trash."""
    by_id: dict[int, JSONDict] = {}
    simple = [one.product_id for one in wanted if one.product_id and not one.parent_id]
    if simple:
        by_id |= store.shop.products.by_id(simple, fields=FIELDS)
    for parent, some in _by_parent(wanted).items():
        try:
            by_id |= store.shop.products.variations(parent, some, fields=FIELDS)
        except WooRejectedError as error:
            if error.status != 404:
                raise
    return {one.item_number: _shown(by_id[one.product_id]) if one.product_id in by_id else _gone(one) for one in wanted}


def _by_parent(wanted: Iterable[Wanted]) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = {}
    for one in wanted:
        if one.parent_id and one.product_id:
            grouped.setdefault(one.parent_id, []).append(one.product_id)
    return grouped


def _shown(row: Mapping[str, Any]) -> Shown:
    """Reads a row of the shop; a variation is told by its parent, for the list of variations shows no type."""
    parent = int(row.get("parent_id") or 0)
    kind = str(row.get("type") or (VARIATION if parent else SIMPLE))
    return Shown(
        product_id=int(row["id"]),
        parent_id=parent,
        kind=kind,
        sku=str(row.get("sku") or ""),
        values={name: str(row.get(name) or "") for name in ("regular_price", *SALE_FIELDS)},
        tax_class=str(row.get("tax_class") or ""),
        is_taxed=row.get("tax_status", "taxable") == "taxable",
    )


def _twice(one: Wanted, rows: Sequence[Mapping[str, Any]]) -> Wrong:
    ids = ", ".join(str(row["id"]) for row in rows)
    return Wrong(
        Trouble.SKU_TWICE,
        f"The shop has the SKU {one.sku or one.item_number} more than once (products {ids}), so the price of item "
        f"{one.item_number} was not written to any of them.",
        "Give all but one of them another SKU in the shop, or delete them.",
    )


def _gone(one: Wanted) -> Wrong:
    return Wrong(
        Trouble.GONE,
        f"The shop's product {one.product_id} of item {one.item_number} is not there any more, nor is its SKU {one.sku}.",
        "Take it out of the trash, or let it be made anew: connector sync items_to_woo --ids "
        f"{one.item_number}. Its price follows by itself.",
    )


def known_units(written: Mapping[str, Any]) -> Units | None:
    """Returns the units kept with what was written of an item; a basic unit does not change once it is used."""
    kept = written.get(UNITS)
    return Units(*kept) if kept else None


def today_of(store: StoreContext, now: datetime) -> date:
    """Returns the civil date in the division's zone, by which prices are valid."""
    return now.astimezone(store.config.m3.zone).date()
