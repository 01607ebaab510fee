"""Every recorded order plans and proves; the worked example of the reference comes out to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from connector.money.comparison import compare_with_m3
from connector.money.expected import Expected
from connector.money.plan import MoneyPlan, plan_money
from connector.money.proof import placed
from tests.unit.money.material import items_of, recorded_order, recorded_order_numbers, store


@dataclass(frozen=True)
class Value:
    """What M3 states of an order."""

    before_tax: Decimal
    vat: Decimal
    total: Decimal
    rounding: Decimal = Decimal("0.00")
    currency: str = "EUR"


def plan_05(**changes: object) -> MoneyPlan:
    order = recorded_order(5)
    return plan_money(order, config=store(**changes), items=items_of(order))


def charges(plan: MoneyPlan) -> dict[str, str]:
    return {one.charge_id: str(one.amount) for one in plan.head_charges}


def priced(plan: MoneyPlan) -> list[tuple[str, str, str, int, str]]:
    return [
        (line.key, str(line.quantity), str(line.unit_price), line.price_quantity, str(line.amount))
        for line in plan.lines
    ]


def test_all_recorded_orders_are_known_to_these_tests() -> None:
    assert len(recorded_order_numbers()) == 30


@pytest.mark.parametrize("mode", ["V", "T"])
@pytest.mark.parametrize("rounding", ["document", "line"])
@pytest.mark.parametrize("number", recorded_order_numbers())
def test_recorded_order_is_placed_in_full(number: int, rounding: str, mode: str) -> None:
    order = recorded_order(number)

    plan = plan_money(order, config=store(tax_mode=mode, vat_rounding=rounding), items=items_of(order))

    assert plan.net + plan.vat == order.total
    assert all(one.agrees for one in placed(order, plan))


def test_worked_example_prices_its_lines_as_the_reference_says() -> None:
    assert priced(plan_05()) == [
        ("17", "3", "11.61", 1, "34.83"),
        ("18", "1", "9.00", 1, "9.00"),
        ("19", "2", "88.19", 2, "88.19"),
        ("20", "7", "14.78", 7, "14.78"),
    ]


def test_worked_example_splits_lines_where_a_price_per_quantity_is_not_allowed() -> None:
    plan = plan_05(price_per_quantity=False)

    assert priced(plan)[2:] == [
        ("19/1", "1", "44.09", 1, "44.09"),
        ("19/2", "1", "44.10", 1, "44.10"),
        ("20/1", "6", "2.11", 1, "12.66"),
        ("20/2", "1", "2.12", 1, "2.12"),
    ]
    assert plan.lines[4].shares == ((20, Decimal(6), Decimal("12.66")),)


def test_worked_example_in_mode_v_comes_to_the_total_without_rounding() -> None:
    plan = plan_05()

    assert charges(plan) == {"SHP25": "5.00"}
    assert (plan.net, plan.vat, plan.total) == (Decimal("151.80"), Decimal("37.95"), Decimal("189.75"))


def test_worked_example_with_vat_rounded_per_line_needs_a_rounding_charge() -> None:
    plan = plan_05(vat_rounding="line")

    assert charges(plan) == {"SHP25": "5.00", "ROUND": "-0.01"}
    assert (plan.net, plan.vat) == (Decimal("151.79"), Decimal("37.96"))


def test_worked_example_in_mode_t_sends_the_shops_tax() -> None:
    plan = plan_05(tax_mode="T")

    assert [line.line_taxes for line in plan.lines] == [
        (("TAX25", Decimal(tax)),) for tax in ("8.71", "2.25", "22.05", "3.69")
    ]
    assert charges(plan) == {"SHP25": "5.00", "STX25": "1.25"}
    assert (plan.net, plan.vat) == (Decimal("189.75"), Decimal(0))


def test_m3s_answer_to_the_worked_example_agrees_with_the_plan() -> None:
    plan = plan_05()
    cupos = {line.key: number for number, line in enumerate(plan.lines, start=1)}
    value = Value(before_tax=Decimal("151.80"), vat=Decimal("37.95"), total=Decimal("189.75"))

    lines = [(cupos[line.key], line.amount) for line in plan.lines]
    differences = compare_with_m3(Expected.of(plan, cupos=cupos), value, lines)

    assert differences == ()
