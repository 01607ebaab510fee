"""What a refund takes back of an order, row by row and rate by rate, and never more than was sold and is left.

Called by flows/refunds. Pure: no I/O, Decimal only. A refund without lines is split over the VAT rates by what each of them
still has to give (money-and-stock section 8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from connector.errors import AmountsDifferError
from connector.money.at_rates import Rates, Row, rates_of, row_at, rows_of, sold_at, tax_sold_at
from connector.money.rounding import ZERO, round_half_up, roundings, spread
from connector.money.tax import HUNDRED
from connector.woocommerce.models import LineItem, Order, Refund


class Of(StrEnum):
    """What a piece takes back."""

    GOODS = "goods"  # a product line, with a quantity
    PRICE = "price"  # money off a product line whose goods stay with the buyer
    SHIPPING = "shipping"
    FEE = "fee"
    AMOUNT = "amount"  # money that belongs to no line


@dataclass(frozen=True)
class Piece:
    """What a refund takes back of one row of the order, with the signs of a sale: what is given back is positive."""

    of: Of
    source_id: int  # id of the order's row; for an amount a negative number of its own
    quantity: Decimal
    net: Decimal
    taxes: tuple[tuple[int, Decimal], ...]  # rate id and tax, as the shop states it
    rates: Rates

    @property
    def line_id(self) -> int:
        """What its line on the return is known by: the order's row for goods, a number of its own for money."""
        return self.source_id if self.of in (Of.GOODS, Of.AMOUNT) else -1000 - self.source_id

    @property
    def gross(self) -> Decimal:
        """Net and taxes, not rounded."""
        return self.net + sum((tax for _, tax in self.taxes), ZERO)


@dataclass(frozen=True)
class Taken:
    """All that one refund takes back; `total` is what the buyer gets."""

    refund_id: int
    pieces: tuple[Piece, ...]
    total: Decimal


def take(order: Order, refund: Refund, *, earlier: Sequence[Refund], decimals: int, limit: Decimal) -> Taken:
    """Splits a refund into pieces and caps it at what was sold less what earlier refunds took.

    Args:
        order: The order as it was sold; refunds leave its rows and total as they were.
        refund: The refund.
        earlier: All refunds of the order that count before this one.
        decimals: Places of the currency.
        limit: How far sums may miss by rounding alone.

    Raises:
        AmountsDifferError: It takes more than is left, or contradicts itself.
        MappingError: A tax rate that the order does not name.
    """
    return take_each(order, refund, earlier=earlier, decimals=decimals, limit=limit)[-1]


def take_each(
    order: Order, refund: Refund, *, earlier: Sequence[Refund], decimals: int, limit: Decimal
) -> tuple[Taken, ...]:
    """Does the same, and returns what the earlier ones took, too, oldest first."""
    before: list[Taken] = []
    for one in sorted(earlier, key=lambda other: other.id):
        before.append(_split_earlier(order, one, before, decimals=decimals, limit=limit))
    taken = _split(order, refund, before, decimals=decimals, limit=limit)
    _refuse_above(order, taken, before, decimals=decimals, limit=limit)
    return (*before, taken)


def _split_earlier(order: Order, refund: Refund, before: Sequence[Taken], *, decimals: int, limit: Decimal) -> Taken:
    """Splits a refund that counts before another one; of one that could not be split, and was a person's, the amount counts."""
    try:
        return _split(order, _of_order(order, refund), before, decimals=decimals, limit=limit)
    except AmountsDifferError:
        return Taken(refund.id, (), max(refund.amount, ZERO))


def _of_order(order: Order, refund: Refund) -> Refund:
    """Returns a refund without rows that are none of the order's: what came to it after it was invoiced."""
    ids = {row.id for row in rows_of(order)}
    tables = ("line_items", "shipping_lines", "fee_lines")
    kept = {table: tuple(row for row in getattr(refund, table) if row.refunded_item_id in ids) for table in tables}
    others = [row for table in tables for row in getattr(refund, table) if row not in kept[table]]
    amount = refund.amount + sum((row.total + row.total_tax for row in others), ZERO)
    return refund.model_copy(update={**kept, "amount": max(amount, ZERO)}) if others else refund


def _split(order: Order, refund: Refund, before: Sequence[Taken], *, decimals: int, limit: Decimal) -> Taken:
    stated = tuple(
        _within_row(order, one, before, decimals=decimals) for one in _stated(order, refund, decimals=decimals)
    )
    if refund.amount < 0:
        raise _wrong(refund, f"its amount is {refund.amount}; a refund of a refund cannot be carried across")
    rest = refund.amount - round_half_up(sum((one.gross for one in stated), ZERO), decimals)
    if rest < -limit:
        raise _wrong(refund, f"its lines come to {refund.amount - rest}, its amount is {refund.amount}")
    free = () if stated and rest <= limit else _over_rates(order, rest, before, decimals=decimals, limit=limit)
    return Taken(refund.id, (*stated, *free), refund.amount)


