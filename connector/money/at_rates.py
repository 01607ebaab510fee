"""What an order was sold at: its rows by VAT rate, with tax. Called by connector.money.refunds; pure, Decimal only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from connector.money.rounding import ZERO, smallest_step
from connector.money.tax import HUNDRED, TaxPart, tax_parts
from connector.woocommerce.models import FeeLine, LineItem, Order, ShippingLine

Rates = tuple[int, ...]
"""The ids of the tax rates that lie on an amount; empty if none does."""

Row = LineItem | ShippingLine | FeeLine


def rows_of(order: Order) -> tuple[Row, ...]:
    """Returns everything that costs something in an order."""
    return (*order.line_items, *order.shipping_lines, *order.fee_lines)


def rates_of(order: Order, row: Row, *, decimals: int) -> Rates:
    """Returns the rates that lie on a row.

    Raises:
        MappingError: A rate that the order does not name.
    """
    return tuple(sorted(part.rate_id for part in _taxed(order, row, decimals=decimals)))


def sold_at(order: Order, *, decimals: int) -> dict[Rates, Decimal]:
    """Returns what was sold at each rate, with tax."""
    sold: dict[Rates, Decimal] = {}
    for row in rows_of(order):
        for rates, gross in row_at(order, row, decimals=decimals).items():
            sold[rates] = sold.get(rates, ZERO) + gross
    return dict(sorted(sold.items()))


def tax_sold_at(order: Order, *, decimals: int) -> dict[Rates, Decimal]:
    """Returns the tax at each rate, as the rows state it."""
    taxes: dict[Rates, Decimal] = {}
    for part in (part for row in rows_of(order) for part in _taxed(order, row, decimals=decimals)):
        taxes[(part.rate_id,)] = taxes.get((part.rate_id,), ZERO) + part.tax
    return taxes


def row_at(order: Order, row: Row, *, decimals: int) -> dict[Rates, Decimal]:
    """Splits a row with its tax over the rates: base = tax / rate, and what remains bears none.

    So a reduction that is taxed in proportion to the goods counts at their rates. Taxes that lie on top of each other stay
    together.
    """
    taxes = _taxed(order, row, decimals=decimals)
    if not taxes:
        return {(): row.total}
    gross: dict[Rates, Decimal] = {(one.rate_id,): one.tax * HUNDRED / one.percent + one.tax for one in taxes}
    whole = row.total + sum((one.tax for one in taxes), ZERO)
    rest = whole - sum(gross.values(), ZERO)
    if abs(rest) <= _unseen(taxes, decimals=decimals):
        largest = max(gross, key=lambda rates: abs(gross[rates]))
        return {**gross, largest: gross[largest] + rest}
    if len(taxes) > 1 and rest * row.total < 0:
        return {tuple(sorted(one.rate_id for one in taxes)): whole}
    return {**gross, (): rest}


def _taxed(order: Order, row: Row, *, decimals: int) -> tuple[TaxPart, ...]:
    where = f"Row {row.id} of the order"
    parts = tax_parts(row.taxes, row.total, rates=order.tax_rates, decimals=decimals, where=where)
    return tuple(part for part in parts if part.percent)


def _unseen(taxes: Sequence[TaxPart], *, decimals: int) -> Decimal:
    """Returns what rounding of the taxes alone can make of their bases."""
    half = smallest_step(decimals) / 2
    return sum((half * HUNDRED / one.percent + half for one in taxes), ZERO)
