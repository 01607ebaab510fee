"""Units that were not booked out yet when the store file ceased to say how."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.flows.books.counting_house import invoicing, paying
from tests.integration.flows.stock.warehouse import FLOW, ISSUE, Warehouse


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
    house.connector.pass_time(901)
    house.go_on()

    assert house.exchange(FLOW)["state"] == "done"
    assert len(house.orders()) == 1