def _stated(order: Order, refund: Refund, *, decimals: int) -> Iterator[Piece]:
    """Yields what the lines of a refund take back; the shop writes them with negative signs."""
    rows: tuple[tuple[Of, tuple[Row, ...], tuple[Row, ...]], ...] = (
        (Of.GOODS, refund.line_items, order.line_items),
        (Of.SHIPPING, refund.shipping_lines, order.shipping_lines),
        (Of.FEE, refund.fee_lines, order.fee_lines),
    )
    for of, given, sold in rows:
        by_id = {row.id: row for row in sold}
        for row in given:
            source = by_id.get(row.refunded_item_id or 0)
            if source is None:
                raise _wrong(refund, f"its row {row.id} names no row of the order")
            quantity = -row.quantity if isinstance(row, LineItem) else ZERO
            if not (quantity or row.total or row.total_tax):
                continue
            taxes = tuple((tax.id, -tax.total) for tax in row.taxes if tax.total)
            other = [rate for rate, _ in taxes if rate not in order.tax_rates]
            if other:
                raise _wrong(refund, f"its row {row.id} bears tax rate {other[0]}, which the order was not sold at")
            kind = Of.PRICE if of is Of.GOODS and not quantity else of
            yield Piece(kind, source.id, quantity, -row.total, taxes, rates_of(order, source, decimals=decimals))


def _within_row(order: Order, piece: Piece, before: Sequence[Taken], *, decimals: int) -> Piece:
    """Caps a piece at what its row has left where only rounding goes beyond: the shop rounds what it is sent refund by refund.

    What the buyer got stays as it is, so the cents are a rounding of the refund.
    """
    row = next(one for one in rows_of(order) if one.id == piece.source_id)
    earlier = [one.net for each in before for one in each.pieces if one.source_id == row.id]
    left = row.total - sum(earlier, ZERO)
    beyond = piece.net - left if row.total >= 0 else left - piece.net
    return replace(piece, net=left) if 0 < beyond <= roundings(len(earlier) + 1, decimals) else piece


def _over_rates(
    order: Order, amount: Decimal, before: Sequence[Taken], *, decimals: int, limit: Decimal
) -> tuple[Piece, ...]:
    """Splits an amount that belongs to no line over the rates, by what each has left; base = gross / (1 + rate).

    One that gives back all that is left gives back each rate's own, a reduction that bears another rate included.
    """
    sold = sold_at(order, decimals=decimals)
    taken = _gross_of(order, before, decimals=decimals)
    left = {rates: gross - taken.get(rates, ZERO) for rates, gross in sold.items()}
    if not any(left.values()):
        return ()  # its rows are all given back: what the order's total is above their sum is a rounding
    if amount and abs(sum(left.values(), ZERO) - amount) <= limit:
        shares = spread(amount, list(left.values()), decimals=decimals)
        if pieces := _all_of(order, dict(zip(left, shares, strict=True)), decimals=decimals):
            return pieces
    giving = _positive(left) or _positive(sold)
    alone = {rates: gross for rates, gross in giving.items() if len(rates) < 2}
    if sum(alone.values(), ZERO) >= amount:  # several rates on one row are a matter of that row
        giving = alone
    if not amount or not giving:
        return ()
    whole = sum(giving.values(), ZERO)
    shares = spread(amount, [amount * gross / whole for gross in giving.values()], decimals=decimals)
    return _amount_pieces(order, dict(zip(giving, shares, strict=True)), decimals=decimals)


def _amount_pieces(order: Order, shares: dict[Rates, Decimal], *, decimals: int) -> tuple[Piece, ...]:
    return tuple(
        amount_piece(order, place, rates, share, decimals=decimals)
        for place, (rates, share) in enumerate(shares.items(), start=1)
        if share
    )


def _all_of(order: Order, left: dict[Rates, Decimal], *, decimals: int) -> tuple[Piece, ...]:
    """Returns pieces for all that is left, a reduction as the fee it was; none if a reduction is no one fee's."""
    reductions = []
    for rates, gross in left.items():
        if gross < 0:
            fees = (fee for fee in order.fee_lines if fee.total <= gross)
            like = next((fee for fee in fees if rates_of(order, fee, decimals=decimals) == rates), None)
            if like is None:
                return ()
            piece = amount_piece(order, 1, rates, gross, decimals=decimals)
            reductions.append(replace(piece, of=Of.FEE, source_id=like.id, quantity=ZERO))
    return (*_amount_pieces(order, _positive(left), decimals=decimals), *reductions)


def _positive(amounts: dict[Rates, Decimal]) -> dict[Rates, Decimal]:
    return {rates: amount for rates, amount in amounts.items() if amount > 0}


