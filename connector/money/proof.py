"""Proves a money plan against the order before anything is written; called by connector.money.plan and the order flow.

It starts again from the order and recomputes; nothing in the plan is taken on trust.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from connector.errors import AmountsDifferError
from connector.money.ladder import line_amount
from connector.money.planned import MoneyPlan, PlannedLine
from connector.money.rounding import ZERO
from connector.money.tax import RatedAmount, vat_by_rate
from connector.stores.money import ChargeKind, TaxMode
from connector.woocommerce.models import Order

TAX_KINDS = (ChargeKind.SHIPPING_TAX, ChargeKind.FEE_TAX)


@dataclass(frozen=True)
class Sum:
    """One figure of the shop and where it is found again; `tolerance` is how far they may be apart."""

    what: str
    expected: Decimal
    found: Decimal
    tolerance: Decimal = ZERO

    @property
    def agrees(self) -> bool:
        """Tells whether both are equal within the tolerance."""
        return abs(self.expected - self.found) <= self.tolerance


def prove_placed(order: Order, plan: MoneyPlan) -> None:
    """Proves that every amount of the order is in the plan, and that M3 gets to the shop's total.

    Raises:
        AmountsDifferError: Names the first sum that fails.
    """
    if order.currency != plan.currency:
        raise AmountsDifferError(
            f"The order is in {order.currency}, its plan in {plan.currency}.",
            resolution="Run the exchange again; the currency of the order was changed.",
        )
    for one in placed(order, plan):
        if not one.agrees:
            raise AmountsDifferError(
                f"The amounts do not add up: {one.what} is {one.expected} in the shop and {one.found} as planned for M3"
                + (f"; {one.tolerance} is allowed." if one.tolerance else "."),
                resolution="Recalculate the order in the shop and compare its tax rates with those of M3; if it is "
                "right there, widen money.rounding_limit in config/stores/<store>.yaml; then release the order.",
                what=one.what,
                expected=str(one.expected),
                found=str(one.found),
            )


def placed(order: Order, plan: MoneyPlan) -> tuple[Sum, ...]:
    """Lists every figure of the order with what the plan makes of it."""
    return (
        *_product_lines(order, plan),
        *_m3_lines(plan),
        *_head_lines(order, plan),
        *_charges(plan),
        *_tax(order, plan),
        *_totals(order, plan),
    )


def _product_lines(order: Order, plan: MoneyPlan) -> Iterator[Sum]:
    shares = [share for line in plan.lines for share in line.shares]
    for line_id in dict.fromkeys([*(line.id for line in order.line_items), *(share[0] for share in shares)]):
        lines = [line for line in order.line_items if line.id == line_id]
        mine = [share for share in shares if share[0] == line_id]
        quantities = sum((line.quantity for line in lines), ZERO), sum((share[1] for share in mine), ZERO)
        amounts = sum((line.total for line in lines), ZERO), sum((share[2] for share in mine), ZERO)
        yield Sum(f"the quantity of order line {line_id}", *quantities)
        yield Sum(f"the total of order line {line_id}", *amounts)


def _m3_lines(plan: MoneyPlan) -> Iterator[Sum]:
    for line in plan.lines:
        yield Sum(
            f"what M3 line {line.key} takes from shop lines", sum((one[2] for one in line.shares), ZERO), line.amount
        )
        yield Sum(f"the quantity of M3 line {line.key}", sum((one[1] for one in line.shares), ZERO), line.quantity)
        yield Sum(f"the amount M3 computes for line {line.key}", line.amount, _computed(line, plan.currency_decimals))


def _computed(line: PlannedLine, decimals: int) -> Decimal:
    return line_amount(
        line.quantity,
        line.unit_price,
        price_quantity=line.price_quantity,
        discount_percent=line.discount_percent,
        decimals=decimals,
    )


def _head_lines(order: Order, plan: MoneyPlan) -> Iterator[Sum]:
    for kind, lines in ((ChargeKind.SHIPPING, order.shipping_lines), (ChargeKind.FEE, order.fee_lines)):
        known = {line.id: line.total for line in lines}
        found = _placed_by_source(plan, kind)
        for source_id in dict.fromkeys([*known, *found]):
            yield Sum(f"the {kind.value} line {source_id}", known.get(source_id, ZERO), found.get(source_id, ZERO))


def _placed_by_source(plan: MoneyPlan, kind: ChargeKind) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for one in plan.placements:
        if one.kind is kind:
            found[one.source_id] = found.get(one.source_id, ZERO) + one.amount
    return found


def _charges(plan: MoneyPlan) -> Iterator[Sum]:
    occurrences = Counter(charge.charge_id for charge in plan.head_charges)
    charged = {charge.charge_id: charge.amount for charge in plan.head_charges}
    for charge_id in dict.fromkeys([*(one.charge_id for one in plan.placements), *occurrences]):
        amounts = (one.amount for one in plan.placements if one.charge_id == charge_id)
        yield Sum(f"the head charge {charge_id}", sum(amounts, ZERO), charged.get(charge_id, ZERO))
        yield Sum(f"the number of head charges {charge_id}", Decimal(1), Decimal(occurrences[charge_id] or 1))
    for line in plan.lines:
        distinct = {charge_id for charge_id, _ in line.line_taxes}
        yield Sum(f"the number of line charges of {line.key}", Decimal(len(distinct)), Decimal(len(line.line_taxes)))


def _tax(order: Order, plan: MoneyPlan) -> Iterator[Sum]:
    if plan.tax_mode is TaxMode.SHOP_TAX_SENT:
        yield Sum("the order's tax", order.total_tax, _line_taxes(plan) + _head_taxes(plan))
        yield Sum("M3's own VAT", ZERO, plan.vat)
        return
    computed = vat_by_rate(_rated_amounts(plan), rounding=plan.vat_rounding, decimals=plan.currency_decimals)
    stated: dict[Decimal, Decimal] = {}
    for line in order.tax_lines:
        rate = line.rate_percent or ZERO
        stated[rate] = stated.get(rate, ZERO) + line.tax_total + line.shipping_tax_total
    for rate in dict.fromkeys([*stated, *computed]):
        what = f"the tax at {rate.normalize():f} %"
        yield Sum(what, stated.get(rate, ZERO), computed.get(rate, ZERO), plan.vat_tolerance)
    yield Sum("the VAT M3 computes", sum(computed.values(), ZERO), plan.vat)
    yield Sum("the order's tax", order.total_tax, plan.vat, plan.vat_tolerance)


def _rated_amounts(plan: MoneyPlan) -> list[RatedAmount]:
    rates = {one.charge_id: one.rate for one in plan.placements}
    charges = [(rates.get(charge.charge_id, ZERO), charge.amount) for charge in plan.head_charges]
    return [*((line.rate, line.amount) for line in plan.lines), *charges]


def _line_taxes(plan: MoneyPlan) -> Decimal:
    return sum((tax for line in plan.lines for _, tax in line.line_taxes), ZERO)


def _head_taxes(plan: MoneyPlan) -> Decimal:
    return sum((one.amount for one in plan.placements if one.kind in TAX_KINDS), ZERO)


def _totals(order: Order, plan: MoneyPlan) -> Iterator[Sum]:
    lines = sum((line.amount for line in plan.lines), ZERO)
    charges = sum((charge.amount for charge in plan.head_charges), ZERO)
    yield Sum("lines and charges", lines + _line_taxes(plan) + charges, plan.net)
    yield Sum("the rounding", ZERO, plan.rounding, plan.rounding_limit)
    yield Sum("the order's total", order.total, plan.net + plan.vat)
    yield Sum("the total of the plan", order.total, plan.total)
