"""Looks whether what the shop sold lately is known to M3 as items. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Engine

from connector.cli.checks.finding import Area, Finding
from connector.cli.checks.m3_currencies import shop_decimals
from connector.errors import ConnectorError
from connector.flows.orders.items import SELLABLE
from connector.ledger.items import find_items
from connector.ledger.session import transaction
from connector.m3.calls import Answer, Call
from connector.m3.client import M3Client
from connector.m3.programs import balances, mms025mi, mms200mi
from connector.m3.rejections import is_not_found
from connector.stores.config import StoreConfig
from connector.stores.orders import CarriedAs
from connector.woocommerce.client import WooClient

SOLD_WITHIN = timedelta(days=7)
MOST_ORDERS = 50
MOST_SKUS = 40
NAMED = 5
ITEM_NUMBER_LENGTH = 15  # ITNO
ALIAS_LENGTH = 30  # POPN
NEVER_STALE_H = 24 * 365 * 100


def check_items(
    area: Area, *, shop: WooClient, m3: M3Client, config: StoreConfig, engine: Engine, now: datetime
) -> Iterator[Finding]:
    """Yields whether the SKUs of recent orders are items in M3 (by number, by the map, or by an alias) and may be sold."""
    if config.orders.carried_as is CarriedAs.INVOICE:  # nothing of M3's items is needed
        return
    try:
        skus = _sold_skus(shop, since=now - SOLD_WITHIN)
        mapped = _mapped(engine, area.name, skus)
        numbers = _item_numbers(m3, config, skus, mapped)
        unknown = _not_among(skus, set(numbers))
        items = _read_items(m3, sorted(set(numbers.values())))
        unready = _unready(m3, config, items)
    except ConnectorError as error:
        yield area.error("items", error)
        return
    if not skus:
        yield area.ok("items", f"nothing was sold in {SOLD_WITHIN.days} days, so no SKU could be tried")
    elif unknown:
        yield area.warn(
            "items",
            f"M3 has no item for {len(unknown)} of the {len(skus)} SKUs sold lately: {', '.join(unknown[:NAMED])}"
            f"{' ...' if len(unknown) > NAMED else ''}. Orders with them will be held.",
            remedy=f"Make the items in MMS001, add an alias in MMS025, or: connector items map {unknown[0]} ITNO "
            f"--store {area.name}",
        )
    if unready:
        yield area.warn(
            "items for sale",
            f"Of the items sold lately M3 would refuse {len(unready)}: {'; '.join(unready[:NAMED])}"
            f"{' ...' if len(unready) > NAMED else ''}.",
            remedy=f"Set their status to {mms200mi.SELLABLE} in MMS001 and connect them to warehouse {config.m3.warehouse} in "
            "MMS002.",
        )
    coarse = _coarse(items, decimals=shop_decimals(shop))
    if coarse:
        yield area.warn(
            "price decimals",
            f"Prices of items sold lately have fewer decimals in M3 than in the shop (PDCC): {', '.join(coarse[:NAMED])}"
            f"{' ...' if len(coarse) > NAMED else ''}. An order is held where no such price makes a line's total.",
            remedy="Set the number of price decimals of these items to the shop's in MMS001.",
        )
    if skus and not unknown and not unready and not coarse:
        yield area.ok("items", f"all {len(skus)} SKUs sold lately are items in M3")


def _sold_skus(shop: WooClient, *, since: datetime) -> list[str]:
    orders = islice(shop.list_orders(modified_after=since, statuses=("any",)), MOST_ORDERS)
    skus = {str(line.get("sku") or "").strip() for order in orders for line in order.get("line_items") or ()}
    return sorted(skus - {""})[:MOST_SKUS]


def _mapped(engine: Engine, store: str, skus: list[str]) -> dict[str, str]:
    with transaction(engine) as connection:
        known = find_items(connection, store, skus=skus, max_age_h=NEVER_STALE_H)
    return {sku: one.item_number for sku, one in known.items() if one.mapped_by_hand}


def _item_numbers(m3: M3Client, config: StoreConfig, skus: list[str], mapped: dict[str, str]) -> dict[str, str]:
    """Returns the item of each SKU that M3 knows: by number, by the map, or by an alias."""
    asked = {sku: mapped.get(sku, sku) for sku in skus}
    calls = {sku: mms200mi.get_item_basic(one) for sku, one in asked.items() if len(one) <= ITEM_NUMBER_LENGTH}
    numbers = {sku: asked[sku] for sku in _found(m3, calls)}
    for alias in config.items.aliases:
        calls = {
            sku: mms025mi.get_item(sku, category=alias.category, qualifier=alias.qualifier)
            for sku in _not_among(skus, set(numbers))
            if len(sku) <= ALIAS_LENGTH
        }
        numbers |= {sku: mms025mi.read_item(answer).item_number for sku, answer in _found(m3, calls).items()}
    return numbers


def _read_items(m3: M3Client, numbers: list[str]) -> dict[str, mms200mi.Item]:
    answers = m3.read([mms200mi.get_item_basic(one) for one in numbers])
    return {one: mms200mi.read_item_basic(answer) for one, answer in zip(numbers, answers, strict=True)}


def _unready(m3: M3Client, config: StoreConfig, items: dict[str, mms200mi.Item]) -> list[str]:
    """Returns in words which items are not released for sale, or not in the store's warehouse."""
    warehouse = config.m3.warehouse
    held = m3.read([balances.get_balance(one, warehouse=warehouse) for one in items])
    return [
        *(f"{one} has status {item.status or 'none'}" for one, item in items.items() if not is_for_sale(item.status)),
        *(f"{one} is not in {warehouse}" for one, answer in zip(items, held, strict=True) if not _exists(answer)),
    ]


def _coarse(items: dict[str, mms200mi.Item], *, decimals: int | None) -> list[str]:
    """Returns the items whose prices have fewer decimals than the shop's amounts."""
    return [f"{one} {item.price_decimals}" for one, item in items.items() if item.price_decimals < (decimals or 0)]


def is_for_sale(status: str) -> bool:
    """Tells whether an item of this status may be sold."""
    return SELLABLE[0] <= status < SELLABLE[1]


def _found(m3: M3Client, calls: dict[str, Call]) -> dict[str, Answer]:
    answers = m3.read(list(calls.values())) if calls else []
    return {sku: answer for sku, answer in zip(calls, answers, strict=True) if _exists(answer)}


def _not_among(skus: list[str], found: set[str]) -> list[str]:
    return [sku for sku in skus if sku not in found]


def _exists(answer: Answer) -> bool:
    """Any refusal but "not found" is M3's own trouble and is told as such."""
    if answer.error is None:
        return True
    if is_not_found(answer.error):
        return False
    raise answer.error
