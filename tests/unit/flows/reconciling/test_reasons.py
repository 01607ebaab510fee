"""Why a figure differs: a reason counts only where it is proven; each case beside it is a fault that it must not hide."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.errors import ChangedAfterDiscardError
from connector.flows.reconciling.reasons import (
    Proof,
    standing_of,
    why_changed,
    why_differs,
    why_left_over,
    why_missing,
    why_paid_otherwise,
    why_posted_otherwise,
)
from connector.flows.reconciling.result import EXPLAINED, Reason
from connector.ledger.carried import Carried
from connector.ledger.discards import DISCARDED
from connector.ledger.tables import State

CARRIED = Carried(
    flow="orders_to_m3",
    key="1001",
    exchange_id=7,
    state=State.DONE,
    reason_code="",
    reason="posted as 0000045001",
    resolution="",
    due_at=None,
    is_left_lying=False,
    m3_number="0000045001",
    is_written=True,
    expected={"total": "10.00"},
    asked={"total": "10.00"},
    accepted=None,
    is_end_accepted=False,
    is_ended_by_us=False,
    sent_on=None,
    entered_as=None,
    customer="GUESTHREUR",
    skus=None,
    charges=None,
)
EDITED = Proof(is_as_sent=False, is_as_asked=True)
CHANGED = Proof(is_as_sent=True, is_as_asked=False)
BOTH = Proof(is_as_sent=False, is_as_asked=False)
AS_SENT = Proof(is_as_sent=True, is_as_asked=True)


def known(**changes: Any) -> Carried:
    return replace(CARRIED, **changes)


def waiting(**changes: Any) -> Carried:
    due = datetime(2026, 11, 29, 12, tzinfo=UTC)
    return known(state=State.WAITING, reason="M3 is away.", due_at=due, **changes)


REFUSED = known(state=State.DEAD_LETTER, reason="M3 has no item X.", m3_number=None, is_written=False, expected=None)
DEAD = known(state=State.DEAD_LETTER, reason="The order was changed.")


@pytest.mark.parametrize(
    ("proof", "reason"),
    [
        (EDITED, Reason.EDITED_IN_M3),
        (BOTH, Reason.UNKNOWN),  # a change of the shop that nobody heard of, behind an edit in M3
        (CHANGED, Reason.UNKNOWN),
        (AS_SENT, Reason.UNKNOWN),  # something else was sent than the shop asked for
        (replace(BOTH, is_accepted=True), Reason.SETTLED),
    ],
)
def test_m3_was_edited_only_if_nothing_but_m3_changed(proof: Proof, reason: Reason) -> None:
    assert why_differs(CARRIED, proof, sync="").reason is reason


def test_m3_was_not_edited_if_it_was_never_seen_to_hold_what_was_sent() -> None:
    assert why_differs(known(m3_number=None), EDITED, sync="").reason is Reason.UNKNOWN


@pytest.mark.parametrize("state", [State.READY, State.RUNNING, State.WAITING, State.BLOCKED])
def test_what_lies_due_for_an_hour_is_not_in_flight(state: State) -> None:
    found = standing_of(known(state=state), is_in_m3=False)
    lying = standing_of(known(state=state, is_left_lying=True), is_in_m3=False)

    assert found is not None
    assert found.reason is Reason.IN_FLIGHT
    assert lying is not None
    assert lying.reason is Reason.UNKNOWN


def test_what_m3_has_was_not_refused_before_anything_was_written() -> None:
    assert why_missing(REFUSED, elsewhere=None, sync="").reason is Reason.REFUSED
    assert why_differs(REFUSED, BOTH, sync="").reason is Reason.UNKNOWN
    assert why_left_over(REFUSED, what="", remedy="").reason is Reason.UNKNOWN


def test_a_discard_that_asks_for_something_else_since_waits_for_a_person() -> None:
    found = standing_of(replace(REFUSED, reason_code=ChangedAfterDiscardError.code), is_in_m3=True)

    assert found is not None
    assert found.reason is Reason.WAITING


def test_a_number_that_m3_has_as_another_order_is_lost_and_not_edited() -> None:
    found = why_missing(CARRIED, elsewhere=["w1-1002-1795311984"], sync="")

    assert found.reason is Reason.UNKNOWN
    assert "w1-1002-1795311984" in found.words
    assert why_missing(CARRIED, elsewhere=[], sync="").reason is Reason.DELETED_IN_M3


def test_what_a_person_says_was_entered_by_hand_has_to_be_there() -> None:
    said = known(reason_code=DISCARDED, reason="Discarded by ana", m3_number=None, entered_as="0000045009")

    assert why_missing(said, elsewhere=["by hand"], sync="").reason is Reason.SETTLED
    assert why_missing(said, elsewhere=None, sync="").reason is Reason.SETTLED  # nobody looked
    assert why_missing(said, elsewhere=[], sync="").reason is Reason.UNKNOWN


def test_an_order_ended_in_the_shop_stays_in_m3_if_a_person_settled_that() -> None:
    assert why_left_over(CARRIED, what="", remedy="").reason is Reason.UNKNOWN
    assert why_left_over(known(is_end_accepted=True), what="", remedy="").reason is Reason.SETTLED


HEARD = why_changed(CARRIED, is_carried=True, is_accepted=False)
ON_ITS_WAY = why_changed(waiting(), is_carried=False, is_accepted=False)
WITH_A_PERSON = why_changed(DEAD, is_carried=False, is_accepted=False)
BY_PERSON = why_changed(CARRIED, is_carried=False, is_accepted=True)
FORGOTTEN = why_changed(waiting(is_left_lying=True), is_carried=False, is_accepted=False)
UNHEARD = why_changed(CARRIED, is_carried=False, is_accepted=False)
NOBODY_S = why_changed(None, is_carried=False, is_accepted=False)


@pytest.mark.parametrize("change", [HEARD, ON_ITS_WAY, WITH_A_PERSON, BY_PERSON])
def test_a_posting_is_explained_by_a_change_that_is_known(change: Any) -> None:
    proof = replace(CHANGED, change=change)

    assert why_posted_otherwise(CARRIED, proof, number="1", sync="").reason is Reason.CHANGED_IN_SHOP


@pytest.mark.parametrize("change", [FORGOTTEN, UNHEARD, NOBODY_S])
def test_a_posting_is_not_explained_by_a_change_that_nobody_is_about(change: Any) -> None:
    proof = replace(CHANGED, change=change)

    assert why_posted_otherwise(CARRIED, proof, number="1", sync="").reason is Reason.UNKNOWN
    assert why_paid_otherwise(CARRIED, proof, is_more=True, sync="").reason is Reason.UNKNOWN


@pytest.mark.parametrize("exchange", [CARRIED, waiting(), DEAD])
def test_a_posting_of_the_order_as_it_is_was_not_changed_in_the_shop(exchange: Carried) -> None:
    proof = replace(AS_SENT, change=HEARD)

    assert why_posted_otherwise(exchange, proof, number="1", sync="").reason is Reason.UNKNOWN


def test_a_posting_that_a_person_settled_is_settled() -> None:
    accepted = replace(CHANGED, is_accepted=True)

    assert why_posted_otherwise(CARRIED, accepted, number="1", sync="").reason is Reason.SETTLED
    discarded = known(reason_code=DISCARDED, reason="Discarded by ana")
    assert why_posted_otherwise(discarded, CHANGED, number="1", sync="").reason is Reason.SETTLED


@pytest.mark.parametrize("exchange", [waiting(), DEAD])
def test_a_change_of_a_posting_that_is_on_its_way_or_waits_says_so(exchange: Carried) -> None:
    found = why_posted_otherwise(exchange, CHANGED, number="1", sync="")

    assert found.reason in (Reason.IN_FLIGHT, Reason.WAITING)


@pytest.mark.parametrize("is_more", [True, False])
@pytest.mark.parametrize("change", [HEARD, ON_ITS_WAY, WITH_A_PERSON, BY_PERSON])
def test_a_batch_of_ours_that_pays_something_else_is_a_fault_of_ours(change: Any, is_more: bool) -> None:
    proof = replace(AS_SENT, change=change)

    found = why_paid_otherwise(CARRIED, proof, is_more=is_more, sync="")

    assert found.reason is Reason.UNKNOWN
    assert "not what the buyer paid" in found.words


@pytest.mark.parametrize("change", [ON_ITS_WAY, WITH_A_PERSON, BY_PERSON])
def test_a_batch_that_paid_what_was_asked_then_is_explained_by_the_change(change: Any) -> None:
    found = why_paid_otherwise(CARRIED, replace(CHANGED, change=change), is_more=True, sync="")

    assert found.reason is Reason.CHANGED_IN_SHOP


@pytest.mark.parametrize("exchange", [waiting(), DEAD, REFUSED])
def test_more_than_the_buyer_paid_is_explained_by_no_exchange(exchange: Carried) -> None:
    proof = replace(BOTH, change=WITH_A_PERSON)

    assert why_paid_otherwise(exchange, proof, is_more=True, sync="").reason is Reason.UNKNOWN
    assert why_paid_otherwise(exchange, proof, is_more=False, sync="").reason in EXPLAINED
