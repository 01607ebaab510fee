"""A journal in another currency: its leading amount is converted once, it balances, and nothing is more than a cent off."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.accounting.accounts import Account
from connector.errors import MappingError
from connector.ledger.rates import StoredRate
from connector.money.converting import converted
from connector.money.journal import Journal, credit, debit, make_journal
from connector.money.rates import Worth, ratio
from connector.money.rounding import round_half_up

cents = st.integers(1, 10**7).map(lambda value: Decimal(value).scaleb(-2))
rates = st.integers(1, 10**9).map(lambda value: Decimal(value).scaleb(-6))


def account(name: str) -> Account:
    return Account(account=name)


def invoice(*parts: Decimal) -> Journal:
    entries = [debit(sum(parts, Decimal(0)), account("1510"), "receivable")]
    entries += [credit(part, account(f"30{place:02d}"), "revenue") for place, part in enumerate(parts)]
    return make_journal(entries, currency="USD", decimals=2)


def worth(currency: str, value: str, *, local: str = "EUR") -> Worth:
    rate = StoredRate(
        currency=currency,
        local_currency=local,
        rate_type=1,
        valid_from=date(2026, 11, 27),
        value=Decimal(value),
        method=1,
        factor=1,
    )
    return Worth(Decimal(value), Decimal(1), rate)


@pytest.mark.parametrize("decimals", [0, 2])
@given(parts=st.lists(cents, min_size=1, max_size=8), rate=rates)
def test_any_journal_balances_and_keeps_its_total(decimals: int, parts: list[Decimal], rate: Decimal) -> None:
    made = converted(invoice(*parts), lambda amount: amount * rate, currency="EUR", decimals=decimals)

    total = round_half_up(sum(parts, Decimal(0)) * rate, decimals)
    assert (made.total, made.currency) == (total, "EUR")
    by_account = {one.account.account: one.amount for one in made.entries}
    step = Decimal(1).scaleb(-decimals)
    assert all(
        abs(by_account.get(f"30{place:02d}", Decimal(0)) - part * rate) <= step for place, part in enumerate(parts)
    )


def test_payment_and_prepayment_are_the_same_amount_whatever_the_fee_is_spread_to() -> None:
    clearing, liability, fees, vat = map(account, ("1580", "2420", "6570", "2640"))
    entries = [
        debit(Decimal("189.75"), clearing, "payment"),
        credit(Decimal("189.75"), liability, "prepayment"),
        debit(Decimal("3.00"), fees, "gateway fee"),
        credit(Decimal("3.75"), clearing, "fee withheld"),
        debit(Decimal("0.75"), vat, "VAT of the gateway fee"),
    ]
    made = converted(
        make_journal(entries, currency="USD", decimals=2),
        lambda amount: amount * Decimal("0.862"),
        currency="EUR",
        decimals=2,
    )

    assert {one.what: one.amount for one in made.entries} == {
        **{"payment": Decimal("163.56"), "prepayment": Decimal("163.56"), "gateway fee": Decimal("2.59")},
        **{"fee withheld": Decimal("3.23"), "VAT of the gateway fee": Decimal("0.64")},
    }


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (worth("USD", "0.862"), None, "86.2"),
        (worth("USD", "0.862"), worth("GBP", "1.15"), "74.9565"),
    ],
)
def test_ratio_leads_to_the_own_currency_or_through_it(source: Worth, target: Worth | None, expected: str) -> None:
    to = "EUR" if target is None else "GBP"
    convert = ratio(source, target, source_currency="USD", target_currency=to)

    assert round_half_up(convert(Decimal(100)), 4) == Decimal(expected)


def test_ratio_from_the_own_currency() -> None:
    convert = ratio(None, worth("USD", "0.8"), source_currency="EUR", target_currency="USD")

    assert convert(Decimal("80.00")) == Decimal(100)


@pytest.mark.parametrize(
    ("source", "target", "names"),
    [(None, None, ("USD", "EUR")), (worth("USD", "1", local="SEK"), None, ("USD", "EUR"))],
)
def test_ratio_is_never_guessed(source: Worth | None, target: Worth | None, names: tuple[str, str]) -> None:
    with pytest.raises(MappingError, match="do not lead"):
        ratio(source, target, source_currency=names[0], target_currency=names[1])
