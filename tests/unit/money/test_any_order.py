"""Whatever the order: every amount is placed, and M3, computing by its own rules, gets to the shop's total."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import AmountsDifferError
from connector.money.plan import MoneyPlan, PlannedLine, plan_money
from connector.money.proof import prove_placed
from connector.woocommerce.models import Order
from tests.unit.money.made_orders import Case, cases

thorough = settings(max_examples=100)


def planned(case: Case) -> MoneyPlan:
    decimals = case.currency_decimals
    return plan_money(
        case.order, config=case.config, items=case.items, currency_decimals=decimals, price_decimals=max(decimals, 4)
    )


def half_up(value: Fraction, decimals: int) -> Fraction:
    """Rounds half away from zero in whole numbers, without the decimal module."""
    scaled = abs(value) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, 10**decimals)


def m3_line_amount(line: PlannedLine, decimals: int) -> Fraction:
    gross = Fraction(line.quantity) * Fraction(line.unit_price) / line.price_quantity
    return half_up(gross * (100 - Fraction(line.discount_percent)) / 100, decimals)


def m3_total(case: Case, plan: MoneyPlan) -> Fraction:
    """Computes the order's total as M3 does from what it is sent: items and charge ids carry the VAT rate."""
    decimals = case.currency_decimals
    rated = [(case.rate_of_line[line.shares[0][0]], m3_line_amount(line, decimals)) for line in plan.lines]
    rated += [(case.rate_of_charge[one.charge_id], Fraction(one.amount)) for one in plan.head_charges]
    net = sum(amount for _, amount in rated) + sum(Fraction(tax) for line in plan.lines for _, tax in line.line_taxes)
    if plan.tax_mode == "T":
        return net
    vat: dict[Decimal, Fraction] = {}
    for rate, amount in rated:
        one = amount * Fraction(rate) / 100
        vat[rate] = vat.get(rate, Fraction(0)) + (half_up(one, decimals) if plan.vat_rounding == "line" else one)
    return net + sum(half_up(one, decimals) for one in vat.values())


@thorough
@given(cases())
def test_m3_computes_the_shops_total_to_the_cent(case: Case) -> None:
    plan = planned(case)

    assert m3_total(case, plan) == Fraction(case.order.total)
    assert plan.net + plan.vat == plan.total == case.order.total


@thorough
@given(cases())
def test_each_m3_line_comes_to_its_planned_amount(case: Case) -> None:
    plan = planned(case)

    for line in plan.lines:
        assert m3_line_amount(line, case.currency_decimals) == Fraction(line.amount)
        assert 1 <= line.price_quantity <= 99999
        assert {case.rate_of_line[line_id] for line_id, _, _ in line.shares} == {line.rate}


@thorough
@given(cases())
def test_every_shop_line_is_carried_in_full(case: Case) -> None:
    plan = planned(case)

    shares = [share for line in plan.lines for share in line.shares]
    for shop_line in case.order.line_items:
        mine = [share for share in shares if share[0] == shop_line.id]
        assert sum(quantity for _, quantity, _ in mine) == shop_line.quantity
        assert sum(amount for _, _, amount in mine) == shop_line.total
    assert {share[0] for share in shares} == {line.id for line in case.order.line_items}
    assert len({line.key for line in plan.lines}) == len(plan.lines)


@thorough
@given(cases())
def test_no_charge_id_is_used_twice_and_none_is_zero(case: Case) -> None:
    plan = planned(case)

    for charges in (
        [(one.charge_id, one.amount) for one in plan.head_charges],
        *(one.line_taxes for one in plan.lines),
    ):
        assert len({charge_id for charge_id, _ in charges}) == len(charges)
        assert all(amount for _, amount in charges)


@thorough
@given(cases())
def test_shipping_fees_and_tax_are_charged_in_full(case: Case) -> None:
    plan = planned(case)

    wanted = sum((one.total for one in (*case.order.shipping_lines, *case.order.fee_lines)), Decimal(0))
    if plan.tax_mode == "T":
        wanted += case.order.total_tax - sum(tax for line in plan.lines for _, tax in line.line_taxes)
    assert sum(one.amount for one in plan.head_charges) == wanted + plan.rounding
    assert abs(plan.rounding) <= case.config.money.rounding_limit


@thorough
@given(cases(), st.data())
def test_a_changed_amount_is_refused(case: Case, data: st.DataObject) -> None:
    plan = planned(case)
    change = Decimal(data.draw(st.integers(1, 500)) * data.draw(st.sampled_from([1, -1]))).scaleb(
        -case.currency_decimals
    )
    group = data.draw(st.sampled_from([one for one in GROUPS if one == "total" or getattr(case.order, one)]))

    with pytest.raises(AmountsDifferError, match="do not add up"):
        prove_placed(tampered(case.order, group, change), plan)


GROUPS = ("total", "line_items", "shipping_lines", "fee_lines")


def tampered(order: Order, group: str, change: Decimal) -> Order:
    if group == "total":
        return order.model_copy(update={"total": order.total + change})
    first, *rest = getattr(order, group)
    return order.model_copy(update={group: (first.model_copy(update={"total": first.total + change}), *rest)})


@thorough
@given(cases(), st.sampled_from([1, -1]))
def test_a_total_beyond_the_limit_is_not_planned(case: Case, sign: int) -> None:
    beyond = (2 * case.config.money.rounding_limit + 1) * sign
    order = case.order.model_copy(update={"total": case.order.total + beyond})

    with pytest.raises(AmountsDifferError, match="do not add up"):
        plan_money(
            order, config=case.config, items=case.items, currency_decimals=case.currency_decimals, price_decimals=4
        )
