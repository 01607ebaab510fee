"""What a product costs: validity, tax, rounding, sales, and the prices that are none."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.flows.prices.deciding import Decision, Rules, decide, differing
from connector.flows.prices.item_prices import ItemPrices, ListPrice, facts_of
from connector.flows.prices.troubles import Trouble
from connector.publishing.prices import PricesPublishing

TODAY = date(2026, 11, 22)
LONG_AGO = date(2020, 1, 1)
NO_SALE = {"sale_price": "", "date_on_sale_from_gmt": "", "date_on_sale_to_gmt": ""}


def price(amount: str, *, start: date = LONG_AGO, end: date | None = None, gross: bool = False) -> ListPrice:
    return ListPrice(start, end, Decimal(amount), gross)


def decided(
    *regular: ListPrice,
    sale: tuple[ListPrice, ...] = (),
    tax_class: str = "",
    is_taxed: bool = True,
    decimals: int = 2,
    **config: Any,
) -> Decision:
    publishing = PricesPublishing(price_list="WEB", currency="EUR", **config)
    rules = Rules(publishing, decimals=decimals, zone=ZoneInfo("Europe/Zagreb"))
    prices = ItemPrices("MUG-001", tuple(regular), sale)
    return decide(prices, today=TODAY, rules=rules, tax_class=tax_class, is_taxed=is_taxed)


def code(decision: Decision) -> Trouble | None:
    return decision.wrong.code if decision.wrong else None


def test_the_price_that_began_last_holds() -> None:
    decision = decided(price("10"), price("12", start=date(2026, 11, 1)), price("11", start=date(2026, 6, 1)))

    assert decision.values == {"regular_price": "12.00"}


def test_a_price_holds_on_its_first_and_on_its_last_day() -> None:
    assert decided(price("10", start=TODAY, end=TODAY)).values == {"regular_price": "10.00"}


@pytest.mark.parametrize(
    "only",
    [price("10", start=TODAY + timedelta(days=1)), price("10", end=TODAY - timedelta(days=1))],
    ids=["to come", "over"],
)
def test_a_price_of_another_day_is_missing_and_the_shop_is_left_alone(only: ListPrice) -> None:
    decision = decided(only)

    assert code(decision) is Trouble.MISSING
    assert decision.values == {}


def test_sale_prices_are_the_shops_own_without_a_campaign_list() -> None:
    assert decided(price("10"), sale=(price("8"),)).values == {"regular_price": "10.00"}


@pytest.mark.parametrize(
    ("amount", "decimals", "shown"),
    [("2.345", 2, "2.35"), ("2.3449", 2, "2.34"), ("1234.5", 0, "1235"), ("0.0125", 4, "0.0125")],
)
def test_a_price_is_rounded_half_up(amount: str, decimals: int, shown: str) -> None:
    assert decided(price(amount), decimals=decimals).values == {"regular_price": shown}


@pytest.mark.parametrize(
    ("gross", "shop_includes_tax", "tax_class", "shown"),
    [
        (True, False, "", "8.00"),
        (True, False, "reduced-rate", "9.52"),
        (False, True, "", "12.50"),
        (False, True, "reduced-rate", "10.50"),
        (True, True, "", "10.00"),
        (False, False, "luxury", "10.00"),
    ],
)
def test_tax_is_added_or_taken_away_by_the_class_of_the_product(
    gross: bool, shop_includes_tax: bool, tax_class: str, shown: str
) -> None:
    decision = decided(
        price("10", gross=gross),
        shop_includes_tax=shop_includes_tax,
        tax_class=tax_class,
        tax_rates={"standard": "25", "reduced-rate": "5"},
    )

    assert decision.values == {"regular_price": shown}


def test_a_product_that_is_not_taxed_needs_no_rate() -> None:
    assert decided(price("10", gross=True), is_taxed=False).values == {"regular_price": "10.00"}


def test_a_tax_class_without_a_rate_is_told() -> None:
    decision = decided(price("10", gross=True), tax_class="luxury", tax_rates={"standard": "25"})

    assert code(decision) is Trouble.NO_TAX_RATE
    assert decision.wrong is not None and "luxury" in decision.wrong.remedy


@pytest.mark.parametrize(
    ("amount", "trouble"), [("0", Trouble.ZERO), ("0.004", Trouble.ZERO), ("-1", Trouble.NEGATIVE)]
)
def test_a_price_not_above_zero_leaves_the_shop_alone(amount: str, trouble: Trouble) -> None:
    decision = decided(price(amount))

    assert (code(decision), decision.values) == (trouble, {})


@pytest.mark.parametrize("amount", ["10000000000.01", "-1e20", "1e30", "1e90"])
def test_an_absurd_price_leaves_the_shop_alone_and_is_told(amount: str) -> None:
    regular = decided(price(amount))
    sale = decided(price("10"), sale=(price(amount),), campaign_list="SALE")

    assert (code(regular), regular.values) == (Trouble.ABSURD, {})
    assert (code(sale), sale.values) == (Trouble.ABSURD, {"regular_price": "10.00", **NO_SALE})


def test_a_free_item_is_published_where_the_store_says_so() -> None:
    assert decided(price("0"), zero="publish").values == {"regular_price": "0.00"}
    assert code(decided(price("-0.01"), zero="publish")) is Trouble.NEGATIVE


def test_a_campaign_is_a_sale_from_midnight_to_the_last_second_in_the_shops_zone() -> None:
    sale = price("8", start=date(2026, 11, 20), end=date(2026, 11, 30))

    decision = decided(price("10"), sale=(sale,), campaign_list="SALE")

    assert decision.values == {
        "regular_price": "10.00",
        "sale_price": "8.00",
        "date_on_sale_from_gmt": "2026-11-19T23:00:00",
        "date_on_sale_to_gmt": "2026-11-30T22:59:59",
    }


def test_a_campaign_to_come_is_told_to_the_shop_beforehand_the_present_one_first() -> None:
    later, next_one = price("6", start=date(2027, 1, 1)), price("7", start=date(2026, 12, 1))
    present = price("8", start=date(2026, 11, 1))

    assert decided(price("10"), sale=(later, next_one), campaign_list="SALE").values["sale_price"] == "7.00"
    assert decided(price("10"), sale=(later, present), campaign_list="SALE").values["sale_price"] == "8.00"


def test_without_a_campaign_price_the_sale_ends() -> None:
    over = price("8", end=TODAY - timedelta(days=1))

    decision = decided(price("10"), sale=(over,), campaign_list="SALE")

    assert (decision.values, decision.wrong) == ({"regular_price": "10.00", **NO_SALE}, None)


@pytest.mark.parametrize(
    ("amount", "trouble"),
    [
        ("10", Trouble.SALE_NOT_BELOW),
        ("9.996", Trouble.SALE_NOT_BELOW),
        ("0", Trouble.SALE_ZERO),
        ("-1", Trouble.SALE_ZERO),
    ],
)
def test_a_sale_price_the_shop_would_drop_is_not_sent_but_told(amount: str, trouble: Trouble) -> None:
    decision = decided(price("10"), sale=(price(amount),), campaign_list="SALE")

    assert (code(decision), decision.values) == (trouble, {"regular_price": "10.00", **NO_SALE})


def test_the_next_change_is_the_first_day_after_today_with_another_price() -> None:
    prices = ItemPrices("A", (price("1", end=date(2026, 12, 31)),), (price("1", start=date(2026, 12, 24)),))

    assert prices.next_change(TODAY) == date(2026, 12, 24)
    assert prices.next_change(date(2026, 12, 24)) == date(2027, 1, 1)
    assert ItemPrices("A", (price("1", end=date.max),)).next_change(TODAY) is None


NOW = "2026-11-22T10:00:00"
SALE = {"sale_price": "8.00", "date_on_sale_from_gmt": "2026-11-19T23:00:00", "date_on_sale_to_gmt": ""}


@pytest.mark.parametrize(
    ("shown", "changes"),
    [
        ({"regular_price": "10", **SALE}, {}),
        ({"regular_price": "010.000", **SALE, "date_on_sale_from_gmt": ""}, {}),
        ({"regular_price": "9.99", **SALE}, {"regular_price": "10.00"}),
        ({"regular_price": "10", **SALE, "sale_price": "7"}, SALE),
        ({"regular_price": "10", **SALE, "date_on_sale_to_gmt": "2026-11-30T22:59:59"}, SALE),
        ({"regular_price": "10", **SALE, "date_on_sale_from_gmt": "2026-12-19T23:00:00"}, SALE),
        ({"regular_price": "1e", **SALE}, {"regular_price": "10.00"}),
        ({"regular_price": "sNaN", **SALE}, {"regular_price": "10.00"}),
        ({"regular_price": "", **NO_SALE}, {"regular_price": "10.00", **SALE}),
    ],
)
def test_only_what_the_shop_shows_otherwise_is_written(shown: dict[str, str], changes: dict[str, str]) -> None:
    assert differing({"regular_price": "10.00", **SALE}, shown, now=NOW) == changes


def test_facts_do_not_change_when_an_old_price_falls_out_or_zeros_are_added() -> None:
    over = price("9", end=TODAY - timedelta(days=1))

    assert facts_of(ItemPrices("A", (price("10.50"), over)), today=TODAY) == facts_of(
        ItemPrices("A", (price("10.5"),)), today=TODAY
    )
