"""What an exchange rate of M3 means: directly and inversely quoted, for more than one unit, and what is never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import MappingError
from connector.ledger.rates import StoredRate
from connector.money.rates import Worth, ratio, worth_of
from connector.money.rounding import round_half_up

FACTORS = {0: Decimal(1), 1: Decimal(1), 3: Decimal(100)}


def rate(value: str, **changes: Any) -> StoredRate:
    stated: dict[str, Any] = {"currency": "USD", "local_currency": "EUR", "rate_type": 1, "method": 1, "factor": 1}
    return StoredRate(**{**stated, "valid_from": date(2026, 11, 27), "value": Decimal(value), **changes})


def converted(amount: Decimal, *, source: Worth | None = None, target: Worth | None = None) -> Decimal:
    """An amount of one currency in the other; EUR where none is named."""
    currencies = {"source_currency": "USD" if source else "EUR", "target_currency": "GBP" if target else "EUR"}
    return ratio(source, target, **currencies)(amount)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (rate("0.862"), "86.20"),  # 100 USD at 0.862 EUR
        (rate("1.16", method=2), "86.21"),  # 1.16 USD for one EUR: 86.2069
        (rate("86.2", factor=3), "86.20"),  # 86.2 EUR for 100 USD
        (rate("0.862", factor=0), "86.20"),
    ],
)
def test_amount_is_converted_as_the_rate_is_stated(stated: StoredRate, expected: str) -> None:
    worth = worth_of(stated, factors=FACTORS)

    assert round_half_up(converted(Decimal(100), source=worth), 2) == Decimal(expected)


def test_local_amount_is_converted_the_other_way() -> None:
    assert converted(Decimal("86.20"), target=worth_of(rate("0.862"), factors=FACTORS)) == Decimal(100)
    assert converted(Decimal(57), target=worth_of(rate("0.57", factor=3), factors=FACTORS)) == Decimal(10000)


def test_two_foreign_currencies_are_converted_through_the_local_one_and_never_rounded_between() -> None:
    dollar, pound = worth_of(rate("0.862"), factors=FACTORS), worth_of(rate("1.139", currency="GBP"), factors=FACTORS)

    assert round_half_up(converted(Decimal("0.02"), source=dollar, target=pound), 5) == Decimal("0.01514")
    assert round_half_up(converted(Decimal(1000), source=dollar, target=pound), 2) == Decimal("756.80")
    with pytest.raises(MappingError, match="do not lead from USD to GBP"):
        converted(Decimal(1), source=dollar, target=worth_of(rate("1", local_currency="CHF"), factors=FACTORS))


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (rate("0.862", factor=4), "rate factor 4"),
        (rate("0.862", method=3), r"conversion method 3 \(DMCU\)"),
        (rate("116", method=2, factor=3), "conversion method 2"),
    ],
)
def test_what_nobody_gave_a_meaning_is_refused(stated: StoredRate, said: str) -> None:
    with pytest.raises(MappingError, match=said):
        worth_of(stated, factors=FACTORS)


@given(
    amount=st.decimals("-99999999.99", "99999999.99", places=2),
    value=st.decimals("0.000001", "999999", places=6),
    method=st.sampled_from((1, 2)),
)
def test_a_rate_and_its_inverse_differ_by_the_rounding_alone(amount: Decimal, value: Decimal, method: int) -> None:
    worth = worth_of(rate(str(value), method=method), factors=FACTORS)
    local = round_half_up(converted(amount, source=worth), 9)

    step = Decimal("0.0000000005") * worth.denominator / worth.numerator
    assert abs(converted(local, target=worth) - amount) <= step + Decimal("0.000001")
