"""Does the shop's order add up by itself? Checked by connector.money.plan before anything is placed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connector.errors import AmountsDifferError, MappingError
from connector.money.rounding import ZERO, has_at_most
from connector.woocommerce.models import Order

LINE_AMOUNT_DECIMALS = 2
"""Places of a line amount in M3's order line table."""


def check_currency(order: Order, *, decimals: int) -> None:
    """Refuses an order whose amounts M3 cannot hold.

    Raises:
        MappingError: The currency has more decimals than a line amount of M3.
        AmountsDifferError: An amount has more decimals than its currency.
    """
    if decimals > LINE_AMOUNT_DECIMALS:
        raise MappingError(
            f"Amounts in {order.currency} have {decimals} decimals, a line amount of M3 holds {LINE_AMOUNT_DECIMALS}.",
            rule="money",
            field="currency",
            resolution="Enter the order in M3 by hand, or sell in another currency.",
        )
    for what, amount in _amounts(order):
        if not has_at_most(amount, decimals):
            raise AmountsDifferError(
                f"{what} is {amount}, but {order.currency} has {decimals} decimals.",
                resolution="Set the shop's number of decimals to that of the currency (WooCommerce, Settings, General) "
                "and recalculate the order, or enter it in M3 by hand.",
            )


def _amounts(order: Order) -> Iterator[tuple[str, Decimal]]:
    for noun, lines in (
        ("Order line", order.line_items),
        ("Shipping line", order.shipping_lines),
        ("Fee line", order.fee_lines),
    ):
        for line in lines:
            yield f"The total of {noun.lower()} {line.id}", line.total
    yield "The order's tax", order.total_tax
    yield "The order's total", order.total


def check_shop_sums(order: Order, *, limit: Decimal) -> None:
    """Refuses an order whose own sums miss its totals by more than `limit` (currency units).

    Raises:
        AmountsDifferError: Names the sum. Gift cards and other deductions that are no line of the order end here.
    """
    lines, shipping, fees = (
        sum((line.total for line in group), ZERO) for group in (order.line_items, order.shipping_lines, order.fee_lines)
    )
    rates = sum((line.tax_total + line.shipping_tax_total for line in order.tax_lines), ZERO)
    _compare(f"the tax lines ({rates}) and the order's tax", rates, order.total_tax, limit)
    _compare(f"the shipping lines ({shipping}) and the order's shipping", shipping, order.shipping_total, limit)
    _compare(
        f"lines {lines} + shipping {shipping} + fees {fees} + tax {order.total_tax} and the order's total",
        lines + shipping + fees + order.total_tax,
        order.total,
        limit,
    )


def _compare(what: str, found: Decimal, expected: Decimal, limit: Decimal) -> None:
    if abs(found - expected) <= limit:
        return
    raise AmountsDifferError(
        f"The amounts do not add up: {what} ({expected}) differ by {found - expected}.",
        resolution="Recalculate the order in the shop. Where a plug-in takes an amount off the total (gift card, store "
        "credit), let it do so by a fee line or a coupon; then release the order.",
        expected=str(expected),
        found=str(found),
        limit=str(limit),
    )
