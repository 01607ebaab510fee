"""What of a payment goes onto which invoice: to the cent, and never onto invoices that are open for something else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.money.settling import payable, spread

CENT = Decimal("0.01")
cents = st.integers(1, 10**7).map(lambda value: Decimal(value).scaleb(-2))


@pytest.mark.parametrize(
    ("refunded", "is_open", "expected"),
    [
        ("0", "189.75", "189.75"),
        ("0", "189.76", "189.75"),  # invoices of parts round again
        ("20.00", "189.75", "189.75"),  # given back after it was invoiced: a credit of its own
        ("20.00", "169.75", "169.75"),  # before: the order was made smaller
        ("0", "169.75", None),
        ("20.00", "180.00", None),
        ("0.01", "189.74", "189.74"),  # a refund within what rounding moves, given back before: not a cent too much
        ("0.01", "189.75", "189.75"),  # and after
        ("0.01", "189.76", "189.75"),
        ("0.02", "189.74", None),  # rounded, and nobody can tell from which of the two
    ],
)
def test_invoices_are_paid_what_they_are_open_for(refunded: str, is_open: str, expected: str | None) -> None:
    paid = Decimal("189.75")
    found = payable((paid, paid - Decimal(refunded)), is_open=Decimal(is_open), limit=CENT)

    assert found == (None if expected is None else Decimal(expected))


@given(opens=st.lists(cents, min_size=1, max_size=6), off=st.sampled_from([-CENT, Decimal(0), CENT]))
def test_shares_sum_to_what_was_paid_and_only_the_last_one_bears_rounding(opens: list[Decimal], off: Decimal) -> None:
    total = sum(opens, off)
    shares = spread(total, opens)

    assert sum(shares, Decimal(0)) == total
    assert shares[:-1] == opens[:-1]
