"""Whatever the order: M3 holds at each tax rate what the shop states there, of the sale and of all refunds together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings

from connector.errors import ConnectorError, MappingError
from connector.money.plan import MoneyPlan, plan_money
from connector.money.refunds import Taken
from connector.money.returning import as_lines
from connector.stores.money import ChargeKind, TaxMode
from tests.unit.money.made_orders import RATES, Case, cases
from tests.unit.money.test_any_order import half_up, m3_line_amount, planned
from tests.unit.money.test_refunds import Shop, moves, plan_of, play, taken_of

thorough = settings(max_examples=100)

PerRate = dict[Decimal, Fraction]
Rated = tuple[Decimal, Fraction]
TAX_CHARGES = (ChargeKind.SHIPPING_TAX, ChargeKind.FEE_TAX)


def added(amounts: Iterable[Rated]) -> PerRate:
    sums: PerRate = {}
    for rate, amount in amounts:
        sums[rate] = sums.get(rate, Fraction(0)) + amount
    return sums


def stated_tax(case: Case) -> PerRate:
    """What the shop says of each rate."""
    return added(
        (RATES[line.rate_id], Fraction(line.tax_total + line.shipping_tax_total)) for line in case.order.tax_lines
    )


def posted_tax(plan: MoneyPlan, rated: Iterable[Rated], *, decimals: int) -> PerRate:
    """What M3 makes of each rate: the tax that was sent, or what it computes by the VAT of items and charge ids."""
    if plan.tax_mode is TaxMode.SHOP_TAX_SENT:
        return added(sent_tax(plan))
    each = [(rate, amount * Fraction(rate) / 100) for rate, amount in rated]
    if plan.vat_rounding == "line":
        each = [(rate, half_up(amount, decimals)) for rate, amount in each]
    return {rate: half_up(amount, decimals) for rate, amount in added(each).items() if rate}


def sent_tax(plan: MoneyPlan) -> Iterator[Rated]:
    yield from (
        (Decimal(rate_of_id(charge_id)), Fraction(tax)) for line in plan.lines for charge_id, tax in line.line_taxes
    )
    yield from ((one.rate, Fraction(one.amount)) for one in plan.placements if one.kind in TAX_CHARGES)


def rate_of_id(charge_id: str) -> str:
    """Reads the rate out of the charge ids of tests/unit/money/material.py."""
    (rate,) = [rate for rate in RATES.values() if charge_id == f"TAX{str(rate).replace('.', '')}"[:6]]
    return str(rate)


def rated_amounts(case: Case, plan: MoneyPlan) -> list[Rated]:
    """Every net amount as M3 gets it, with the VAT rate M3 takes from the item or charge id."""
    lines = [(case.rate_of_line[line.shares[0][0]], line) for line in plan.lines]
    charges = [(case.rate_of_charge[one.charge_id], Fraction(one.amount)) for one in plan.head_charges]
    return [*((rate, m3_line_amount(line, case.currency_decimals)) for rate, line in lines), *charges]


def unseen(case: Case, rate: Decimal) -> Fraction:
    """How far roundings alone may bring both sides apart at a rate.

    The shop rounds each tax, M3 another time, and the net the shop computes with has more places than the one it shows.
    """
    order, step = case.order, Fraction(1, 10**case.currency_decimals)
    rows = [
        row
        for row in (*order.line_items, *order.shipping_lines, *order.fee_lines)
        if any(RATES[tax.id] == rate for tax in row.taxes)
    ]
    return step * (len(rows) + 1) * (1 + Fraction(rate) / 100)


@thorough
@given(cases())
def test_tax_of_each_rate_is_what_the_shop_states(case: Case) -> None:
    plan = planned(case)

    posted = posted_tax(plan, rated_amounts(case, plan), decimals=case.currency_decimals)

    stated = stated_tax(case)
    for rate in {*posted, *stated}:
        difference = abs(posted.get(rate, Fraction(0)) - stated.get(rate, Fraction(0)))
        if plan.tax_mode is TaxMode.SHOP_TAX_SENT:
            assert difference <= Fraction(1, 10**case.currency_decimals), "total_tax is rounded once more by the shop"
        else:
            assert difference <= unseen(case, rate)
    if plan.tax_mode is TaxMode.SHOP_TAX_SENT:
        assert sum(posted.values()) == Fraction(case.order.total_tax)


@thorough
@given(cases())
def test_net_of_each_rate_is_what_the_shop_sells_at_it(case: Case) -> None:
    assume(case.config.money.tax_mode is TaxMode.M3_COMPUTES)
    plan = planned(case)

    posted = added(rated_amounts(case, plan))

    sold = added((case.rate_of_line[line.id], Fraction(line.total)) for line in case.order.line_items)
    for line in (*case.order.shipping_lines, *case.order.fee_lines):
        parts = [one for one in plan.placements if one.source_id == line.id]
        assert sum((one.amount for one in parts), Decimal(0)) == line.total
        for one in parts:
            sold[one.rate] = sold.get(one.rate, Fraction(0)) + Fraction(one.amount)
    sold[Decimal(0)] = sold.get(Decimal(0), Fraction(0)) + Fraction(plan.rounding)
    assert {rate: amount for rate, amount in posted.items() if amount} == {
        rate: amount for rate, amount in sold.items() if amount
    }


@thorough
@given(cases(), moves)
def test_refunds_never_credit_more_tax_at_a_rate_than_was_sold(
    case: Case, told: list[tuple[str, int, int, int]]
) -> None:
    shop, credited = posted_refunds(case, told)

    together = added((rate, amount) for one in credited for rate, amount in one.items())
    stated = stated_tax(case)
    limit = Fraction(shop.case.config.money.rounding_limit)
    for rate, amount in together.items():
        assert -amount <= stated.get(rate, Fraction(0)) + limit + unseen(case, rate) * (1 + len(credited))


@thorough
@given(cases())
def test_order_given_back_line_by_line_leaves_only_what_was_not_given_back(case: Case) -> None:
    told = [("line", place, 40, 1) for place in range(len(case.order.line_items))]
    shop, credited = posted_refunds(case, [*told, ("rest", 0, 1, 1)])
    assume(len(credited) == len(shop.refunds) and shop.left == 0)

    sale = planned(case)
    kept = posted_tax(sale, rated_amounts(case, sale), decimals=case.currency_decimals)
    for one in credited:
        for rate, amount in one.items():
            kept[rate] = kept.get(rate, Fraction(0)) + amount
    for rate, amount in kept.items():
        assert abs(amount) <= unseen(case, rate) * (1 + len(credited))


def posted_refunds(case: Case, told: list[tuple[str, int, int, int]]) -> tuple[Shop, list[PerRate]]:
    """Plays refunds and returns the tax per rate of each that M3 gets; those that are held have none."""
    shop = play(case, told)
    assume(is_posted(case))
    credited = []
    for refund in shop.refunds:
        try:
            taken = taken_of(shop, refund)
            plan = plan_of(shop, taken)
        except ConnectorError:
            continue  # held for a person before anything is written
        credited.append(posted_tax(plan, rated_return(shop, taken, plan), decimals=case.currency_decimals))
    return shop, credited


def rated_return(shop: Shop, taken: Taken, plan: MoneyPlan) -> list[Rated]:
    rate_of = {piece.line_id: sum((RATES[rate] for rate in piece.rates), Decimal(0)) for piece in as_lines(taken)}
    lines = [(rate_of[line.shares[0][0]], m3_line_amount(line, shop.case.currency_decimals)) for line in plan.lines]
    charges = [(shop.case.rate_of_charge[one.charge_id], Fraction(one.amount)) for one in plan.head_charges]
    return [*lines, *charges]


def is_posted(case: Case) -> bool:
    try:
        planned(case)
    except ConnectorError:
        return False
    return True


@thorough
@given(cases(currencies=("KWD",)))
def test_an_order_in_a_currency_of_three_decimals_is_held_as_a_whole(case: Case) -> None:
    with pytest.raises(MappingError, match="KWD have 3 decimals"):
        plan_money(
            case.order, config=case.config, items=case.items, currency_decimals=case.currency_decimals, price_decimals=4
        )
