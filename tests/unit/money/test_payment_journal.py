"""The journal of a payment balances in every currency, and the fee never makes money."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.accounting.accounts import Account
from connector.accounting.payments import PaymentsConfig
from connector.errors import AmountsDifferError, MappingError
from connector.money.journal import Journal, Side, credit, debit, make_journal
from connector.money.payment_journal import payment_journal
from connector.woocommerce.models import Order, parse_order

DECIMALS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
CONFIG = PaymentsConfig.model_validate(
    {
        "interface": "GL",
        "identity": "G1",
        "liability": {"account": "2420"},
        "methods": {
            "stripe": {
                "clearing": {"account": "1580"},
                "fee": {
                    "meta_keys": ["_fee"],
                    "currency_key": "_fee_currency",
                    "account": {"account": "6570"},
                    "vat_rate": "25",
                    "vat_account": {"account": "2640"},
                },
            }
        },
    }
)


def paid(total: Decimal, *, currency: str = "EUR", fee: str | None = None, fee_in: str | None = None) -> Order:
    meta = [] if fee is None else [{"id": 1, "key": "_fee", "value": fee}]
    meta += [] if fee_in is None else [{"id": 2, "key": "_fee_currency", "value": fee_in}]
    rows = ("line_items", "tax_lines", "shipping_lines", "fee_lines", "coupon_lines")
    empty: dict[str, list[object]] = {key: [] for key in rows}
    zero = dict.fromkeys(("discount_total", "discount_tax", "shipping_total", "shipping_tax", "cart_tax"), "0")
    body = {
        **{"id": 54, "number": "54", "status": "processing", "currency": currency, "payment_method": "stripe"},
        **{"date_created_gmt": "2026-11-22T01:33:04", "total": str(total), "total_tax": "0", "meta_data": meta},
        **{"billing": {}, "shipping": {}, **empty, **zero},
    }
    return parse_order(body)


def on(journal: Journal, account: str) -> Decimal:
    return sum((one.signed for one in journal.entries if one.account.account == account), Decimal(0))


@given(data=st.data(), currency=st.sampled_from(sorted(DECIMALS)))
def test_any_payment_balances_and_states_the_shops_total(data: st.DataObject, currency: str) -> None:
    decimals = DECIMALS[currency]
    total = Decimal(data.draw(st.integers(1, 10**9))).scaleb(-decimals)
    fee = Decimal(data.draw(st.integers(0, int(total.scaleb(decimals))))).scaleb(-decimals)

    journal = payment_journal(paid(total, currency=currency, fee=str(fee)), config=CONFIG, decimals=decimals)

    assert sum(one.signed for one in journal.entries) == 0
    assert on(journal, "2420") == -total
    assert on(journal, "1580") == total - fee
    assert on(journal, "6570") + on(journal, "2640") == fee
    assert all(one.amount > 0 for one in journal.entries)


def test_negative_amount_changes_sides() -> None:
    some, other = Account(account="1"), Account(account="2")

    journal = make_journal(
        [debit(Decimal("-5.00"), some, "a"), credit(Decimal("-5.00"), other, "b")], currency="EUR", decimals=2
    )

    assert [(one.side, one.amount) for one in journal.entries] == [
        (Side.CREDIT, Decimal("5.00")),
        (Side.DEBIT, Decimal("5.00")),
    ]


@pytest.mark.parametrize("amounts", [("5.00", "4.99"), ("5.001", "5.001")])
def test_journal_that_does_not_balance_or_fit_is_refused(amounts: tuple[str, str]) -> None:
    left, right = (Decimal(one) for one in amounts)

    with pytest.raises(AmountsDifferError):
        make_journal(
            [debit(left, Account(account="1"), "a"), credit(right, Account(account="2"), "b")],
            currency="EUR",
            decimals=2,
        )


def test_worked_payment_of_the_documentation_is_what_is_posted() -> None:
    text = (Path(__file__).parents[3] / "docs" / "money.md").read_text(encoding="utf-8")
    table = text[text.index("**Its payment**") : text.index("## The layout")]
    journal = payment_journal(paid(Decimal("189.75"), fee="3.75"), config=CONFIG, decimals=2)

    for number, one in enumerate(journal.entries, start=1):
        sides = f"{one.amount} | |" if one.side is Side.DEBIT else f"| {one.amount} |"
        assert f"| {number} {one.what} | {one.account.account} | {sides}" in table
    assert f"| sum | | {journal.total} | {journal.total} |" in table


@pytest.mark.parametrize(
    ("fee", "words"),
    [
        *((one, "it is no number") for one in ("NaN", "Infinity", "-Infinity", "1,25", "free")),
        *((one, "negative, larger than the payment") for one in ("-0.01", "10.01", "0.005")),
    ],
)
def test_fee_that_cannot_be_one_is_held(fee: str, words: str) -> None:
    with pytest.raises(MappingError, match=words):
        payment_journal(paid(Decimal("10.00"), fee=fee), config=CONFIG, decimals=2)


@pytest.mark.parametrize("said", ["EUR", "eur", ""])
def test_fee_in_the_currency_of_the_order_is_posted(said: str) -> None:
    journal = payment_journal(paid(Decimal("10.00"), fee="1.25", fee_in=said), config=CONFIG, decimals=2)

    assert on(journal, "1580") == Decimal("8.75")


def test_fee_in_another_currency_than_the_order_is_held() -> None:
    with pytest.raises(MappingError, match="it is in USD, the order in EUR"):
        payment_journal(paid(Decimal("10.00"), fee="1.25", fee_in="usd"), config=CONFIG, decimals=2)
