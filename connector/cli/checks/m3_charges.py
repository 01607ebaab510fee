"""Checks the charge ids of a store against M3: currency, VAT code, billed once. Called by connector/cli/check.py.

Source: money-and-stock.md section 2. Whether a charge may be negative stands in no published transaction, and line charges are
kept in CRS275, of which there is no list: both are told as what a person has to look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.m3.client import M3Client
from connector.m3.programs.charges import Charge
from connector.m3.programs.ois030mi import list_order_charges, read_charges
from connector.stores.config import StoreConfig
from connector.stores.money import ChargeConfig, ChargeKind, TaxMode

MOST_ROWS = 1000
ONCE = ("", "1")  # HACD
NO_VAT_CODE = "0"
TAXED = (ChargeKind.SHIPPING, ChargeKind.FEE)
"""What M3 computes VAT on in tax mode V; everything else, and all in mode T, is free of VAT."""
LOOK_YOURSELF = "M3 does not tell whether ids of fees and rounding may be negative: look in OIS030"


def check_charges(area: Area, m3: M3Client, config: StoreConfig) -> Iterator[Finding]:
    """Yields what was found about every configured charge id, or one line that all are as configured."""
    wanted = [one for one in config.money.charges if one.kind is not ChargeKind.LINE_TAX]
    try:
        answer = m3.read([list_order_charges()], max_records=MOST_ROWS)[0]
        rows = {one.id: one for one in read_charges(answer)}
    except ConnectorError as error:
        yield area.error("charges", error)
        return
    problems = [found for one in wanted if (found := _charge(area, one, rows.get(one.id), answer.is_cut))]
    problems += _vat_codes(area, config, rows)
    yield from problems
    if config.money.charges:
        yield area.ok("charges, by hand", f"{LOOK_YOURSELF}{_line_charges(config)}")
    if not wanted:
        yield area.warn(
            "charges",
            "The store file names no charge ids: orders with shipping or fees will be held.",
            remedy="Add money.charges to the store file; config/stores/example.yaml shows them.",
        )
    elif not problems:
        yield area.ok(
            "charges",
            f"all {len(wanted)} charge ids exist with their currency, are billed once, each rate with a VAT code of its own",
        )


def _line_charges(config: StoreConfig) -> str:
    ids = sorted({one.id for one in config.money.charges if one.kind is ChargeKind.LINE_TAX})
    return f", nor which line charges there are: look for {', '.join(ids)} in CRS275" if ids else ""


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
        if one.id not in rows:
            continue
        code, rate = rows[one.id].vat_code or NO_VAT_CODE, vat_of(one, config.money.tax_mode)
        rates.setdefault(code, {}).setdefault(rate, one.id)
        stated = config.items.vat_code(rate)
        if stated is not None and stated.lstrip("0") != code.lstrip("0"):
            yield area.warn(
                f"charge {one.id}",
                f"Its VAT code in OIS030 is {code}, that of {rate} % in items.vat_codes is {stated}.",
                remedy="Give the charge the VAT code of its rate in OIS030, or correct items.vat_codes in the store file.",
            )
    for code, by_rate in rates.items():
        if len(by_rate) > 1:
            pairs = ", ".join(f"{charge} at {rate} %" for rate, charge in sorted(by_rate.items()))
            yield area.warn(
                f"VAT code {code}",
                f"Charges of different rates have the same VAT code in OIS030: {pairs}.",
                remedy="Give each charge the VAT code of its rate in OIS030, or correct the rates in money.charges.",
            )
    if config.money.tax_mode is TaxMode.SHOP_TAX_SENT and len(rates) > 1:
        pairs = ", ".join(f"{charge} {code}" for code, by_rate in sorted(rates.items()) for charge in by_rate.values())
        yield area.warn(
            "VAT codes",
            f"In tax mode T every charge has to be free of VAT, but OIS030 has several VAT codes: {pairs}.",
            remedy="Name charge ids without VAT under money.charges, or give these the VAT-free code in OIS030.",
        )


def vat_of(charge: ChargeConfig, mode: TaxMode) -> Decimal:
    """Returns the VAT M3 has to compute on a charge, in percent."""
    return charge.rate if mode is TaxMode.M3_COMPUTES and charge.kind in TAXED else Decimal(0)
