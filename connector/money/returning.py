"""The money of a return or credit order: planned as a sale of what comes back, by the same rules, then with all signs turned.

Called by flows/refunds. M3 rounds half away from zero, so a figure and its negative round alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from connector.errors import AmountsDifferError
from connector.money.plan import ItemFacts, MoneyPlan, plan_money
from connector.money.planned import PlannedLine
from connector.money.refunds import Of, Piece, Taken
from connector.money.rounding import ZERO, round_half_up, smallest_step
from connector.money.tax import tax_parts
from connector.stores.config import StoreConfig
from connector.stores.money import TaxMode
from connector.woocommerce.models import FeeLine, LineItem, LineTax, Order, ShippingLine, TaxLine

ONE = Decimal(1)
Row = TypeVar("Row", ShippingLine, FeeLine)


def plan_return(
    order: Order,
    taken: Taken,
    *,
    config: StoreConfig,
    items: Mapping[int, ItemFacts],
    currency_decimals: int,
    price_decimals: int,
) -> MoneyPlan:
    """Plans where every amount of a refund goes, and proves the sums.

    Args:
        order: The order it belongs to.
        taken: What the refund takes back.
        config: The store.
        items: The M3 item by the id of the mirrored line: goods those of the order, others a non-stock item of their rate.
        currency_decimals: Decimals of the order's currency.
        price_decimals: Price decimals of the currency.

    Returns:
        A plan whose quantities and amounts are negative.

    Raises:
        AmountsDifferError: It does not add up, or M3 could not hold it to the cent.
        MappingError: An amount has no place: an item, charge id or rate is missing.
    """
    if taken.total and not taken.pieces:
        raise AmountsDifferError(
            f"Refund {taken.refund_id} gives back {taken.total} where all rows of the order are given back already.",
            resolution="It is a rounding of the order's total. Credit it in M3 by hand if it shall be booked; then discard this "
            "exchange.",
        )
    sale = mirror(order, taken, decimals=currency_decimals)
    if config.money.tax_mode is TaxMode.M3_COMPUTES:
        _require_rates_of_sale(order, sale, taken, decimals=currency_decimals)
    plan = plan_money(
        sale, config=config, items=items, currency_decimals=currency_decimals, price_decimals=price_decimals
    )
    return turned(plan)


def as_lines(taken: Taken) -> tuple[Piece, ...]:
    """Returns the pieces that become lines of the order; without any goods also shipping and fees, a reduction excepted.

    Whether M3 invoices an order of charges alone is unproven, so such a refund gets lines of a non-stock item.
    """
    lines = tuple(one for one in taken.pieces if one.of in (Of.GOODS, Of.PRICE, Of.AMOUNT))
    return lines or tuple(one for one in taken.pieces if one.gross > 0)


def mirror(order: Order, taken: Taken, *, decimals: int) -> Order:
    """Returns an order that sells what the refund takes back."""
    lines = as_lines(taken)
    heads = [one for one in taken.pieces if one not in lines]
    shipping = [_head(order.shipping_lines, one, decimals) for one in heads if one.of is Of.SHIPPING]
    fees = [_head(order.fee_lines, one, decimals) for one in heads if one.of is Of.FEE]
    taxes = _tax_lines(
        order, taken.pieces, of_shipping=[one for one in heads if one.of is Of.SHIPPING], decimals=decimals
    )
    zero = round_half_up(ZERO, decimals)
    return order.model_copy(
        update={
            "line_items": tuple(_line(order, one) for one in lines),
            "shipping_lines": tuple(shipping),
            "fee_lines": tuple(fees),
            "coupon_lines": (),
            "tax_lines": taxes,
            "total": taken.total,
            "total_tax": sum((one.tax_total + one.shipping_tax_total for one in taxes), zero),
            "shipping_total": sum((one.total for one in shipping), zero),
        }
    )


def _line(order: Order, piece: Piece) -> LineItem:
    tax = sum((amount for _, amount in piece.taxes), ZERO)
    return LineItem.model_construct(
        id=piece.line_id,
        quantity=piece.quantity if piece.of is Of.GOODS else ONE,
        subtotal=piece.net,
        subtotal_tax=tax,
        total=piece.net,
        total_tax=tax,
        taxes=_line_taxes(piece),
        sku=next((line.sku for line in order.line_items if line.id == piece.source_id), ""),
    )


def _line_taxes(piece: Piece) -> tuple[LineTax, ...]:
    stated = dict(piece.taxes)
    return tuple(LineTax.model_construct(id=rate, total=stated.get(rate, ZERO)) for rate in {*piece.rates, *stated})


def _head(rows: Iterable[Row], piece: Piece, decimals: int) -> Row:
    sold = next(row for row in rows if row.id == piece.source_id)
    taxes = _as_sold(sold, piece, decimals=decimals) or _line_taxes(piece)
    return sold.model_copy(update={"total": piece.net, "total_tax": piece.gross - piece.net, "taxes": taxes})


def _as_sold(sold: ShippingLine | FeeLine, piece: Piece, *, decimals: int) -> tuple[LineTax, ...]:
    """Returns the taxes of a share of a row before the shop rounded them for the refund; none if it states others.

    A reduction is split over the rates by its taxes (base = tax / rate): half a cent at 5 % would be ten cents of it.
    """
    share, stated = piece.net / sold.total if sold.total else ZERO, dict(piece.taxes)
    exact = {tax.id: tax.total * share for tax in sold.taxes if tax.total}
    half = smallest_step(decimals) / 2
    if not exact.keys() >= stated.keys() or any(abs(tax - stated.get(one, ZERO)) > half for one, tax in exact.items()):
        return ()
    return tuple(LineTax.model_construct(id=one, total=tax) for one, tax in exact.items())


def _tax_lines(
    order: Order, pieces: Iterable[Piece], *, of_shipping: Sequence[Piece], decimals: int
) -> tuple[TaxLine, ...]:
    sums: dict[tuple[int, bool], Decimal] = {}
    for piece in pieces:
        for rate, tax in piece.taxes:
            key = (rate, piece in of_shipping)
            sums[key] = sums.get(key, ZERO) + tax
    return tuple(
        line.model_copy(
            update={
                "tax_total": round_half_up(sums.get((line.rate_id, False), ZERO), decimals),
                "shipping_tax_total": round_half_up(sums.get((line.rate_id, True), ZERO), decimals),
            }
        )
        for line in order.tax_lines
    )


def _require_rates_of_sale(order: Order, sale: Order, taken: Taken, *, decimals: int) -> None:
    """Refuses goods whose refund states another VAT than they were sold with: M3 computes it from the item.

    Raises:
        AmountsDifferError: Names the row.
    """
    pieces = {piece.line_id: piece for piece in taken.pieces}
    for line in sale.line_items:
        where = f"Row {line.id} of refund {taken.refund_id}"
        parts = tax_parts(line.taxes, line.total, rates=order.tax_rates, decimals=decimals, where=where)
        stated = tuple(sorted(part.rate_id for part in parts if part.percent))
        if line.total and stated != pieces[line.id].rates:
            raise AmountsDifferError(
                f"{where} states another VAT than the order's row was sold with, and M3 would compute that of the sale.",
                resolution="Delete the refund in the shop and make it anew with its tax; or credit the buyer in M3 by hand "
                "and discard this exchange.",
            )


def turned(plan: MoneyPlan) -> MoneyPlan:
    """Returns the plan with all signs turned; prices stay positive, as M3 takes them."""
    return replace(
        plan,
        lines=tuple(_turned_line(line) for line in plan.lines),
        head_charges=tuple(replace(one, amount=-one.amount) for one in plan.head_charges),
        placements=tuple(replace(one, amount=-one.amount) for one in plan.placements),
        net=-plan.net,
        vat=-plan.vat,
        total=-plan.total,
        shop_tax=-plan.shop_tax,
        rounding=-plan.rounding,
    )


def _turned_line(line: PlannedLine) -> PlannedLine:
    return replace(
        line,
        quantity=-line.quantity,
        amount=-line.amount,
        shares=tuple((line_id, -quantity, -amount) for line_id, quantity, amount in line.shares),
        line_taxes=tuple((charge_id, -amount) for charge_id, amount in line.line_taxes),
    )
