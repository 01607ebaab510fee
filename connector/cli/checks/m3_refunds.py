"""Checks what refunds need in M3: their order types, and an item for money at each VAT rate. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.m3.client import M3Client
from connector.m3.programs import mms200mi, ois010mi
from connector.stores.config import StoreConfig

MOST_ROWS = 1000
NEGATIVE_ONLY = "1"  # OT11
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
        wrong = [*_wrong_types(m3, types), *_wrong_items(m3, [one.item for one in refunds.credit_items])]
    except ConnectorError as error:
        yield area.error("refunds", error)
        return
    if wrong:
        yield area.fail(
            "refunds",
            f"Refunds would be refused: {'; '.join(wrong)}.",
            remedy="Make the order types in OIS010 and the non-stock items in MMS001, or correct `refunds` in the store file.",
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


def _wrong_items(m3: M3Client, items: Sequence[str]) -> Iterator[str]:
    for item, answer in zip(items, m3.read([mms200mi.get_item_basic(item) for item in items]), strict=True):
        if answer.error is not None:
            yield f"item {item}: {answer.error.message}"
        elif not SELLABLE[0] <= mms200mi.read_item_basic(answer).status < SELLABLE[1]:
            yield f"item {item} is not released for sale"
