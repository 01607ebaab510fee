"""Looks whether what the shop sold lately is known to M3 as items. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Engine

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.ledger.items import find_items
from connector.ledger.session import transaction
from connector.m3.calls import Answer, Call
from connector.m3.client import M3Client
from connector.m3.programs import mms025mi, mms200mi
from connector.m3.rejections import is_not_found
from connector.stores import StoreConfig
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
    """Yields whether the SKUs of recent orders are items in M3: by number, by the map, or by an alias."""
    try:
        skus = _sold_skus(shop, since=now - SOLD_WITHIN)
        mapped = _mapped(engine, area.name, skus)
        unknown = _unknown(m3, config, skus, mapped)
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
    else:
        yield area.ok("items", f"all {len(skus)} SKUs sold lately are items in M3")


def _sold_skus(shop: WooClient, *, since: datetime) -> list[str]:
    orders = islice(shop.list_orders(modified_after=since, statuses=("any",)), MOST_ORDERS)
    skus = {str(line.get("sku") or "").strip() for order in orders for line in order.get("line_items") or ()}
    return sorted(skus - {""})[:MOST_SKUS]


def _mapped(engine: Engine, store: str, skus: list[str]) -> dict[str, str]:
    with transaction(engine) as connection:
        known = find_items(connection, store, skus=skus, max_age_h=NEVER_STALE_H)
    return {sku: one.item_number for sku, one in known.items() if one.mapped_by_hand}


def _unknown(m3: M3Client, config: StoreConfig, skus: list[str], mapped: dict[str, str]) -> list[str]:
    numbers = {sku: mapped.get(sku, sku) for sku in skus}
    calls = {sku: mms200mi.get_item_basic(one) for sku, one in numbers.items() if len(one) <= ITEM_NUMBER_LENGTH}
    missing = _not_among(skus, _found(m3, calls))
    for alias in config.items.aliases:
        calls = {
            sku: mms025mi.get_item(sku, category=alias.category, qualifier=alias.qualifier)
            for sku in missing
            if len(sku) <= ALIAS_LENGTH
        }
        missing = _not_among(missing, _found(m3, calls))
    return missing


def _found(m3: M3Client, calls: dict[str, Call]) -> set[str]:
    answers = m3.read(list(calls.values())) if calls else []
    return {sku for sku, answer in zip(calls, answers, strict=True) if _exists(answer)}


def _not_among(skus: list[str], found: set[str]) -> list[str]:
    return [sku for sku in skus if sku not in found]


def _exists(answer: Answer) -> bool:
    """Any refusal but "not found" is M3's own trouble and is told as such."""
    if answer.error is None:
        return True
    if is_not_found(answer.error):
        return False
    raise answer.error
