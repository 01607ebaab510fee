"""Rates, VAT and the shop's tax: computed by M3, or sent so that it sums to the shop's total tax."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import AmountsDifferError, MappingError
from connector.money.plan import MoneyPlan, plan_money
from connector.money.rounding import spread
from connector.stores.money import ChargeKind
from connector.woocommerce.models import Order
from tests.unit.money.material import items_of, order_of, store

MUGS = {"total": "25.80", "quantity": 2, "tax": {1: "6.45"}}


def plan_of(order: Order, **changes: Any) -> MoneyPlan:
    return plan_money(order, config=store(**changes), items=items_of(order))


def taxes(plan: MoneyPlan) -> list[dict[str, str]]:
    return [{charge_id: str(tax) for charge_id, tax in line.line_taxes} for line in plan.lines]


def test_rounding_at_subtotal_needs_no_rounding_charge() -> None:
    lines = [{"total": "0.90", "tax": {1: "0.225"}} for _ in range(4)]  # per line 0.92, together 0.90
    order = order_of(lines=lines, total="4.50", total_tax="0.90")

    plan = plan_of(order.model_copy(update={"tax_lines": (order.tax_lines[0].model_copy(update=SUBTOTAL_TAX),)}))

    assert (plan.vat, plan.rounding) == (Decimal("0.90"), 0)


SUBTOTAL_TAX = {"tax_total": Decimal("0.90")}


def test_shops_tax_rounded_at_subtotal_is_spread_over_the_lines() -> None:
    lines = [{"total": "0.90", "tax": {1: "0.225"}} for _ in range(4)]
    order = order_of(lines=lines, total="4.50", total_tax="0.90")

    plan = plan_of(
        order.model_copy(update={"tax_lines": (order.tax_lines[0].model_copy(update=SUBTOTAL_TAX),)}), tax_mode="T"
    )

    assert [tax["TAX25"] for tax in taxes(plan)] == ["0.23", "0.23", "0.22", "0.22"]


def test_tax_of_a_split_line_is_split_with_it() -> None:
    order = order_of(lines=[{"total": "14.78", "quantity": 7, "tax": {1: "3.695"}}])

    plan = plan_of(order, tax_mode="T", price_per_quantity=False)

    assert [line.key for line in plan.lines] == ["11/1", "11/2"]
    assert taxes(plan) == [{"TAX25": "3.17"}, {"TAX25": "0.53"}]


def test_two_rates_on_one_line_are_two_line_charges() -> None:
    order = order_of(lines=[{"total": "10.00", "tax": {1: "2.5", 2: "0.5"}}], rates={1: "25", 2: "5"})

    assert taxes(plan_of(order, tax_mode="T")) == [{"TAX25": "2.50", "TAX5": "0.50"}]


def test_two_rates_on_one_line_are_held_where_m3_computes_vat() -> None:
    order = order_of(lines=[{"total": "10.00", "tax": {1: "2.5", 2: "0.5"}}], rates={1: "25", 2: "5"})

    with pytest.raises(MappingError, match=r"Order line 11: it is taxed at several rates \(25 %, 5 %\)"):
        plan_of(order)


def test_two_rates_of_one_percentage_are_one_line_charge() -> None:
    order = order_of(lines=[{"total": "10.00", "tax": {1: "2.5", 2: "2.5"}}], rates={1: "25", 2: "25"})

    assert taxes(plan_of(order, tax_mode="T")) == [{"TAX25": "5.00"}]


def test_shipping_goes_on_the_free_id_where_only_that_is_known_and_the_shops_tax_is_sent() -> None:
    order = order_of(lines=[MUGS], shipping=[{"total": "5.00", "tax": {1: "1.25"}}])
    charges = tuple(
        one for one in store().money.charges if one.rate == 0 or one.kind not in (ChargeKind.SHIPPING, ChargeKind.FEE)
    )

    plan = plan_of(order, tax_mode="T", charges=charges)

    assert [(one.charge_id, str(one.amount)) for one in plan.head_charges] == [("SHP0", "5.00"), ("STX25", "1.25")]


def test_m3_may_compute_no_vat_where_the_shops_tax_is_sent() -> None:
    plan = plan_of(order_of(lines=[MUGS]), tax_mode="T")

    assert (plan.vat, plan.vat_tolerance) == (0, 0)


def test_exempt_line_beside_taxed_ones_has_rate_zero() -> None:
    order = order_of(lines=[MUGS, {"total": "9.00", "tax": {1: ""}}, {"total": "0.00", "tax": {1: "0"}}])

    assert [line.rate for line in plan_of(order).lines] == [25, 0, 25]


def test_rate_without_percentage_in_the_tax_lines_is_held() -> None:
    order = order_of(lines=[MUGS])
    nameless = order.tax_lines[0].model_copy(update={"rate_percent": None})

    with pytest.raises(MappingError, match="its tax rate 1 is not among the tax lines"):
        plan_of(order.model_copy(update={"tax_lines": (nameless,)}))


def test_line_tax_that_does_not_follow_the_rate_is_held() -> None:
    order = order_of(lines=[{"total": "25.80", "tax": {1: "5.45"}}])

    with pytest.raises(AmountsDifferError, match="do not add up"):
        plan_of(order)


def test_taxes_of_two_rates_that_miss_by_the_same_amount_are_held() -> None:
    book = {"total": "40.00", "tax": {2: "3"}}  # 1.00 too much
    mugs = {"total": "25.80", "tax": {1: "5.45"}}  # 1.00 too little
    order = order_of(lines=[mugs, book], rates={1: "25", 2: "5"})

    with pytest.raises(AmountsDifferError, match=r"the tax at 25 % is 5\.45 in the shop and 6\.45"):
        plan_of(order)


def test_tax_line_without_line_taxes_is_held_where_the_shops_tax_is_sent() -> None:
    order = order_of(lines=[{"total": "25.80"}], total_tax="6.45")
    stated = order.tax_lines[0].model_copy(update={"tax_total": Decimal("6.45")})

    with pytest.raises(AmountsDifferError, match=r"tax rate 1 has 6\.45 in the order's tax lines, but 0 on its lines"):
        plan_of(order.model_copy(update={"tax_lines": (stated,)}), tax_mode="T")


@pytest.mark.parametrize(
    ("total", "shares", "spread_out"),
    [
        ("37.95", ["8.7075", "2.25", "22.0475", "3.6948", "1.25"], ["8.71", "2.25", "22.05", "3.69", "1.25"]),
        ("1.00", ["0.333", "0.333", "0.333"], ["0.34", "0.33", "0.33"]),
        ("-1.00", ["-0.333", "-0.333", "-0.333"], ["-0.33", "-0.33", "-0.34"]),
        ("0.01", ["0.005", "0", "0.005"], ["0.01", "0.00", "0.00"]),
        ("0.20", ["0.025", "0.025"], ["0.10", "0.10"]),
    ],
)
def test_largest_remainder_reaches_the_total(total: str, shares: list[str], spread_out: list[str]) -> None:
    result = spread(Decimal(total), [Decimal(share) for share in shares], decimals=2)

    assert [str(one) for one in result] == spread_out


def test_a_total_without_shares_cannot_be_spread() -> None:
    with pytest.raises(ValueError, match="no share to carry"):
        spread(Decimal("0.01"), [Decimal(0)], decimals=2)


@pytest.mark.parametrize(("total", "shares"), [("1.001", ["1"]), ("0.01", ["0", "0"])], ids=["not rounded", "no share"])
def test_what_no_share_can_carry_is_not_spread(total: str, shares: list[str]) -> None:
    with pytest.raises(ValueError, match=r"decimals|no share"):
        spread(Decimal(total), [Decimal(one) for one in shares], decimals=2)
