"""Checks the currencies of a store in M3: known, decimals enough for amounts and prices. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.m3.calls import Answer
from connector.m3.client import M3Client
from connector.m3.programs.crs055mi import get_currency, read_currency
from connector.stores.config import StoreConfig
from connector.woocommerce.client import WooClient


def check_currencies(area: Area, m3: M3Client, config: StoreConfig, *, shop: WooClient) -> Iterator[Finding]:
    """Yields what was found about every currency used, with its decimals."""
    currencies = sorted({one.currency for one in config.money.charges} | {c.currency for c in config.customers.common})
    try:
        answers = m3.read([get_currency(one, division=config.m3.division) for one in currencies])
    except ConnectorError as error:
        yield area.error("currencies", error)
        return
    decimals = shop_decimals(shop)
    yield from (
        _currency(area, code, answer, decimals=decimals) for code, answer in zip(currencies, answers, strict=True)
    )


def shop_decimals(shop: WooClient) -> int | None:
    """Returns how many decimals the shop's amounts have; None if it does not say."""
    try:
        said = str((shop.get_system_status().get("settings") or {}).get("number_of_decimals"))
    except ConnectorError:
        return None  # told by the checks of the shop
    return int(said) if said.isdecimal() else None


def _currency(area: Area, code: str, answer: Answer, *, decimals: int | None) -> Finding:
    if answer.error is not None:
        return area.fail(
            f"currency {code}",
            f"M3 does not know it: {answer.error.message}",
            remedy=f"Add {code} in CRS055, or take it out of the store file.",
        )
    held = read_currency(answer)
    told = f"{held.decimals} decimals of amounts, {held.price_decimals} of prices"
    if decimals is not None and decimals > held.decimals:
        return area.warn(
            f"currency {code}",
            f"M3 keeps {told} (CRS055); the shop's amounts have {decimals}. Orders whose amounts need them will be held.",
            remedy=f"Set the shop's number of decimals to {held.decimals} (WooCommerce, Settings, General), or M3's in CRS055.",
        )
    if decimals is not None and decimals > held.price_decimals:
        return area.warn(
            f"currency {code}",
            f"M3 keeps {told} (CRS055); the shop's prices have {decimals}. An order is held where no price with so few decimals "
            "makes a line's total.",
            remedy=f"Set the number of price decimals (NPRD) of {code} to {decimals} in CRS055.",
        )
    return area.ok(f"currency {code}", f"known, {told}")
