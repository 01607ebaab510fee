"""Bookings of units whose answers are lost or late, and messages that M3 has not executed or cannot."""

from __future__ import annotations

import pytest

from tests.harness import SETTLED_S
from tests.integration.flows.stock.stock_story import MUG
from tests.integration.flows.stock.warehouse import CAP, FLOW, TOO_LOW, Warehouse

LATE_S = 600.0
"""Longer than the test waits: M3 does it when the test says so."""
DELETED_FIRST = "first delete the message in MMS850"


@pytest.mark.parametrize(
    "fault", ["drop_after_commit", "drop_before_commit", "late_answer", "http_503", "lock", "terminate"]
)
def test_units_are_booked_once_whatever_becomes_of_the_answer(house: Warehouse, fault: str) -> None:
    house.m3_fault("MMS850MI/AddAdjust", fault)
    house.place()
    house.go_on_late()

    assert house.exchange(FLOW)["state"] == "done"
    assert sorted(house.messages()) == [(MUG, "-3"), (CAP, "-1")]
    assert (house.on_hand(), house.shown()) == (17, 17)


def test_booking_that_comes_after_a_second_one_is_refused_by_its_number(house: Warehouse) -> None:
    """The first is executed after the settle time: the same number was taken meanwhile."""
    house.sandbox.m3_faults(
        rules=[{"program": "MMS850MI", "transaction": "AddAdjust", "fault": "late_answer", "times": 1}],
        gateway_cut_s=0.2,
        late_commit_s=LATE_S,
    )
    house.place()
    house.connector.drain()
    house.connector.pass_time(SETTLED_S)
    house.connector.drain()
    done = house.exchange(FLOW)["state"]
    house.sandbox.m3_does_late_work()

    assert done == "done"
    assert house.on_hand() == 17


def test_booking_that_comes_after_its_order_was_cancelled_is_found_and_given_back(house: Warehouse) -> None:
    house.sandbox.m3_faults(
        rules=[{"program": "MMS850MI", "transaction": "AddAdjust", "fault": "late_answer", "times": 1}],
        gateway_cut_s=0.2,
        late_commit_s=LATE_S,
    )
    order = house.place()
    house.connector.drain()
    house.change(order, status="cancelled")
    house.connector.pass_time(SETTLED_S)
    house.connector.drain()
    watched = house.exchange(FLOW)
    house.sandbox.m3_does_late_work()
    came = house.on_hand()
    house.connector.pass_time(601)
    house.go_on()

    assert (watched["state"], watched["reason_code"]) == ("waiting", "not_yet")
    assert (came, house.on_hand(), house.exchange(FLOW)["state"]) == (17, 20, "done")


def test_message_m3_has_not_executed_is_waited_for_and_never_sent_again(house: Warehouse) -> None:
    house.set_messages(runs=False)
    house.place()
    house.connector.drain()
    waiting = house.exchange(FLOW)
    house.run_messages()
    house.connector.pass_time(61)
    house.go_on()

    assert (waiting["state"], waiting["reason_code"]) == ("waiting", "not_yet")
    assert "stands at 10" in waiting["reason"]
    assert (house.exchange(FLOW)["state"], len(house.messages()), house.on_hand()) == ("done", 2, 17)


def test_character_beside_a_message_that_was_not_executed_is_no_error(house: Warehouse) -> None:
    """MSGD has one character in the published signature; a flag there says nothing about why."""
    house.set_messages(runs=False, says="1")
    house.place()
    house.connector.drain()
    waiting = house.exchange(FLOW)

    assert (waiting["state"], waiting["reason_code"]) == ("waiting", "not_yet")
    assert DELETED_FIRST in waiting["resolution"]


def test_words_of_a_site_about_a_message_that_was_not_executed_are_its_error(house: Warehouse) -> None:
    house.set_messages(runs=False, says="Quantity on hand is too low")
    house.place()
    house.go_on()
    held = house.exchange(FLOW)

    assert (held["state"], held["reason_code"]) == ("dead_letter", "needs_person")
    assert "(Quantity on hand is too low)" in held["reason"]


def test_message_that_m3_cannot_execute_is_a_persons_and_goes_on_when_it_is_run_there(house: Warehouse) -> None:
    house.set_messages(fails=TOO_LOW)
    house.place()
    house.go_on()
    held = house.exchange(FLOW)
    house.run_messages()
    house.revive()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "needs_person")
    assert f"stands at 15 ({TOO_LOW})" in held["reason"]
    assert DELETED_FIRST in held["resolution"]
    assert (house.exchange(FLOW)["state"], house.on_hand()) == ("done", 17)


def test_refused_booking_goes_on_after_a_release(house: Warehouse) -> None:
    house.m3_fault("MMS850MI/AddAdjust", "nok")
    house.place()
    house.go_on()
    held = house.exchange(FLOW)
    house.release(held["id"])
    house.go_on()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "m3_rejected")
    assert "MMS865" in held["resolution"]
    assert DELETED_FIRST in held["resolution"]
    assert sorted(house.messages()) == [(MUG, "-3"), (CAP, "-1")]
