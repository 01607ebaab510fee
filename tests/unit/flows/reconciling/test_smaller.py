"""What an order is smaller by, and the refunds that may account for it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connector.flows.reconciling.result import Reason, Why
from connector.flows.reconciling.smaller import TAKEN_OFF, Smaller

FIRST, SECOND = 71, 72


def smaller(by: str, *left: str, refunded: str = "30.00", why: Why = TAKEN_OFF) -> Smaller:
    amounts = map(Decimal, left)
    return Smaller(Decimal(by), dict(zip((FIRST, SECOND), amounts, strict=False)), Decimal(refunded), why)


def test_a_refund_of_which_a_return_gives_back_the_rest_is_accounted_for() -> None:
    found = smaller("10.00", "10.00")

    assert found.accounts_for(FIRST, settled={FIRST})
    assert (found.returned, found.given_back, found.is_too_much) == (Decimal("20.00"), Decimal("30.00"), False)


@pytest.mark.parametrize(("by", "left", "is_too_much"), [("30.00", "0.00", True), ("0.01", "0.00", True), ("10.00", "9.99", True),
                                                         ("10.00", "10.00", False), ("31.00", "30.00", False)])  # fmt: skip
def test_what_returns_give_back_and_what_is_taken_off_is_never_more_than_was_refunded(
    by: str, left: str, is_too_much: bool
) -> None:
    assert smaller(by, left).is_too_much is is_too_much  # in the last case nothing is given back twice


def test_refunds_that_lack_more_together_than_was_taken_off_are_not_accounted_for() -> None:
    found = smaller("10.00", "10.00", "1.00")

    assert not found.accounts_for(FIRST, settled={FIRST, SECOND})
    assert not found.accounts_for(SECOND, settled={FIRST, SECOND})


def test_a_refund_under_way_takes_nothing_from_one_that_is_settled() -> None:
    assert smaller("10.00", "10.00", "20.00").accounts_for(FIRST, settled={FIRST})


def test_a_refund_given_back_whole_lacks_nothing() -> None:
    assert not smaller("10.00", "10.00", "0.00").accounts_for(SECOND, settled={FIRST, SECOND})


def test_an_order_that_was_edited_accounts_for_no_refund() -> None:
    assert not smaller("10.00", "10.00", why=Why(Reason.EDITED_IN_M3)).accounts_for(FIRST, settled={FIRST})


@pytest.mark.parametrize(("by", "is_all"), [("10.00", True), ("9.99", True), ("9.90", False)])
def test_an_order_that_was_edited_leaves_nothing_of_a_refund_that_has_nothing_to_credit(by: str, is_all: bool) -> None:
    edited = replace(smaller(by, "10.00", why=Why(Reason.EDITED_IN_M3)), rounding=Decimal("0.05"))

    assert edited.leaves_nothing_of(FIRST, settled={FIRST}) is is_all
    assert not smaller(by, "10.00").leaves_nothing_of(FIRST, settled={FIRST})
