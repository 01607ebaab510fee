"""Shipping, fees, rounding as head charges: one per id, split where a rate does not bear on the whole amount."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import AmountsDifferError, MappingError
from connector.money.charges import place_rounding
from connector.money.plan import MoneyPlan, plan_money
from connector.stores.money import ChargeConfig, ChargeKind
from connector.woocommerce.models import Order
from tests.unit.money.material import items_of, order_of, store

MUGS = {"total": "25.80", "quantity": 2, "tax": {1: "6.45"}}


def plan_of(order: Order, **changes: Any) -> MoneyPlan:
    return plan_money(order, config=store(**changes), items=items_of(order))


def charges(plan: MoneyPlan) -> dict[str, str]:
    return {one.charge_id: str(one.amount) for one in plan.head_charges}


def test_negative_fee_taxed_in_proportion_is_split_into_a_taxed_and_a_free_part() -> None:
    shipping = {"total": "5.00", "tax": {1: "1.25"}}
    fee = {"total": "-3.50", "name": "Loyal customer", "tax": {1: "-0.842188"}}
    order = order_of(lines=[MUGS, {"total": "1.20"}], shipping=[shipping], fees=[fee])

    plan = plan_of(order)

    assert order.total == Decimal("35.36")
    assert charges(plan) == {"SHP25": "5.00", "FEE25": "-3.37", "FEE0": "-0.13"}
    assert (plan.net, plan.vat) == (Decimal("28.50"), Decimal("6.86"))


def test_fee_over_two_rates_is_split_by_its_taxes() -> None:
    book = {"total": "40.00", "tax": {2: "2"}}
    fee = {"total": "-7.00", "tax": {1: "-0.65", 2: "-0.2"}}
    order = order_of(lines=[MUGS, book], fees=[fee], rates={1: "25", 2: "5"})

    assert charges(plan_of(order)) == {"FEE25": "-2.60", "FEE5": "-4.00", "FEE0": "-0.40"}


def test_shipping_over_two_rates_gives_a_rest_of_roundings_to_the_larger_part() -> None:
    book = {"total": "40.00", "tax": {2: "2"}}
    shipping = {"total": "5.00", "tax": {1: "0.416668", 2: "0.166663"}}
    order = order_of(lines=[MUGS, book], shipping=[shipping], rates={1: "25", 2: "5"})

    assert charges(plan_of(order)) == {"SHP25": "1.67", "SHP5": "3.33"}


def test_rates_on_top_of_each_other_are_held_where_m3_computes_vat() -> None:
    order = order_of(lines=[MUGS], shipping=[{"total": "5.00", "tax": {1: "1.25", 2: "0.25"}}], rates={1: "25", 2: "5"})

    with pytest.raises(MappingError, match="shipping line 12: it is taxed at several rates") as caught:
        plan_of(order)

    assert "tax_mode: T" in caught.value.resolution


def test_rates_on_top_of_each_other_are_sent_where_the_shops_tax_counts() -> None:
    order = order_of(lines=[MUGS], shipping=[{"total": "5.00", "tax": {1: "1.25", 2: "0.25"}}], rates={1: "25", 2: "5"})

    assert charges(plan_of(order, tax_mode="T")) == {"SHP0": "5.00", "STX25": "1.25", "STX5": "0.25"}


def test_tax_of_the_wrong_sign_is_held() -> None:
    order = order_of(lines=[MUGS], fees=[{"total": "-2.00", "tax": {1: "0.50"}}])

    with pytest.raises(MappingError, match="fee line 12: its tax does not follow"):
        plan_of(order)


def test_two_shipping_lines_of_one_rate_are_one_charge() -> None:
    lines = [{"total": amount, "method_title": title, "tax": {1: tax}} for amount, title, tax in SHIPMENTS]
    order = order_of(lines=[MUGS], shipping=lines)

    (charge,) = plan_of(order).head_charges

    assert (charge.charge_id, charge.amount, charge.text) == ("SHP25", Decimal("7.00"), "Flat rate, Salt & Pepper")


SHIPMENTS = (("5.00", "Flat rate", "1.25"), ("2.00", "Salt &amp; Pepper", "0.5"))


def test_charges_that_cancel_out_are_left_out() -> None:
    fees = [{"total": amount, "tax": {1: tax}} for amount, tax in (("2.00", "0.5"), ("-2.00", "-0.5"))]

    assert charges(plan_of(order_of(lines=[MUGS], fees=fees))) == {}


def test_free_shipping_needs_no_charge_id() -> None:
    order = order_of(lines=[MUGS], shipping=[{"total": "0.00", "tax": {1: "0", 2: "0"}}], rates={1: "25", 2: "5"})

    assert plan_of(order, charges=()).head_charges == ()


def test_missing_charge_id_names_kind_rate_currency_and_file() -> None:
    order = order_of(lines=[MUGS], shipping=[{"total": "5.00", "tax": {1: "1.25"}}])

    with pytest.raises(MappingError, match=r"shipping at 25 % VAT in EUR") as caught:
        plan_of(order, charges=())

    assert "{kind: shipping, rate: 25, currency: EUR" in caught.value.resolution
    assert "config/stores/" in caught.value.resolution


def test_one_charge_id_for_two_rates_is_refused() -> None:
    same = tuple(
        ChargeConfig(kind=kind, rate=Decimal(rate), currency="EUR", id="FREIGT")
        for kind, rate in ((ChargeKind.SHIPPING, 25), (ChargeKind.FEE, 0))
    )
    order = order_of(lines=[MUGS], shipping=[{"total": "5.00", "tax": {1: "1.25"}}], fees=[{"total": "1.00"}])

    with pytest.raises(MappingError, match="FREIGT is configured for 25 % and for 0 %"):
        plan_of(order, charges=same)


def test_without_a_rounding_id_a_rounding_is_held() -> None:
    order = order_of(lines=[MUGS], total="32.26")

    with pytest.raises(MappingError, match="rounding at 0 % VAT in EUR"):
        plan_of(order, charges=())


@pytest.mark.parametrize(("total", "rounding"), [("32.30", "0.05"), ("32.20", "-0.05")])
def test_rounding_up_to_the_limit_is_charged(total: str, rounding: str) -> None:
    plan = plan_of(order_of(lines=[MUGS], total=total))

    assert charges(plan) == {"ROUND": rounding}
    assert plan.rounding == Decimal(rounding)


def test_rounding_beyond_the_limit_is_held() -> None:
    with pytest.raises(AmountsDifferError, match=r"differ by -0\.07"):
        plan_of(order_of(lines=[MUGS], total="32.32"))


def test_long_order_may_miss_by_half_a_cent_a_row_where_the_shop_rounds_each_row() -> None:
    lines = [{"total": "0.10", "tax": {1: "0.025"}} for _ in range(20)]  # 0.03 each in the shop, 0.50 together in M3

    assert plan_of(order_of(lines=lines)).rounding == Decimal("0.10")


def test_same_order_is_planned_where_m3_rounds_per_line_like_the_shop() -> None:
    lines = [{"total": "0.10", "tax": {1: "0.025"}} for _ in range(20)]

    assert plan_of(order_of(lines=lines), vat_rounding="line").rounding == 0


@pytest.mark.parametrize("amount", ["0.06", "-0.06"])
def test_a_difference_that_rounding_cannot_explain_is_no_rounding(amount: str) -> None:
    with pytest.raises(AmountsDifferError, match=f"miss the shop's total by {amount} EUR; 0.05 is allowed"):
        place_rounding(Decimal(amount), money=store().money, currency="EUR", limit=Decimal("0.05"))


@pytest.mark.parametrize("amount", ["0.05", "-0.05"])
def test_a_difference_within_the_limit_goes_to_the_rounding_id(amount: str) -> None:
    (placed,) = place_rounding(Decimal(amount), money=store().money, currency="EUR", limit=Decimal("0.05"))

    assert (placed.kind, placed.amount) == (ChargeKind.ROUNDING, Decimal(amount))
