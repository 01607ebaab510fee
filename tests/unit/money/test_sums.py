"""Orders that do not add up, or that M3 could not hold, are held before anything is written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import AmountsDifferError, ConnectorError, MappingError
from connector.money.plan import MoneyPlan, plan_money
from connector.money.proof import prove_placed
from connector.woocommerce.models import Order
from tests.unit.money.material import items_of, order_of, recorded_order, store

MUGS = {"total": "25.80", "quantity": 2, "tax": {1: "6.45"}}
YEN = {"total": "3085.00", "quantity": 1}


def plan_of(order: Order, *, decimals: int = 2, **changes: Any) -> MoneyPlan:
    config = store(currencies=(order.currency,), **changes)
    items = items_of(order)
    return plan_money(order, config=config, items=items, currency_decimals=decimals, price_decimals=decimals)


def test_gift_card_taken_off_the_total_is_held_with_the_sum() -> None:
    with pytest.raises(AmountsDifferError, match=r"lines 25\.80 .* \(12\.25\) differ by 20\.00") as caught:
        plan_of(order_of(lines=[MUGS], total="12.25"))

    assert "gift card" in caught.value.resolution


def test_tax_lines_that_miss_the_orders_tax_are_held() -> None:
    with pytest.raises(AmountsDifferError, match=r"the tax lines \(6\.45\) and the order's tax \(7\.45\)"):
        plan_of(order_of(lines=[MUGS], total_tax="7.45"))


def test_shipping_lines_that_miss_the_orders_shipping_are_held() -> None:
    order = order_of(lines=[MUGS]).model_copy(update={"shipping_total": Decimal(5)})

    with pytest.raises(AmountsDifferError, match="the shipping lines"):
        plan_of(order)


def test_net_that_misses_the_total_by_a_hidden_cent_is_rounded_in_both_modes() -> None:
    order = order_of(lines=[MUGS], total="32.26")

    assert [plan_of(order, tax_mode=mode).rounding for mode in ("V", "T")] == [Decimal("0.01")] * 2


def test_currency_of_three_decimals_is_held() -> None:
    with pytest.raises(MappingError, match="KWD have 3 decimals"):
        plan_of(order_of(lines=[MUGS], currency="KWD"), decimals=3)


def test_yen_with_zero_cents_are_planned() -> None:
    plan = plan_of(order_of(lines=[YEN], currency="JPY"), decimals=0)

    assert (str(plan.lines[0].unit_price), str(plan.total)) == ("3085", "3085")


def test_yen_with_cents_are_held() -> None:
    with pytest.raises(AmountsDifferError, match=r"order line 11 is 3085\.50, but JPY has 0 decimals"):
        plan_of(order_of(lines=[YEN | {"total": "3085.50"}], currency="JPY"), decimals=0)


def test_amount_of_more_decimals_than_the_currency_is_held() -> None:
    with pytest.raises(AmountsDifferError, match=r"order line 11 is 14\.7792, but EUR has 2 decimals"):
        plan_of(order_of(lines=[{"total": "14.7792"}]))


def test_negative_line_is_held() -> None:
    with pytest.raises(AmountsDifferError, match="Order line 12: the line total is -5"):
        plan_of(order_of(lines=[MUGS, {"total": "-5.00"}]))


@pytest.mark.parametrize("field", ["total", "total_tax", "currency"])
def test_plan_of_another_order_is_refused(field: str) -> None:
    order = recorded_order(5)
    plan = plan_of(order)
    changed = "USD" if field == "currency" else getattr(order, field) + 1

    with pytest.raises(AmountsDifferError):
        prove_placed(order.model_copy(update={field: changed}), plan)


def test_changed_quantity_is_refused() -> None:
    order = recorded_order(5)
    plan = plan_of(order)
    first, *rest = order.line_items
    changed = order.model_copy(update={"line_items": (first.model_copy(update={"quantity": Decimal(4)}), *rest)})

    with pytest.raises(AmountsDifferError, match="the quantity of order line 17 is 4 in the shop and 3"):
        prove_placed(changed, plan)


def test_messages_say_what_to_do_and_name_nobody() -> None:
    fee = {"total": "1.00", "name": "For Ana Horvat", "tax": {1: "0.25"}}

    with pytest.raises(ConnectorError) as caught:
        plan_of(order_of(lines=[MUGS], fees=[fee]), charges=())

    shown = f"{caught.value.message} {caught.value.resolution} {caught.value.context}"
    assert caught.value.resolution
    assert "Ana" not in shown