def amount_piece(order: Order, place: int, rates: Rates, gross: Decimal, *, decimals: int) -> Piece:
    """Returns money that belongs to no row, with its tax at some rates; `place` tells it from others of its refund."""
    percents = [order.tax_rates[rate] for rate in rates]
    together = sum(percents, ZERO)
    net = round_half_up(gross * HUNDRED / (HUNDRED + together), decimals)
    taxes = (
        spread(gross - net, [(gross - net) * one / together for one in percents], decimals=decimals) if rates else ()
    )
    net = net if rates else gross
    return Piece(Of.AMOUNT, -place, Decimal(1), net, tuple(zip(rates, taxes, strict=True)), rates)


def _gross_of(order: Order, takings: Iterable[Taken], *, decimals: int) -> dict[Rates, Decimal]:
    """Returns what refunds took back at each rate, with tax: of a row in the shares in which the row was sold."""
    rows = {row.id: row_at(order, row, decimals=decimals) for row in rows_of(order)}
    taken: dict[Rates, Decimal] = {}
    for piece in (piece for one in takings for piece in one.pieces):
        at = rows.get(piece.source_id, {})
        whole = sum(at.values(), ZERO)
        shares = {rates: gross / whole for rates, gross in at.items()} if whole else {piece.rates: Decimal(1)}
        for rates, share in shares.items():
            taken[rates] = taken.get(rates, ZERO) + piece.gross * share
    return taken


def _tax_of(takings: Iterable[Taken]) -> dict[Rates, Decimal]:
    """Returns the tax at each rate that refunds took back."""
    taken: dict[Rates, Decimal] = {}
    for rate, tax in (tax for one in takings for piece in one.pieces for tax in piece.taxes):
        taken[(rate,)] = taken.get((rate,), ZERO) + tax
    return taken


def _refuse_above(order: Order, taken: Taken, before: Sequence[Taken], *, decimals: int, limit: Decimal) -> None:
    """Refuses a refund that takes more than is left: of the total, of a row of its own, or at a rate of its own.

    Taxes are rounded on each refund, so at a rate what that can come to is allowed beyond; the total and the rows are exact.
    """
    all_taken = (*before, taken)
    left = order.total - sum((one.total for one in before), ZERO)
    if taken.total > left:
        raise _above(taken, "the order", taken.total, left)
    touched = {one.source_id for one in taken.pieces}
    for row in (one for one in rows_of(order) if one.id in touched):
        net = sum((one.net for each in all_taken for one in each.pieces if one.source_id == row.id), ZERO)
        pieces = sum((one.quantity for each in all_taken for one in each.pieces if one.source_id == row.id), ZERO)
        if abs(net) > abs(row.total) or net * row.total < 0:
            raise _above(taken, f"row {row.id}", net, row.total)
        if isinstance(row, LineItem) and not 0 <= pieces <= row.quantity:
            raise _above(taken, f"row {row.id}, in pieces", pieces, row.quantity)
    _refuse_above_rates(order, taken, all_taken, decimals=decimals, limit=limit)


def _refuse_above_rates(
    order: Order, taken: Taken, all_taken: Sequence[Taken], *, decimals: int, limit: Decimal
) -> None:
    allowed = max(limit, roundings(sum(len(one.pieces) for one in all_taken), decimals))
    for what, found, most in (
        ("what was sold", _gross_of(order, all_taken, decimals=decimals), sold_at(order, decimals=decimals)),
        ("the tax", _tax_of(all_taken), tax_sold_at(order, decimals=decimals)),
    ):
        mine = _gross_of(order, [taken], decimals=decimals).keys() | _tax_of([taken]).keys()
        for rates, together in found.items():
            if rates in mine and together > max(most.get(rates, ZERO), ZERO) + allowed:
                figures = (round_half_up(one, decimals) for one in (together, most.get(rates, ZERO)))
                raise _above(taken, f"{what} at {_named(order, rates)}", *figures)


def _named(order: Order, rates: Rates) -> str:
    return " + ".join(f"{order.tax_rates[rate].normalize():f} %" for rate in rates) or "0 %"


def _above(taken: Taken, what: str, found: Decimal, most: Decimal) -> AmountsDifferError:
    return AmountsDifferError(
        f"Refund {taken.refund_id} and those before it take back more than there is: {what}: {found} of {most}.",
        resolution="Delete the refund in the shop and make a right one; or credit the buyer in M3 by hand and discard this "
        "exchange.",
        found=str(found),
        most=str(most),
    )


def _wrong(refund: Refund, what: str) -> AmountsDifferError:
    return AmountsDifferError(
        f"Refund {refund.id} contradicts itself: {what}.",
        resolution="Delete the refund in the shop and make it anew, or credit the buyer in M3 by hand and discard this "
        "exchange.",
    )
