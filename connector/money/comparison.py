"""Compares the order M3 made with its money plan after Confirm; called by the order flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from connector.money.expected import Expected
from connector.money.rounding import ZERO
from connector.stores.money import TaxMode


@dataclass(frozen=True)
class Difference:
    """Something that M3 holds otherwise than planned."""

    what: str
    expected: str
    found: str


class OrderValue(Protocol):
    """The value of an order as M3 states it (OIS100MI/GetOrderValue): ORVA, VTAM, ROAM, TOPY, CUCD."""

    @property
    def before_tax(self) -> Decimal: ...

    @property
    def vat(self) -> Decimal: ...

    @property
    def rounding(self) -> Decimal: ...

    @property
    def total(self) -> Decimal: ...

    @property
    def currency(self) -> str: ...


def compare_with_m3(
    expected: Expected, value: OrderValue, lines: Sequence[tuple[int, Decimal]]
) -> tuple[Difference, ...]:
    """Compares M3's order with what was sent, after Confirm.

    Args:
        expected: What was sent.
        value: What M3 states of the order's value.
        lines: CUPO and net amount of each line M3 holds; several of one number are summed.

    Returns:
        What differs; empty if M3 holds what was planned.
    """
    found = [
        *_different("the currency", expected.currency, value.currency, equal=expected.currency == value.currency),
        *_amount("the total (TOPY)", expected.total, value.total),
        *_amount("the rounding (ROAM)", ZERO, value.rounding),
        *_compare_vat(expected, value),
    ]
    return (*found, *_compare_lines(expected, lines))


def _compare_vat(expected: Expected, value: OrderValue) -> Iterator[Difference]:
    if expected.tax_mode is TaxMode.SHOP_TAX_SENT:
        yield from _amount("the VAT (VTAM)", ZERO, value.vat)
        return
    near = abs(value.vat - expected.shop_tax) <= expected.vat_tolerance
    wanted = f"{expected.shop_tax} +/- {expected.vat_tolerance}"
    yield from _different("the VAT (VTAM)", wanted, str(value.vat), equal=near)
    yield from _amount("the value before tax (ORVA)", expected.total - value.vat, value.before_tax)


def _compare_lines(expected: Expected, lines: Sequence[tuple[int, Decimal]]) -> Iterator[Difference]:
    held: dict[int, Decimal] = {}
    for cupo, amount in lines:
        held[cupo] = held.get(cupo, ZERO) + amount
    for line in expected.lines:
        amount_held = held.pop(line.cupo, None)
        what = f"line {line.key} (CUPO {line.cupo})"
        yield from _different(what, str(line.amount), _shown(amount_held), equal=line.amount == amount_held)
    for cupo, amount in held.items():
        yield Difference(f"a line that was not sent (CUPO {cupo})", "none", str(amount))


def _shown(amount: Decimal | None) -> str:
    return "none" if amount is None else str(amount)


def _amount(what: str, expected: Decimal, found: Decimal) -> Iterator[Difference]:
    return _different(what, str(expected), str(found), equal=expected == found)


def _different(what: str, expected: str, found: str, *, equal: bool) -> Iterator[Difference]:
    if not equal:
        yield Difference(what, expected, found)
