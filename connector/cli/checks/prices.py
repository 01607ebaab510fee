"""Checks what a store publishes of M3's prices: lists, currency, tax as both sides have it. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.flows.context import StoreContext
from connector.flows.prices.looking import today_of
from connector.flows.prices.reading import Lists, read_lists
from connector.publishing.prices import PricesPublishing
from connector.woocommerce.client import WooClient

INCLUDES_TAX = "woocommerce_prices_include_tax"


def check_prices(area: Area, store: StoreContext, *, now: datetime) -> Iterator[Finding]:
    """Yields what was found about the price lists of a store; nothing if it does not publish prices."""
    config = store.config.publish.prices
    if config is None:
        return
    try:
        yield _currency(area, store.shop, config)
        yield _tax_setting(area, store.shop, config)
        lists = read_lists(store, config, today=today_of(store, now))
    except ConnectorError as error:
        yield area.error("prices", error)
        return
    yield _lists(area, lists, config)
    yield from _tax_rates(area, lists, config)


def _currency(area: Area, shop: WooClient, config: PricesPublishing) -> Finding:
    currency = str((shop.get_system_status().get("settings") or {}).get("currency") or "")
    if currency not in ("", config.currency):
        return area.fail(
            "price currency",
            f"The shop sells in {currency}; publish.prices takes the prices in {config.currency}. No price will be written.",
            remedy=f"Name a price list in {currency} under publish.prices of the store file.",
        )
    return area.ok("price currency", f"{config.currency}, as the shop")


def _tax_setting(area: Area, shop: WooClient, config: PricesPublishing) -> Finding:
    includes_tax = shop.get_setting("tax", INCLUDES_TAX) == "yes"
    if includes_tax != config.shop_includes_tax:
        entered = "with" if includes_tax else "without"
        return area.fail(
            "price tax",
            f"Prices are entered {entered} tax in the shop; the store file says publish.prices.shop_includes_tax: "
            f"{str(config.shop_includes_tax).lower()}. Every price would be wrong by the tax.",
            remedy=f"Set publish.prices.shop_includes_tax: {str(includes_tax).lower()}.",
        )
    return area.ok("price tax", f"prices are entered {'with' if includes_tax else 'without'} tax, as configured")


def _lists(area: Area, lists: Lists, config: PricesPublishing) -> Finding:
    valid = [one for one in lists.versions if not one.is_sale and one.head.valid_from <= lists.today]
    if not valid:
        return area.warn(
            "price list",
            f"Price list {config.price_list} in {config.currency} is not valid yet.",
            remedy="Look at its first day in OIS017.",
        )
    return area.ok(
        "price list", f"{config.price_list} in {config.currency}; versions with its campaign: {len(lists.versions)}"
    )


def _tax_rates(area: Area, lists: Lists, config: PricesPublishing) -> Iterator[Finding]:
    differ = [one.head.code for one in lists.versions if one.includes_tax != config.shop_includes_tax]
    if differ and not config.tax_rates:
        yield area.fail(
            "price tax rates",
            f"Price list {differ[0]} and the shop differ in whether prices include tax, and publish.prices names no tax rates.",
            remedy='Add publish.prices.tax_rates, for example {standard: "25", reduced-rate: "5"}.',
        )
