"""A plan with one wrong figure is refused, whatever the figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from connector.errors import AmountsDifferError
from connector.money.plan import MoneyPlan, PlannedCharge, plan_money
from connector.money.proof import prove_placed
from tests.unit.money.material import items_of, recorded_order, store

CENT = Decimal("0.01")


def first_line(**changes: object) -> Callable[[MoneyPlan], MoneyPlan]:
    return lambda plan: replace(plan, lines=(replace(plan.lines[0], **changes), *plan.lines[1:]))  # type: ignore[arg-type]


SPOILED: dict[str, Callable[[MoneyPlan], MoneyPlan]] = {
    "price": first_line(unit_price=Decimal("11.62")),
    "price quantity": first_line(price_quantity=10),
    "discount": first_line(discount_percent=Decimal(100)),
    "quantity": first_line(quantity=Decimal(4)),
    "amount": first_line(amount=Decimal("34.84")),
    "rate": first_line(rate=Decimal(5)),
    "share": first_line(shares=((18, Decimal(3), Decimal("34.83")),)),
    "line dropped": lambda plan: replace(plan, lines=plan.lines[1:]),
    "line twice": lambda plan: replace(plan, lines=(plan.lines[0], *plan.lines)),
    "charge dropped": lambda plan: replace(plan, head_charges=()),
    "charge twice": lambda plan: replace(plan, head_charges=plan.head_charges * 2),
    "charge split": lambda plan: replace(plan, head_charges=(PlannedCharge("SHP25", Decimal("2.50"), ""),) * 2),
    "charge unknown": lambda plan: replace(
        plan, head_charges=(*plan.head_charges, PlannedCharge("OTHER", Decimal("0.02"), ""))
    ),
    "placement dropped": lambda plan: replace(plan, placements=()),
    "net": lambda plan: replace(plan, net=plan.net + CENT),
    "vat": lambda plan: replace(plan, vat=plan.vat + CENT),
    "total": lambda plan: replace(plan, total=plan.total + CENT),
    "rounding": lambda plan: replace(plan, rounding=Decimal("0.06")),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_spoiled_plan_is_refused(spoil: Callable[[MoneyPlan], MoneyPlan]) -> None:
    order = recorded_order(5)
    plan = plan_money(order, config=store(), items=items_of(order))

    with pytest.raises(AmountsDifferError, match="do not add up"):
        prove_placed(order, spoil(plan))


def test_line_charge_that_misses_a_cent_of_tax_is_refused() -> None:
    order = recorded_order(5)
    plan = plan_money(order, config=store(tax_mode="T"), items=items_of(order))

    with pytest.raises(AmountsDifferError, match="the order's tax"):
        prove_placed(order, first_line(line_taxes=(("TAX25", Decimal("8.70")),))(plan))


def test_charge_id_twice_on_a_line_is_refused() -> None:
    order = recorded_order(5)
    plan = plan_money(order, config=store(tax_mode="T"), items=items_of(order))
    halves = (("TAX25", Decimal("8.00")), ("TAX25", Decimal("0.71")))

    with pytest.raises(AmountsDifferError, match="line charges of 17"):
        prove_placed(order, first_line(line_taxes=halves)(plan))
