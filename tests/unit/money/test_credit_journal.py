"""The credits of a direct invoice: what refunds take back, on the invoice's own accounts, and in the end nothing on any of them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connector.errors import AmountsDifferError, ConnectorError
from connector.flows.books.converting import IntoBooks
from connector.flows.books.sold import Sold
from connector.money.invoice_accounts import accounts_of
from connector.money.journal import Journal
from connector.money.rates import Ratio
from connector.stores.money import MoneyConfig
from connector.woocommerce.models import Order, Refund, parse_refund
from tests.unit.money.made_orders import RATES, Case, cases
from tests.unit.money.material import order_of
from tests.unit.money.test_invoice_journal import config, on, unsorted
from tests.unit.money.test_refunds import moves, play

thorough = settings(max_examples=150)
REVENUE = [
    {"tax_class": "reduced-rate", "account": {"account": "3020"}},
    {"category": "even", "account": {"account": "3011"}},
    {"account": {"account": "3010"}},
]
INTO = IntoBooks(source="USD", target="EUR", decimals=2, ratio=Ratio(Decimal("0.862"), Decimal(1)))


def sold_of(case: Case, *, splits_discounts: bool, into: IntoBooks | None) -> Sold:
    """An order whose lines go to several accounts, as its invoice's document keeps it."""
    rules = config(revenue=REVENUE, **({"discounts": {"account": "3730"}} if splits_discounts else {}))
    lines = tuple(
        line.model_copy(update={"product_id": place}) for place, line in enumerate(case.order.line_items, start=1)
    )
    order = case.order.model_copy(update={"line_items": lines})
    categories = {line.product_id: {} if line.product_id % 2 else {"even": 0} for line in lines}
    decimals = case.currency_decimals
    sold = Sold(order, accounts_of(order, config=rules, categories=categories, decimals=decimals), decimals, into)
    return Sold.from_json(sold.to_json(), order.model_copy(update={"line_items": (), "total": Decimal(0)}))


def credits_of(sold: Sold, refunds: Sequence[Refund], case: Case) -> list[Journal]:
    return [sold.credit(one, refunds[:place], case.config.money) for place, one in enumerate(refunds)]


