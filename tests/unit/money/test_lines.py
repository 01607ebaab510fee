"""Product lines of the shop as M3 lines: merged, split, free, or held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import MappingError
from connector.money.plan import ItemFacts, MoneyPlan, plan_money
from connector.money.proof import placed
from connector.woocommerce.models import Order
from tests.unit.money.material import items_of, order_of, store


def line(total: str, quantity: int, *, sku: str = "MUG", tax: str = "0") -> dict[str, Any]:
    return {"total": total, "quantity": quantity, "sku": sku, "tax": {1: tax}}


def plan_of(order: Order, **changes: Any) -> MoneyPlan:
    return plan_money(order, config=store(**changes), items=items_of(order))


def keys(plan: MoneyPlan) -> list[str]:
    return [one.key for one in plan.lines]


TWO_EQUAL = [line("25.80", 2, tax="6.45"), line("9.99", 1, sku="PAN", tax="2.4975"), line("38.70", 3, tax="9.675")]


def test_equal_lines_stay_apart_by_default() -> None:
    assert keys(plan_of(order_of(lines=TWO_EQUAL))) == ["11", "12", "13"]


def test_equal_lines_become_one_where_the_store_wants_it() -> None:
    plan = plan_of(order_of(lines=TWO_EQUAL), merge_equal_lines=True)

    assert keys(plan) == ["11+13", "12"]
    assert (plan.lines[0].quantity, plan.lines[0].unit_price) == (5, Decimal("12.90"))
    assert plan.lines[0].shares == ((11, Decimal(2), Decimal("25.80")), (13, Decimal(3), Decimal("38.70")))


@pytest.mark.parametrize(
    "other",
    [line("25.82", 2, tax="6.455"), line("25.80", 2, sku="PAN", tax="6.45"), line("25.80", 2, tax="")],
    ids=["price", "item", "rate"],
)
def test_lines_of_another_price_item_or_rate_are_never_merged(other: dict[str, Any]) -> None:
    plan = plan_of(order_of(lines=[line("25.80", 2, tax="6.45"), other]), merge_equal_lines=True)

    assert keys(plan) == ["11", "12"]


def test_lines_of_another_unit_are_never_merged() -> None:
    order = order_of(lines=[line("25.80", 2, tax="6.45"), line("25.80", 2, tax="6.45")])
    items = {11: ItemFacts("MUG", "PCE"), 12: ItemFacts("MUG", "BOX")}

    assert keys(plan_money(order, config=store(merge_equal_lines=True), items=items)) == ["11", "12"]


def test_equal_lines_that_would_need_two_prices_stay_apart() -> None:
    lines = [line("14.78", 7, tax="3.695"), line("14.78", 7, tax="3.695")]

    plan = plan_of(order_of(lines=lines), merge_equal_lines=True, price_per_quantity=False)

    assert keys(plan) == ["11/1", "11/2", "12/1", "12/2"]


def test_tax_of_merged_lines_is_one_line_charge() -> None:
    plan = plan_of(order_of(lines=TWO_EQUAL), merge_equal_lines=True, tax_mode="T")

    assert plan.lines[0].line_taxes == (("TAX25", Decimal("16.13")),)


def test_line_that_costs_nothing_is_sent_with_its_price_and_all_of_it_taken_off() -> None:
    gift = {"total": "0.00", "subtotal": "12.90", "sku": "GIFT"}
    unpriced = {"total": "0.00", "subtotal": "0.00", "sku": "LEAFLET"}

    plan = plan_of(order_of(lines=[gift, unpriced]))

    assert [(str(one.unit_price), one.discount_percent) for one in plan.lines] == [
        ("12.90", 100),
        ("0.00", 100),
    ]


def test_price_is_sent_in_the_unit_sold() -> None:
    assert plan_of(order_of(lines=TWO_EQUAL)).lines[0].price_unit == "PCE"


def test_item_priced_in_another_unit_is_held() -> None:
    order = order_of(lines=[line("25.80", 2, tax="6.45")])

    with pytest.raises(MappingError, match="item RICE is sold in BAG but priced in KG"):
        plan_money(order, config=store(), items={11: ItemFacts("RICE", "BAG", price_unit="KG")})


def test_line_without_item_is_held() -> None:
    with pytest.raises(MappingError, match="Order line 11 has no M3 item"):
        plan_money(order_of(lines=[line("25.80", 2, tax="6.45")]), config=store(), items={})


def test_order_without_product_lines_is_held() -> None:
    with pytest.raises(MappingError, match="no product line"):
        plan_of(order_of(fees=[{"total": "5.00"}]))


def test_fractional_quantity_is_carried_where_it_is_exact() -> None:
    plan = plan_of(order_of(lines=[{"total": "5.63", "quantity": 1.25, "tax": {1: "1.4075"}}]))

    assert (plan.lines[0].quantity, plan.lines[0].unit_price) == (Decimal("1.25"), Decimal("4.50"))


def test_amounts_of_six_places_are_planned_in_cents() -> None:
    order = order_of(lines=[{"total": "34.830000", "quantity": 3, "tax": {1: "8.7075"}}])

    plan = plan_of(order)

    assert str(plan.lines[0].amount) == "34.83"
    assert all(one.agrees for one in placed(order, plan))
