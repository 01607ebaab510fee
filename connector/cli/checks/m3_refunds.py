"""Checks what refunds need in M3: their order types, and an item for money at each VAT rate. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.cli.checks.finding import Area, Finding
from connector.cli.checks.m3_order_types import MOST_ROWS, NEGATIVE_ONLY, list_added, untold_charges
from connector.errors import ConnectorError
from connector.m3.client import M3Client
from connector.m3.programs import mms200mi, ois010mi
from connector.stores.config import StoreConfig
from connector.stores.money import TaxMode
from connector.stores.refunds import CreditItem

SELLABLE = ("20", "90")


def check_refunds(area: Area, m3: M3Client, config: StoreConfig) -> Iterator[Finding]:
    """Yields what was found about order types and credit items of refunds."""
    refunds = config.refunds
    if refunds is None:
        yield area.warn(
            "refunds",
            "The store file does not say what becomes of refunds: each of an order in M3 waits for a person.",
            remedy="Add `refunds` to the store file; config/stores/example.yaml explains it.",
        )
        return
    types = tuple(dict.fromkeys((refunds.return_order_type, refunds.credit_order_type)))
    try:
        wrong = [*_wrong_types(m3, types), *_wrong_items(m3, refunds.credit_items, config)]
        added, untold = _added_charges(area, m3, types)
    except ConnectorError as error:
        yield area.error("refunds", error)
        return
    yield from untold
    wrong += added
    if wrong:
        yield area.fail(
            "refunds",
            f"Refunds would be refused, or not add up: {'; '.join(wrong)}.",
            remedy="Correct the order types in OIS010 and the non-stock items in MMS001, or `refunds` in the store file.",
        )
        return
    yield area.ok("refunds", f"order types {' and '.join(types)} and items for money, as configured")


def _wrong_types(m3: M3Client, types: Sequence[str]) -> Iterator[str]:
    answers = m3.read([ois010mi.list_order_types(first=code) for code in types], max_records=MOST_ROWS)
    for code, answer in zip(types, answers, strict=True):
        found = ois010mi.read_order_type(answer, code=code)
        if found is None:
            yield f"M3 has no customer order type {code}"
        elif found.quantity_sign != NEGATIVE_ONLY:
            yield f"order type {code} does not take negative quantities only (OT11)"


def _added_charges(area: Area, m3: M3Client, types: Sequence[str]) -> tuple[list[str], list[Finding]]:
    """Returns what M3 adds to refunds by itself, and of which type it does not tell."""
    wrong: list[str] = []
    untold: list[Finding] = []
    for code, answer in zip(types, m3.read([ois010mi.list_order_type_charges(one) for one in types]), strict=True):
        try:
            added = list_added(answer, code=code)
        except ConnectorError as error:
            untold.append(untold_charges(area, code, error))
        else:
            wrong += [f"order type {code} {added}"] if added else []
    return wrong, untold


def _wrong_items(m3: M3Client, wanted: Sequence[CreditItem], config: StoreConfig) -> Iterator[str]:
    """An item for money keeps no stock; where M3 computes VAT, its VAT code is that of its rate alone."""
    rates: dict[str, CreditItem] = {}
    answers = m3.read([mms200mi.get_item_basic(one.item) for one in wanted])
    for one, answer in zip(wanted, answers, strict=True):
        if answer.error is not None:
            yield f"item {one.item}: {answer.error.message}"
            continue
        item = mms200mi.read_item_basic(answer)
        if not SELLABLE[0] <= item.status < SELLABLE[1]:
            yield f"item {one.item} is not released for sale"
        if item.is_stocked:
            yield f"M3 keeps stock of item {one.item} (STCD)"
        if config.money.tax_mode is TaxMode.SHOP_TAX_SENT:
            continue
        first = rates.setdefault(item.vat_code, one)
        if first.rate != one.rate:
            yield f"items {first.item} at {first.rate} % and {one.item} at {one.rate} % have one VAT code {item.vat_code} (VTCS)"
        stated = config.items.vat_code(one.rate)
        if stated is not None and stated.lstrip("0") != item.vat_code.lstrip("0"):
            yield f"item {one.item} has VAT code {item.vat_code} (VTCS), not {stated} as items.vat_codes says of {one.rate} %"
