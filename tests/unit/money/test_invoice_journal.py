"""The journal of an invoice: what is posted is what the shop states, per order and per tax rate, in every currency."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.accounting.invoices import InvoicesConfig
from connector.errors import AmountsDifferError, MappingError
from connector.money.invoice_accounts import accounts_of
from connector.money.invoice_journal import invoice_journal
from connector.money.journal import Journal, Side
from connector.stores.money import MoneyConfig
from connector.woocommerce.models import Order
from tests.unit.money.made_orders import RATES, Case, cases
from tests.unit.money.material import order_of, recorded_order

ACCOUNTS: dict[str, Any] = {
    "layout": "webinv",
    "number_prefix": "W1-",
    "receivable": {"account": "1510"},
    "revenue": [
        {"category": "food", "tax_class": "reduced-rate", "account": {"account": "3020"}},
        {"category": "kitchen", "country": "DE", "account": {"account": "3011"}},
        {"category": "kitchen", "account": {"account": "3010"}},
        {"account": {"account": "3090"}},
    ],
    "shipping": {"account": "3510"},
    "fees": {"account": "3520"},
    "rounding": {"account": "3740"},
    "taxes": [{"rate": str(rate), "account": {"account": f"26{place}"}} for place, rate in enumerate(RATES.values())],
    "vat_codes": {"25": "1", "5": "2", "0": "0"},
}


def config(**changes: Any) -> InvoicesConfig:
    return InvoicesConfig.model_validate({**ACCOUNTS, **changes})


def journal_of(order: Order, *, rules: InvoicesConfig | None = None, **more: Any) -> Journal:
    given_ = {"decimals": 2, "money": MoneyConfig(), **more}
    accounts = accounts_of(order, config=rules or config(), categories=unsorted(order), decimals=given_["decimals"])
    return invoice_journal(order, accounts=accounts, **given_)


def unsorted(order: Order) -> dict[int, dict[str, int]]:
    """The shop has every product of the order, and filed none under a category."""
    return {line.product_id: {} for line in order.line_items}


def on(journal: Journal, account: str) -> Decimal:
    return sum((one.signed for one in journal.entries if one.account.account == account), Decimal(0))


@settings(max_examples=300)
@given(case=cases(), splits_discounts=st.booleans())
def test_any_order_is_posted_to_the_cent_in_total_and_per_rate(case: Case, splits_discounts: bool) -> None:
    rules = config(discounts={"account": "3730"}) if splits_discounts else config()
    try:
        journal = journal_of(case.order, rules=rules, money=case.config.money, decimals=case.currency_decimals)
    except AmountsDifferError:
        return  # held: the shop's own sums miss by more than rounding, which the orders made so are for
    stated = {line.rate_percent: Decimal(0) for line in case.order.tax_lines}
    for line in case.order.tax_lines:
        stated[line.rate_percent] += line.tax_total + line.shipping_tax_total

    assert sum(one.signed for one in journal.entries) == 0
    assert on(journal, "1510") == case.order.total
    assert -sum(on(journal, f"26{place}") for place in range(len(RATES))) == case.order.total_tax
    for place, rate in enumerate(RATES.values()):
        assert abs(-on(journal, f"26{place}") - stated.get(rate, Decimal(0))) <= Decimal(1).scaleb(
            -case.currency_decimals
        )
    assert abs(on(journal, "3740")) <= case.config.money.limit_for(20, decimals=case.currency_decimals)


def test_recorded_order_is_split_as_the_rules_say() -> None:
    order = recorded_order(5)

    journal = journal_of(order, rules=config(discounts={"account": "3730"}))

    assert on(journal, "1510") == order.total
    assert -on(journal, "3510") == sum(line.total for line in order.shipping_lines)
    assert on(journal, "3730") == sum(line.subtotal - line.total for line in order.line_items)


@pytest.mark.parametrize(
    ("filed", "tax_class", "country", "account"),
    [
        ({"food": 0}, "reduced-rate", "HR", "3020"),
        ({"food": 0}, "standard", "HR", "3090"),
        ({"kitchen": 0, "food": 0}, "standard", "DE", "3011"),
        ({"kitchen": 0}, "standard", "HR", "3010"),
        ({"mugs": 0, "kitchen": 1}, "standard", "HR", "3010"),
        ({"kitchen": 0, "food": 1}, "reduced-rate", "DE", "3011"),
        ({"mugs": 0, "food": 1, "kitchen": 2}, "reduced-rate", "DE", "3020"),
        ({}, "standard", "HR", "3090"),
    ],
)
def test_rule_of_the_nearest_category_gives_the_account_the_first_of_equally_near_ones(
    filed: dict[str, int], tax_class: str, country: str, account: str
) -> None:
    assert revenue_of(filed, tax_class=tax_class, country=country) == account


RULES_UP_TO_ONE_FOR_ALL = [
    {"category": "household", "country": "HR", "account": {"account": "3011"}},
    {"tax_class": "reduced-rate", "account": {"account": "3020"}},
    {"category": "mugs", "account": {"account": "3010"}},
]


@pytest.mark.parametrize(
    ("tax_class", "country", "account"),
    [("reduced-rate", "HR", "3011"), ("reduced-rate", "DE", "3020"), ("standard", "HR", "3010")],
)
def test_rule_for_every_category_counts_before_a_nearer_one_behind_it(
    tax_class: str, country: str, account: str
) -> None:
    rules = config(revenue=RULES_UP_TO_ONE_FOR_ALL)

    found = revenue_of({"mugs": 0, "household": 1}, rules=rules, tax_class=tax_class, country=country)

    assert found == account


@pytest.mark.parametrize(("sku", "name"), [("OLD-1", "Mug"), ("", "Old &amp; rare")])
def test_product_that_is_gone_is_held_and_goes_where_a_rule_names_it(sku: str, name: str) -> None:
    named = {"product": "old-1" if sku else "Old & rare", "account": {"account": "3050"}}

    with pytest.raises(MappingError, match="no category tells its revenue account") as held:
        revenue_of(None, sku=sku, name=name)

    assert name not in held.value.message + held.value.resolution
    assert f'product: "{sku or "name of the line"}"' in held.value.resolution
    assert revenue_of(None, sku=sku, name=name, rules=config(revenue=[named, *ACCOUNTS["revenue"]])) == "3050"


def test_product_that_is_gone_goes_where_no_category_is_asked_for() -> None:
    rules = config(revenue=[{"country": "HR", "account": {"account": "3010"}}, *ACCOUNTS["revenue"]])

    assert revenue_of(None, rules=rules, country="HR") == "3010"


def revenue_of(
    filed: dict[str, int] | None, *, rules: InvoicesConfig | None = None, country: str = "HR", **line: Any
) -> str:
    """Returns the revenue account of one line of a product that is filed so; None: it is gone."""
    order = order_of(lines=[{"total": "10.00"}])
    changed = {"product_id": 7, "sku": "SKU", "name": "Mug", "tax_class": "standard", **line}
    items = (order.line_items[0].model_copy(update=changed),)
    address = order.delivery_address.model_copy(update={"country": country})
    order = order.model_copy(update={"line_items": items, "shipping": address, "billing": address})
    categories = {} if filed is None else {7: filed}
    return accounts_of(order, config=rules or config(), categories=categories, decimals=2).revenue[items[0].id].account


def test_line_without_a_rule_is_held() -> None:
    rules = config(revenue=[{"category": "kitchen", "account": {"account": "3010"}}])

    with pytest.raises(MappingError, match="no revenue account"):
        revenue_of({"food": 0}, rules=rules)


def test_tax_without_a_rule_is_held() -> None:
    with pytest.raises(MappingError, match="Tax of 25 % fits no tax account"):
        journal_of(order_of(lines=[{"total": "10.00", "tax": {1: "2.50"}}]), rules=config(taxes=[]))


def test_vat_code_follows_the_rate() -> None:
    order = order_of(lines=[{"total": "10.00", "tax": {1: "2.50"}}, {"total": "4.00"}])

    journal = journal_of(order)

    assert {(one.account.vat_code, one.amount) for one in journal.entries if one.what == "revenue"} == {
        ("1", Decimal("10.00")),
        ("0", Decimal("4.00")),
    }


def test_currency_with_more_decimals_than_a_line_amount_is_held() -> None:
    with pytest.raises(MappingError, match="KWD"):
        journal_of(order_of(lines=[{"total": "10.000"}], currency="KWD"), decimals=3)


def test_worked_order_of_the_documentation_is_what_is_posted() -> None:
    text = (Path(__file__).parents[3] / "docs" / "money.md").read_text(encoding="utf-8")
    table = text[text.index("**As an invoice.**") : text.index("**Its payment**")]
    rules = config(
        discounts={"account": "3730"},
        revenue=[{"account": {"account": "3010"}}],
        taxes=[{"rate": "25", "account": {"account": "2610"}}],
    )
    journal = journal_of(recorded_order(5), rules=rules)

    for number, one in enumerate(journal.entries, start=1):
        sides = f"{one.amount} | |" if one.side is Side.DEBIT else f"| {one.amount} |"
        code = f"{one.account.vat_code} |" if one.account.vat_code else "|"
        assert f"| {number} {one.what} | {one.account.account} | {code} {sides}" in table
    assert f"| sum | | | {journal.total} | {journal.total} |" in table
