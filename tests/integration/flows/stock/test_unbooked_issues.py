"""Units that were not booked out yet when the store file ceased to say how."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.flows.books.counting_house import invoicing, paying
from tests.integration.flows.stock.stock_story import MUG
from tests.integration.flows.stock.warehouse import CAP, FLOW, ISSUE, Warehouse


def invoiced_and_not_booked(house: Warehouse) -> dict[str, Any]:
    """Places an order of which the invoice is posted, and the booking is due."""
    order = house.place()
    house.connector.run(house.exchange()["id"])
    house.connector.run(house.exchange("invoices_to_m3")["id"])
    assert house.exchange("invoices_to_m3")["state"] == "done"
    assert house.messages() == []
    return order


@pytest.mark.parametrize("store_file", [paying(), invoicing()], ids=["orders", "invoices without issue"])
def test_units_that_were_not_booked_at_the_change_are_told(house: Warehouse, store_file: str) -> None:
    invoiced_and_not_booked(house)
    house.connector.configure(store_file)
    house.go_on()

    booking = house.exchange(FLOW)
    assert (booking["state"], booking["reason_code"]) == ("dead_letter", "needs_person"), booking["reason"]
    assert "not booked out" in booking["reason"] and "invoices.issue" in booking["resolution"]
    assert house.messages() == []

    house.connector.configure(invoicing(invoices=ISSUE, publish={"stock": {}}))
    house.release(booking["id"])
    house.go_on()
    assert (house.exchange(FLOW)["state"], len(house.messages())) == ("done", 2)


def test_units_of_an_order_that_becomes_a_customer_order_are_nobodys_to_book(house: Warehouse) -> None:
    house.place()
    house.connector.run(house.exchange()["id"])
    house.connector.configure(paying())
    house.go_on()
    house.pass_and_settle()

    assert house.exchange(FLOW)["state"] == "done"
    assert len(house.orders()) == 1


def booked_in_part(house: Warehouse) -> dict[str, Any]:
    """Places an order of which M3 has booked one line out, and refused the other, when the store file ceases to say how."""
    house.m3_fault("MMS850MI/AddAdjust", "nok")
    order = house.place()
    house.go_on()
    assert (house.messages(), house.exchange(FLOW)["reason_code"]) == ([(CAP, "-1")], "m3_rejected")
    house.end_faults()
    house.connector.configure(invoicing())
    return order


def test_a_line_that_was_not_booked_at_the_change_is_told_though_another_was(house: Warehouse) -> None:
    booked_in_part(house)
    house.release(house.exchange(FLOW)["id"])
    house.connector.pass_time(601)
    house.go_on()

    booking = house.exchange(FLOW)
    assert (booking["state"], booking["reason_code"]) == ("dead_letter", "needs_person"), booking["reason"]
    assert "3 of MUG-001" in booking["reason"] and "invoices.issue" in booking["resolution"]
    assert house.messages() == [(CAP, "-1")]

    house.connector.configure(invoicing(invoices=ISSUE, publish={"stock": {}}))
    house.release(booking["id"])
    house.go_on()
    assert (house.exchange(FLOW)["state"], house.messages()) == ("done", [(CAP, "-1"), (MUG, "-3")])


def test_a_line_that_was_told_is_told_again_after_a_status_in_which_nothing_goes_out(house: Warehouse) -> None:
    order = booked_in_part(house)
    house.release(house.exchange(FLOW)["id"])
    house.connector.pass_time(601)
    house.go_on()
    house.change(order, status="on-hold")
    house.go_on()
    on_hold = house.exchange(FLOW)["state"]

    house.change(order, status="processing")
    house.go_on()

    booking = house.exchange(FLOW)
    assert (on_hold, booking["state"], booking["reason_code"]) == ("done", "dead_letter", "needs_person")
    assert "3 of MUG-001 out" in booking["reason"]
    assert house.messages() == [(CAP, "-1")]


def test_a_line_that_a_person_booked_after_the_change_comes_back_with_the_others(house: Warehouse) -> None:
    order = booked_in_part(house)
    house.release(house.exchange(FLOW)["id"])
    house.connector.pass_time(601)
    house.go_on()
    house.discard()

    house.change(order, status="cancelled")
    house.go_on()

    assert house.exchange(FLOW)["state"] == "done"
    assert sorted(house.messages()) == [(MUG, "3"), (CAP, "-1"), (CAP, "1")]


def test_a_line_that_nobody_holds_any_more_is_no_ones_to_book_after_the_change(house: Warehouse) -> None:
    order = booked_in_part(house)

    house.change(order, status="cancelled")
    house.go_on()
    house.connector.pass_time(601)
    house.go_on()

    assert (house.exchange(FLOW)["state"], house.messages()) == ("done", [(CAP, "-1"), (CAP, "1")])
