"""Checks the charge ids and currencies of a store against M3. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.m3.calls import Answer
from connector.m3.client import M3Client
from connector.m3.programs.charges import Charge
from connector.m3.programs.crs055mi import get_currency, read_currency
from connector.m3.programs.ois030mi import list_order_charges, read_charges
from connector.stores.config import StoreConfig
from connector.stores.money import ChargeConfig
from connector.woocommerce.client import WooClient

MOST_ROWS = 1000
ONCE = ("", "1")  # HACD


def check_money(area: Area, m3: M3Client, config: StoreConfig, *, shop: WooClient) -> Iterator[Finding]:
    """Yields what was found about every configured charge id, and every currency used with its decimals."""
    currencies = sorted({one.currency for one in config.money.charges} | {c.currency for c in config.customers.common})
    try:
        charges, *answers = m3.read(
            [list_order_charges(), *(get_currency(one, division=config.m3.division) for one in currencies)],
            max_records=MOST_ROWS,
        )
    except ConnectorError as error:
        yield area.error("charges", error)
        return
    yield from _charges(area, charges, config)
    decimals = _shop_decimals(shop)
    yield from (
        _currency(area, code, answer, decimals=decimals) for code, answer in zip(currencies, answers, strict=True)
    )


def _shop_decimals(shop: WooClient) -> int | None:
    """Returns how many decimals the shop's amounts have; None if it does not say."""
    try:
        said = str((shop.get_system_status().get("settings") or {}).get("number_of_decimals"))
    except ConnectorError:
        return None  # told by the checks of the shop
    return int(said) if said.isdecimal() else None


def _charges(area: Area, answer: Answer, config: StoreConfig) -> Iterator[Finding]:
    if answer.error is not None:
        yield area.error("charges", answer.error)
        return
    rows = {one.id: one for one in read_charges(answer)}
    problems = [found for one in config.money.charges if (found := _charge(area, one, rows.get(one.id), answer.is_cut))]
    yield from problems
    yield from _vat_codes(area, config, rows)
    if not config.money.charges:
        yield area.warn(
            "charges",
            "The store file names no charge ids: orders with shipping or fees will be held.",
            remedy="Add money.charges to the store file; config/stores/example.yaml shows them.",
        )
    elif not problems:
        yield area.ok("charges", f"all {len(config.money.charges)} charge ids exist with their currency")


def _charge(area: Area, wanted: ChargeConfig, found: Charge | None, is_cut: bool) -> Finding | None:
    what = f"charge {wanted.id}"
    if found is None and is_cut:
        return area.warn(
            what,
            f"Not among the first {MOST_ROWS} charges of M3; whether it exists is not known.",
            remedy="Look in OIS030.",
        )
    if found is None:
        return area.fail(
            what,
            f"M3 has no charge {wanted.id} ({wanted.kind} at {wanted.rate} % in {wanted.currency}).",
            remedy="Make it in OIS030 with that VAT code and currency, or correct money.charges in the store file.",
        )
    if found.currency and found.currency != wanted.currency:
        return area.fail(
            what,
            f"In M3 it is in {found.currency}, in the store file in {wanted.currency}.",
            remedy="Use a charge id of the right currency (OIS030); M3 would take the amount for another currency.",
        )
    if found.debit_frequency not in ONCE:
        return area.warn(
            what,
            f"In M3 its debit frequency (HACD) is {found.debit_frequency}: it may be billed with each delivery of an order.",
            remedy="Set the debit frequency of the charge to 1, once, in OIS030.",
        )
    return None


def _vat_codes(area: Area, config: StoreConfig, rows: dict[str, Charge]) -> Iterator[Finding]:
    """One VAT code cannot stand for two rates: then one of them is taxed wrongly."""
    rates: dict[str, dict[Decimal, str]] = {}
    for one in config.money.charges:
        if one.id in rows and rows[one.id].vat_code:
            rates.setdefault(rows[one.id].vat_code, {}).setdefault(one.rate, one.id)
    for code, by_rate in rates.items():
        if len(by_rate) > 1:
            pairs = ", ".join(f"{charge} at {rate} %" for rate, charge in sorted(by_rate.items()))
            yield area.warn(
                f"VAT code {code}",
                f"Charges of different rates have the same VAT code in OIS030: {pairs}.",
                remedy="Give each charge the VAT code of its rate in OIS030, or correct the rates in money.charges.",
            )


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
    return area.ok(f"currency {code}", f"known, {told}")
