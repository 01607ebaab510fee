"""Bookings of units that a person answers for, until they are taken back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.flows.refunds.desk import part_of
from tests.integration.flows.stock.stock_story import MUG
from tests.integration.flows.stock.warehouse import CAP, FLOW, TOO_LOW, Warehouse


def test_discarded_booking_is_the_persons_and_only_later_changes_are_booked(house: Warehouse) -> None:
    house.m3_fault("MMS850MI/AddAdjust", "nok", times=9)
    order = house.place()
    house.go_on()
    house.end_faults()
    house.discard()
    house.stock.m3_holds(MUG, 17)
    settled = house.shown()
    house.change(order, customer_note="news")
    house.go_on()
    none = house.messages()
    house.change(order, refund={"line_items": [part_of(order["line_items"][0], 1)], "api_restock": True})
    house.go_on()

    assert settled == 17
    assert none == [(CAP, "-1")] or none == []
    assert (MUG, "1") in house.messages()
    assert (house.on_hand(), house.shown()) == (18, 18)


@pytest.mark.parametrize("cut_off_by", ["a killed worker", "a shop that is away"])
def test_discarded_booking_stays_discarded_where_the_next_run_does_not_end(house: Warehouse, cut_off_by: str) -> None:
    order = house.refuse_and_discard()
    house.take_back(order)
    if cut_off_by == "a killed worker":
        house.kill_the_next_run()
    else:
        house.sandbox.shop_rule("GET", "orders/", "http_503")
        house.connector.run(house.exchange(FLOW)["id"])
    cut_off = house.exchange(FLOW)["state"]
    house.go_on()

    assert cut_off != "done"
    assert house.messages() == [(MUG, "1")]
    assert house.exchange(FLOW)["reason"] == "M3 has booked 3 units out of stock"


def test_booking_that_is_released_after_a_discard_is_made(house: Warehouse) -> None:
    house.refuse_and_discard()
    house.release(house.exchange(FLOW)["id"])
    house.go_on()

    assert sorted(house.messages()) == [(MUG, "-3"), (CAP, "-1")]


def test_discard_that_is_taken_back_later_has_the_units_booked_after_all(house: Warehouse) -> None:
    order = house.refuse_and_discard()
    house.take_back(order)
    house.go_on()
    house.release(house.exchange(FLOW)["id"])
    house.go_on()

    assert sorted(house.messages()) == [(MUG, "-3"), (MUG, "1"), (CAP, "-1")]
    assert (house.on_hand(), house.shown()) == (18, 18)


def lose_what_was_discarded(house: Warehouse, order: dict[str, Any]) -> str:
    """Has the order marked, loses the ledger, and has the order heard of; returns what becomes of its booking."""
    house.go_on()
    house.lose_ledger()
    house.connector.forget()
    house.connector.ask(order["id"])
    house.go_on()
    return str(house.exchange(FLOW)["reason_code"])


def test_discarded_booking_that_a_ledger_put_back_forgot_is_the_persons_once_more(house: Warehouse) -> None:
    order = house.refuse_and_discard()

    found = lose_what_was_discarded(house, order)
    house.discard()
    house.take_back(order)
    house.go_on()

    assert found == "changed_after_discard"
    assert house.messages() == [(MUG, "1")]


def test_discarded_booking_that_a_ledger_put_back_forgot_is_made_once_it_is_released(house: Warehouse) -> None:
    order = house.refuse_and_discard()
    lose_what_was_discarded(house, order)

    house.release(house.exchange(FLOW)["id"])
    house.go_on()

    assert sorted(house.messages()) == [(MUG, "-3"), (CAP, "-1")]
    assert house.mark_of(order) == ""


def test_release_of_a_later_booking_leaves_what_a_person_booked_by_hand(house: Warehouse) -> None:
    order = house.refuse_and_discard()
    house.m3_fault("MMS850MI/AddAdjust", "nok", times=9)
    house.take_back(order)
    house.go_on()
    held = house.exchange(FLOW)
    house.end_faults()
    house.release(held["id"])
    house.go_on()
    house.take_back(order)
    house.go_on()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "m3_rejected")
    assert house.messages() == [(MUG, "1"), (MUG, "1")]


def test_booking_discarded_before_anything_was_begun_stays_out(house: Warehouse) -> None:
    order = house.place()
    house.connector.run(house.exchange()["id"])
    for _ in range(3):
        house.kill_the_next_run()
    held = house.exchange(FLOW)
    house.discard()
    house.take_back(order)
    house.go_on()
    before = house.messages()
    house.take_back(order)
    house.go_on()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "crashed")
    assert (before, house.messages()) == ([], [(MUG, "1")])


def test_person_who_discards_answers_for_what_the_order_holds_by_then(house: Warehouse) -> None:
    house.set_messages(fails=TOO_LOW)
    order = house.place()
    house.go_on()
    house.take_back(order)
    house.go_on()
    house.discard()
    house.set_messages()
    house.change(order, status="cancelled")
    house.go_on()

    assert house.messages()[2:] == [(MUG, "2"), (CAP, "1")]
