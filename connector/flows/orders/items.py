"""Which M3 item stands behind each line of an order: the map, the SKU itself, then the aliases. Called by orders_to_m3."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from connector.errors import ConnectorError, MappingError, UnknownItemError
from connector.flows.context import Run, StoreContext
from connector.flows.orders.units import read_factors, require_same_price_unit
from connector.ledger.items import KnownItem, find_items, remember_item
from connector.m3.client import Answer
from connector.m3.programs import mms025mi, mms200mi
from connector.m3.rejections import is_not_found
from connector.money.plan import ItemFacts
from connector.woocommerce.models import Order

ITEM_NUMBER_LENGTH = 15
SOLD_IN = "sold_in"  # of what is kept of an item: unit of the shop -> whether the item has it
SELLABLE = ("20", "90")  # status 20 up to, not including, 90


@dataclass(frozen=True)
class _Found:
    """An item M3 told us about."""

    sku: str
    item_number: str
    unit: str
    price_decimals: int
    status: str
    vat_code: str
    sold_in: str = ""  # the unit of the shop, if the item has it


def find_facts(run: Run, order: Order) -> dict[int, ItemFacts]:
    """Returns what the money plan needs to know of the item of each line, by shop line id.

    SKUs seen before come from the ledger; others are read from M3, all in one bulk (one more for aliases, two for the unit the shop
    sells in where that is not the basic one).

    Raises:
        MappingError: A line has no SKU, or M3's factors of the unit cannot be used.
        UnknownItemError: M3 has no such item, or does not sell it.
        RemoteUnavailableError, RateLimitedError: M3 cannot be asked now.
    """
    skus = {line.id: line.sku for line in order.line_items}
    _refuse_empty(order)
    wanted = sorted(set(skus.values()))
    hours = run.store.config.items.recheck_hours
    known = find_items(run.journal.connection, run.store.name, skus=wanted, max_age_h=hours)
    unit = unit_sold(run.store)
    facts = {
        sku: _facts(one, unit)
        for sku, one in known.items()
        if one.facts and (not unit or unit in one.facts.get(SOLD_IN, {}))
    }
    missing = [sku for sku in wanted if sku not in facts]
    if missing:
        for found in _ask_and_keep(run, missing, known):
            sold_in = found.sold_in or found.unit
            facts[found.sku] = ItemFacts(found.item_number, sold_in, sold_in, found.price_decimals)
        _refuse_unknown([sku for sku in missing if sku not in facts], run.store.name)
    return {line_id: facts[sku] for line_id, sku in skus.items()}


def read_again(run: Run, known: dict[str, KnownItem]) -> dict[str, str]:
    """Asks M3 for items whatever is kept of them; returns the VAT code of each, by SKU.

    Raises:
        RemoteUnavailableError, RateLimitedError: M3 cannot be asked now.
    """
    return {one.sku: one.vat_code for one in _ask_and_keep(run, sorted(known), known)}


def unit_sold(store: StoreContext) -> str:
    """Returns the unit (ALUN) of order lines, where an item has it; empty: the basic one. A direct invoice has no such lines."""
    return (store.config.unit_sold or "") if store.config.invoices is None else ""


def _facts(known: KnownItem, sold_in: str) -> ItemFacts:
    has_it = bool(sold_in) and known.facts[SOLD_IN][sold_in]
    unit = sold_in if has_it else str(known.facts["unit"])
    return ItemFacts(known.item_number, unit, unit, int(known.facts["price_decimals"]))


def _refuse_empty(order: Order) -> None:
    nameless = [line.id for line in order.line_items if not line.sku.strip()]
    if nameless:
        raise MappingError(
            f"Order line {nameless[0]} of order {order.id} has no SKU.",
            field="ITNO",
            resolution="Give the product a SKU in the shop (a deleted product must be put back on the order), then save it.",
        )


def _refuse_unknown(skus: list[str], store: str) -> None:
    if skus:
        raise UnknownItemError(
            f"M3 has no item that can be sold for SKU {', '.join(skus)}.",
            resolution="Create or activate the item in MMS001, or map it: "
            f"connector items map {skus[0]} ITNO --store {store}. The order then goes on by itself.",
            skus=skus,
        )


def _ask_and_keep(run: Run, skus: list[str], known: dict[str, KnownItem]) -> list[_Found]:
    asked = _ask(run, skus, known)
    unit = unit_sold(run.store)
    factors = read_factors(run.store, {one.item_number for one in asked}) if unit else {}
    require_same_price_unit(run.store, factors)
    asked = [replace(one, sold_in=unit if one.item_number in factors else "") for one in asked]
    for found in asked:
        remember_item(
            run.journal.connection,
            run.store.name,
            sku=found.sku,
            item_number=found.item_number,
            facts={
                **{"unit": found.unit, "price_decimals": found.price_decimals, "vat_code": found.vat_code},
                **({SOLD_IN: {unit: bool(found.sold_in)}} if unit else {}),
            },
        )
    return asked


def _ask(run: Run, skus: list[str], known: dict[str, KnownItem]) -> list[_Found]:
    """Asks M3 for the items under their mapped number or SKU, then for the rest under the store's aliases."""
    run.journal.pause()
    numbers = {sku: known[sku].item_number if sku in known and known[sku].mapped_by_hand else sku for sku in skus}
    found = _read_items(run, {sku: number for sku, number in numbers.items() if len(number) <= ITEM_NUMBER_LENGTH})
    rest = [sku for sku in skus if sku not in {one.sku for one in found}]
    if rest and run.store.config.items.aliases:
        by_alias = _read_aliases(run, rest)
        if by_alias:
            found += _read_items(run, by_alias)
    return [one for one in found if SELLABLE[0] <= one.status < SELLABLE[1]]


def _read_items(run: Run, number_by_sku: dict[str, str]) -> list[_Found]:
    if not number_by_sku:
        return []
    answers = run.store.m3.read([mms200mi.get_item_basic(number) for number in number_by_sku.values()])
    found = []
    for sku, answer in zip(number_by_sku, answers, strict=True):
        if _is_there(answer):
            item = mms200mi.read_item_basic(answer)
            facts = (item.item_number, item.unit, item.price_decimals, item.status, item.vat_code)
            found.append(_Found(sku, *facts))
    return found


def _read_aliases(run: Run, skus: Iterable[str]) -> dict[str, str]:
    aliases = run.store.config.items.aliases
    asked = [(sku, alias) for sku in skus for alias in aliases]
    calls = [mms025mi.get_item(sku, category=alias.category, qualifier=alias.qualifier) for sku, alias in asked]
    found: dict[str, str] = {}
    for (sku, _), answer in zip(asked, run.store.m3.read(calls), strict=True):
        if _is_there(answer):
            found.setdefault(sku, mms025mi.read_item(answer).item_number)
    return found


def _is_there(answer: Answer) -> bool:
    error: ConnectorError | None = answer.error
    if error is None:
        return bool(answer.records)
    if is_not_found(error):
        return False
    raise error
