"""Takes off an order what refunds gave back before M3 picked it, so that M3 delivers and invoices the rest. Pure, Decimal only.

Called by flows/order_changes and flows/refunds. The shop leaves an order as it was sold, whatever is refunded of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from connector.errors import AmountsDifferError
from connector.money.at_rates import Rates
from connector.money.refunds import Of, Piece, Taken
from connector.money.rounding import ZERO, round_half_up, roundings
from connector.money.tax import tax_parts
from connector.woocommerce.models import FeeLine, LineItem, LineTax, Order, ShippingLine, TaxLine

Row = TypeVar("Row", LineItem, ShippingLine, FeeLine)


def less(order: Order, given_back: Iterable[Taken], *, decimals: int) -> Order:
    """Returns the order without what was given back; a product line of which nothing is left is gone.

    Money that belongs to no row becomes a fee below zero.

    Raises:
        AmountsDifferError: A row would be below zero, or cost something without a piece of it.
    """
    rounded = ZERO
    for count, taken in enumerate(given_back, start=1):
        rounded = roundings(count, decimals)
        order = _less(order, taken, decimals=decimals, rounded=rounded)
    return _without_tax_of_nothing(order, rounded)


def _less(order: Order, taken: Taken, *, decimals: int, rounded: Decimal) -> Order:
    """Takes one refund off; `rounded` is what rounding may have left of a row whose pieces all came back."""
    taxes = _tax_lines(order.tax_lines, taken.pieces, decimals=decimals)
    tax = _sum_of(order.tax_lines) - _sum_of(taxes)
    freight = _of(taken, Of.SHIPPING)
    fees = _rows(order.fee_lines, _of(taken, Of.FEE))
    return order.model_copy(
        update={
            "line_items": _lines(order.line_items, _of(taken, Of.GOODS, Of.PRICE), decimals, rounded),
            "shipping_lines": _rows(order.shipping_lines, freight),
            "fee_lines": (*fees, *(_reduction(taken.refund_id, one) for one in _of(taken, Of.AMOUNT))),
            "tax_lines": taxes,
            "total": order.total - taken.total,
            "total_tax": order.total_tax - tax,
            "shipping_total": order.shipping_total - sum((one.net for one in freight), ZERO),
        }
    )


def _of(taken: Taken, *kinds: Of) -> list[Piece]:
    return [piece for piece in taken.pieces if piece.of in kinds]


def _lines(lines: Sequence[LineItem], pieces: Sequence[Piece], decimals: int, rounded: Decimal) -> tuple[LineItem, ...]:
    kept = []
    for line in _rows(lines, pieces):
        quantity = line.quantity - sum((one.quantity for one in pieces if one.source_id == line.id), ZERO)
        if quantity < 0 or (not quantity and abs(line.total) > rounded):
            raise _impossible(line.id, f"{quantity.normalize():f} pieces for {line.total} would be left of it")
        if quantity:
            subtotal = round_half_up(line.subtotal * quantity / line.quantity, decimals)
            kept.append(line.model_copy(update={"quantity": quantity, "subtotal": subtotal}))
    return tuple(kept)


def _rows(rows: Sequence[Row], pieces: Sequence[Piece]) -> tuple[Row, ...]:
    """Takes the money of the pieces off their rows; shipping of which nothing is left says how all the same."""
    kept = []
    for row in rows:
        own = [piece for piece in pieces if piece.source_id == row.id]
        total = row.total - sum((piece.net for piece in own), ZERO)
        if total * row.total < 0:
            raise _impossible(row.id, f"{total} would be left of {row.total}")
        by_rate = _by_rate(own)
        taxes = tuple(tax.model_copy(update={"total": tax.total - by_rate.get(tax.id, ZERO)}) for tax in row.taxes)
        update = {"total": total, "total_tax": row.total_tax - sum(by_rate.values(), ZERO), "taxes": taxes}
        kept.append(row.model_copy(update=update) if own else row)
    return tuple(kept)


def _by_rate(pieces: Iterable[Piece]) -> dict[int, Decimal]:
    taxes: dict[int, Decimal] = {}
    for rate, tax in (one for piece in pieces for one in piece.taxes):
        taxes[rate] = taxes.get(rate, ZERO) + tax
    return taxes


def _reduction(refund_id: int, piece: Piece) -> FeeLine:
    stated = dict(piece.taxes)
    return FeeLine.model_construct(
        id=piece.source_id - 100 * refund_id,  # a number of its own, below those of any other row
        name=f"Refund {refund_id}",
        total=-piece.net,
        total_tax=-sum(stated.values(), ZERO),
        taxes=tuple(LineTax.model_construct(id=rate, total=-stated.get(rate, ZERO)) for rate in piece.rates),
    )


def _tax_lines(lines: Sequence[TaxLine], pieces: Sequence[Piece], *, decimals: int) -> tuple[TaxLine, ...]:
    freight = _by_rate(piece for piece in pieces if piece.of is Of.SHIPPING)
    others = _by_rate(piece for piece in pieces if piece.of is not Of.SHIPPING)
    return tuple(
        line.model_copy(
            update={
                "tax_total": line.tax_total - _rounded(others, line.rate_id, decimals),
                "shipping_tax_total": line.shipping_tax_total - _rounded(freight, line.rate_id, decimals),
            }
        )
        for line in lines
    )


def _without_tax_of_nothing(order: Order, rounded: Decimal) -> Order:
    """Leaves out the cents of a rate that no row has tax of: each refund was rounded, so they are rounding of the total."""
    others = _rates_of((*order.line_items, *order.fee_lines))
    freight = _rates_of(order.shipping_lines)
    lines = tuple(
        line.model_copy(
            update={
                "tax_total": _unless_rounding(line.tax_total, line.rate_id in others, rounded),
                "shipping_tax_total": _unless_rounding(line.shipping_tax_total, line.rate_id in freight, rounded),
            }
        )
        for line in order.tax_lines
    )
    left_out = _sum_of(order.tax_lines) - _sum_of(lines)
    return order.model_copy(update={"tax_lines": lines, "total_tax": order.total_tax - left_out})


def _rates_of(rows: Iterable[LineItem | ShippingLine | FeeLine]) -> set[int]:
    return {tax.id for row in rows for tax in row.taxes if tax.total}


def _unless_rounding(tax: Decimal, is_of_a_row: bool, rounded: Decimal) -> Decimal:
    return tax if is_of_a_row or abs(tax) > rounded else ZERO


def _rounded(taxes: Mapping[int, Decimal], rate: int, decimals: int) -> Decimal:
    return round_half_up(taxes.get(rate, ZERO), decimals)


def _sum_of(lines: Iterable[TaxLine]) -> Decimal:
    return sum((line.tax_total + line.shipping_tax_total for line in lines), ZERO)


def everything(order: Order, refund_id: int, *, decimals: int) -> Taken:
    """Returns all there is in an order as what one refund takes back."""
    pieces = [
        *(_whole(order, line, Of.GOODS, line.quantity, decimals) for line in order.line_items),
        *(_whole(order, line, Of.SHIPPING, ZERO, decimals) for line in order.shipping_lines),
        *(_whole(order, line, Of.FEE, ZERO, decimals) for line in order.fee_lines),
    ]
    return Taken(refund_id, tuple(pieces), order.total)


def _whole(order: Order, row: LineItem | ShippingLine | FeeLine, of: Of, quantity: Decimal, decimals: int) -> Piece:
    where = f"Row {row.id} of the order"
    parts = tax_parts(row.taxes, row.total, rates=order.tax_rates, decimals=decimals, where=where)
    rates: Rates = tuple(sorted(part.rate_id for part in parts if part.percent))
    return Piece(of, row.id, quantity, row.total, tuple((one.id, one.total) for one in row.taxes if one.total), rates)


def _impossible(row_id: int, what: str) -> AmountsDifferError:
    return AmountsDifferError(
        f"Refunds take back what M3 has not picked yet, and row {row_id} cannot be made smaller so: {what}.",
        resolution="Give back money and goods of the row together in the shop (delete the refund and make it anew); or change "
        "the order in OIS300 by hand and discard the refund's exchange.",
    )
