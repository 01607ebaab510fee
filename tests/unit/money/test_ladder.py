"""The price ladder: which price makes M3 compute a line's amount."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.errors import AmountsDifferError
from connector.money.ladder import PricedPart, PriceRules, price_ladder


def ladder(
    quantity: str, amount: str, *, before: str = "0", decimals: int = 2, currency: int = 2, per_quantity: bool = True
) -> tuple[PricedPart, ...]:
    return price_ladder(
        Decimal(quantity),
        Decimal(amount),
        before_discount=Decimal(before),
        rules=PriceRules(decimals, currency, per_quantity),
        where="Order line 17",
    )


def prices(parts: tuple[PricedPart, ...]) -> list[tuple[str, str, int]]:
    return [(str(part.quantity), str(part.unit_price), part.price_quantity) for part in parts]


@pytest.mark.parametrize(
    ("quantity", "amount", "decimals", "price"),
    [
        ("3", "34.83", 2, "11.61"),
        ("2", "88.19", 4, "44.0950"),
        ("7", "14.78", 4, "2.1114"),
        ("9", "10.07", 3, "1.119"),  # 1.118 would give 10.06
        ("0.375", "3.38", 2, "9.01"),  # 3.37875
        ("1000", "12.34", 6, "0.012340"),
    ],
)
def test_unit_price_is_used_where_its_product_rounds_to_the_amount(
    quantity: str, amount: str, decimals: int, price: str
) -> None:
    assert prices(ladder(quantity, amount, decimals=decimals)) == [(quantity, price, 1)]


def test_price_decimals_are_the_fewest_of_item_currency_and_m3() -> None:
    assert PriceRules(4, 2, True).for_item(3).price_decimals == 3
    assert PriceRules(4, 2, True).for_item(6).price_decimals == 4
    assert PriceRules(9, 2, True).for_item(9).price_decimals == 6


def test_price_per_quantity_comes_second() -> None:
    assert prices(ladder("7", "14.78")) == [("7", "14.78", 7)]


def test_price_quantity_never_exceeds_what_m3_holds() -> None:
    assert prices(ladder("99999", "1234.56")) == [("99999", "1234.56", 99999)]
    assert prices(ladder("100000", "1234.56")) == [("76544", "0.01", 1), ("23456", "0.02", 1)]


def test_price_per_quantity_needs_a_price_that_m3_takes() -> None:
    with pytest.raises(AmountsDifferError, match="no price with 0 decimals"):
        ladder("2", "12.34", decimals=0)


def test_fractional_quantity_without_an_exact_price_is_held() -> None:
    with pytest.raises(AmountsDifferError, match=r"Order line 17: no price with 2 decimals makes 12\.5 .* 33\.33"):
        ladder("12.5", "33.33")


def test_two_lines_one_step_apart_come_third() -> None:
    assert prices(ladder("7", "14.78", per_quantity=False)) == [("6", "2.11", 1), ("1", "2.12", 1)]


def test_two_lines_fall_back_to_fewer_decimals_where_finer_ones_would_round_twice() -> None:
    assert prices(ladder("105", "1.15", decimals=4, per_quantity=False)) == [("5", "0.010", 1), ("100", "0.011", 1)]


def test_two_lines_never_use_a_price_of_zero() -> None:
    with pytest.raises(AmountsDifferError, match="no price"):
        ladder("3", "0.01", per_quantity=False)


def test_currency_without_decimals_is_priced_in_whole_units() -> None:
    assert prices(ladder("7", "1000", decimals=0, currency=0, per_quantity=False)) == [("1", "142", 1), ("6", "143", 1)]


def test_line_that_costs_nothing_gets_its_price_before_discount_and_full_discount() -> None:
    (part,) = ladder("2", "0.00", before="25.80")

    assert (part.unit_price, part.discount_percent, part.amount) == (Decimal("12.90"), 100, 0)


def test_line_without_any_price_gets_full_discount_too() -> None:
    (part,) = ladder("2", "0.00")

    assert (part.unit_price, part.discount_percent, part.amount) == (0, 100, 0)


@pytest.mark.parametrize(
    ("quantity", "amount", "problem"),
    [
        ("1", "-5.00", "negative line"),
        ("0", "0.00", "quantities above zero"),
        ("-1", "9.00", "quantities above zero"),
        ("1.0000001", "9.00", "more than 6 decimals"),
    ],
)
def test_what_cannot_stand_on_a_sales_order_is_held_with_the_reason(quantity: str, amount: str, problem: str) -> None:
    with pytest.raises(AmountsDifferError, match=f"Order line 17: .*{problem}") as caught:
        ladder(quantity, amount)

    assert caught.value.resolution
