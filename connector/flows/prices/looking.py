"""Looks at a handful of items on both sides: what M3 says they cost, what the shop shows, what it should show.

Called by prices_to_woo (which then writes what differs) and compare.py (which only tells).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from connector.flows.asking import Ask
from connector.flows.context import StoreContext
from connector.flows.finding.choosing import Found, Sought, Why
from connector.flows.finding.looking import find_products
from connector.flows.prices.deciding import SALE_FIELDS, Decision, decide, differing
from connector.flows.prices.item_prices import ItemPrices, Units
from connector.flows.prices.reading import Lists, read_prices
from connector.flows.prices.troubles import Trouble, Wrong
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


def look(store: StoreContext, lists: Lists, wanted: Sequence[Wanted], *, ask: Ask, now: datetime) -> list[Looked]:
    """Looks at items: M3 in bulk, the shop by SKU; reads only.

    Args:
        store: The store.
        lists: Its price lists as read for this run.
        wanted: At most some hundred items.
        ask: Asks the ledger whose products are whose.
        now: The ledger's time.

    Returns:
        One for each item, in their order.

    Raises:
        ConnectorError: M3 or the shop cannot be asked now.
    """
    shown = find_shown(store, wanted, ask=ask)
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


def find_shown(store: StoreContext, wanted: Sequence[Wanted], *, ask: Ask) -> dict[str, Shown | Wrong]:
    """Finds the shop's products of items; those the shop does not have, or sells as another item, are left out."""
    sought = [
        Sought(one.item_number, one.sku or one.item_number, one.product_id, one.parent_id, one.sku) for one in wanted
    ]
    found = find_products(store, sought, ask=ask, fields=FIELDS)
    shown: dict[str, Shown | Wrong] = {}
    for one, result in zip(wanted, found, strict=True):
        if isinstance(result, Found):
            shown[one.item_number] = _shown(result.row)
        elif result.why not in (Why.ABSENT, Why.TAKEN):
            shown[one.item_number] = Wrong(Trouble(result.why.value), result.words, result.remedy)
    return shown


def _shown(row: Mapping[str, Any]) -> Shown:
    return Shown(
        product_id=int(row["id"]),
        parent_id=int(row.get("parent_id") or 0),
        kind=str(row.get("type") or SIMPLE),
        sku=str(row.get("sku") or ""),
        values={name: str(row.get(name) or "") for name in ("regular_price", *SALE_FIELDS)},
        tax_class=str(row.get("tax_class") or ""),
        is_taxed=row.get("tax_status", "taxable") == "taxable",
    )


def known_units(written: Mapping[str, Any]) -> Units | None:
    """Returns the units kept with what was written of an item; a basic unit does not change once it is used."""
    kept = written.get(UNITS)
    return Units(*kept) if kept else None


def today_of(store: StoreContext, now: datetime) -> date:
    """Returns the civil date in the division's zone, by which prices are valid."""
    return now.astimezone(store.config.m3.zone).date()