def accounts_in(journals: Sequence[Journal]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for one in (entry for journal in journals for entry in journal.entries):
        sums[one.account.account] = sums.get(one.account.account, Decimal(0)) + one.signed
    return {account: amount for account, amount in sums.items() if amount}


@thorough
@given(cases(), moves, st.booleans(), st.sampled_from([None, INTO]))
def test_all_given_back_leaves_nothing_on_any_account(
    case: Case, told: list[tuple[str, int, int, int]], splits_discounts: bool, into: IntoBooks | None
) -> None:
    shop = play(case, told)
    sold = sold_of(case, splits_discounts=splits_discounts, into=into)
    try:
        invoice = sold.in_books(sold.invoice(case.config.money))
        credits_of(sold, shop.refunds, case)
        if shop.left > 0:
            shop.amount(shop.left)
        credited = credits_of(sold, shop.refunds, case)
    except ConnectorError:
        assume(False)  # held: an order or refund that no person can post either
    assume(credited)  # of an order that costs nothing the shop gives nothing back

    assert accounts_in([invoice, *credited]) == {}


@thorough
@given(cases(), moves, st.booleans())
def test_each_credit_is_what_the_buyer_got_with_the_tax_of_its_rows(
    case: Case, told: list[tuple[str, int, int, int]], splits_discounts: bool
) -> None:
    shop = play(case, told)
    sold = sold_of(case, splits_discounts=splits_discounts, into=None)
    try:
        credited = credits_of(sold, shop.refunds, case)
    except ConnectorError:
        assume(False)

    given_back = Decimal(0)
    for refund, journal in zip(shop.refunds, credited, strict=True):
        given_back += refund.amount
        assert on(journal, "1510") == -refund.amount
        if refund.line_items and given_back != case.order.total:  # the last one takes the cents all others have left
            assert taxes_on(journal) == stated_by(refund)


def taxes_on(journal: Journal) -> dict[int, Decimal]:
    sums = {rate_id: on(journal, f"26{place}") for place, rate_id in enumerate(RATES)}
    return {rate_id: amount for rate_id, amount in sums.items() if amount}


def stated_by(refund: Refund) -> dict[int, Decimal]:
    stated: dict[int, Decimal] = {}
    for tax in (tax for row in refund.line_items for tax in row.taxes):
        stated[tax.id] = stated.get(tax.id, Decimal(0)) - tax.total
    return {rate_id: amount for rate_id, amount in stated.items() if amount}


LINE = {"total": "10.00", "tax": {1: "2.50"}}


def invoiced(order: Order, *, splits_discounts: bool = False) -> Sold:
    rules = config(revenue=REVENUE, **({"discounts": {"account": "3730"}} if splits_discounts else {}))
    return Sold(order, accounts_of(order, config=rules, categories=unsorted(order), decimals=2), 2, None)


def refund_of(*rows: dict[str, Any], amount: str, kind: str = "line_items") -> Refund:
    given = [
        {
            "id": 800 + place, "quantity": 0, "subtotal": row["total"], "subtotal_tax": "0", "total_tax": "0", "taxes": [],
            "meta_data": [{"key": "_refunded_item_id", "value": str(row.pop("of"))}], **row,
        }
        for place, row in enumerate(map(dict, rows))
    ]  # fmt: skip
    return parse_refund({"id": 100, "amount": amount, kind: given})


def test_shipping_alone_is_credited_on_its_own_account() -> None:
    order = order_of(lines=[LINE], shipping=[{"total": "4.00", "tax": {1: "1.00"}}])
    row = {"of": order.shipping_lines[0].id, "total": "-2.00", "taxes": [{"id": 1, "total": "-0.50"}]}

    journal = invoiced(order).credit(refund_of(row, amount="2.50", kind="shipping_lines"), [], MoneyConfig())

    assert accounts_in([journal]) == {"1510": Decimal("-2.50"), "3510": Decimal("2.00"), "260": Decimal("0.50")}


def test_pieces_of_a_line_that_was_given_away_take_revenue_and_discount_back() -> None:
    order = order_of(lines=[LINE, {"total": "0.00", "subtotal": "9.99", "quantity": 3}])
    mug, gift = order.line_items
    rows = [
        {"of": mug.id, "total": "-1.00", "taxes": [{"id": 1, "total": "-0.25"}]},
        {"of": gift.id, "quantity": -1, "total": "0.00"},
    ]

    journal = invoiced(order, splits_discounts=True).credit(refund_of(*rows, amount="1.25"), [], MoneyConfig())

    assert (on(journal, "3730"), on(journal, "3010")) == (Decimal("-3.33"), Decimal("4.33"))


def test_money_at_a_rate_of_shipping_alone_is_credited_where_the_shipping_went() -> None:
    order = order_of(lines=[{"total": "10.00"}], shipping=[{"total": "8.00", "tax": {1: "2.00"}}])

    journal = invoiced(order).credit(refund_of(amount="10.00"), [], MoneyConfig())

    assert accounts_in([journal]) == {
        **{"1510": Decimal("-10.00"), "3010": Decimal("5.00")},
        **{"3510": Decimal("4.00"), "260": Decimal("1.00")},
    }


def test_more_than_was_invoiced_is_refused_whatever_the_order_is_now() -> None:
    sold = invoiced(order_of(lines=[{**LINE, "quantity": 1}]))
    row = {"of": sold.order.line_items[0].id, "quantity": -2, "total": "-20.00", "taxes": [{"id": 1, "total": "-5.00"}]}

    with pytest.raises(AmountsDifferError, match="more than there is"):
        sold.credit(refund_of(row, amount="25.00"), [], MoneyConfig())


def test_refund_at_a_rate_the_order_was_not_invoiced_at_is_held() -> None:
    sold = invoiced(order_of(lines=[LINE]))
    row = {
        "of": sold.order.line_items[0].id,
        "quantity": -1,
        "total": "-10.00",
        "taxes": [{"id": 51, "total": "-2.50"}],
    }

    with pytest.raises(AmountsDifferError, match="tax rate 51"):
        sold.credit(refund_of(row, amount="12.50"), [], MoneyConfig())


@pytest.mark.parametrize("pieces", [1, 4])
def test_what_a_person_settled_of_later_rows_or_too_many_pieces_holds_no_other_row(pieces: int) -> None:
    sold = invoiced(order_of(lines=[LINE, {**LINE, "quantity": 3}]))
    mug, tea = sold.order.line_items
    row = {"of": 999 if pieces == 1 else tea.id, "quantity": -pieces, "total": "-9.00", "total_tax": "-2.25"}
    by_person = refund_of({**row, "taxes": [{"id": 1, "total": "-2.25"}]}, amount="11.25")
    row = {"of": mug.id, "quantity": -1, "total": "-8.00", "taxes": [{"id": 1, "total": "-2.00"}]}
    mine = refund_of(row, amount="10.00").model_copy(update={"id": 101})

    credited = sold.credit(mine, [by_person], MoneyConfig())

    assert accounts_in([credited]) == {"1510": Decimal("-10.00"), "3010": Decimal("8.00"), "260": Decimal("2.00")}


def test_cents_of_the_total_above_all_rows_are_a_rounding() -> None:
    order = order_of(lines=[LINE], total="12.52")
    row = {"of": order.line_items[0].id, "quantity": -1, "total": "-10.00", "taxes": [{"id": 1, "total": "-2.50"}]}
    goods = refund_of(row, amount="12.50")
    cents = refund_of(amount="0.02").model_copy(update={"id": 101})
    money = MoneyConfig(rounding_limit=Decimal("0.02"))

    assert accounts_in([invoiced(order).credit(cents, [goods], money)]) == {
        "1510": Decimal("-0.02"),
        "3740": Decimal("0.02"),
    }
