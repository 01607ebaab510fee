"""Units of direct invoices booked out of M3's stock, and in again, once each (`invoices.stock: issue`)."""

from __future__ import annotations

import pytest

from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.refunds.desk import part_of
from tests.integration.flows.stock.stock_story import MUG
from tests.integration.flows.stock.warehouse import CAP, FLOW, IN_BOXES, ISSUE, Warehouse

STATED_BY = {
    "the stock shown": IN_BOXES,
    "the booking": invoicing(invoices={**ISSUE, "issue": {**ISSUE["issue"], "unit": "BOX"}}),
}


def test_units_of_an_invoiced_order_leave_stock_once_and_are_taken_off_once(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    shown = house.shown()
    house.change(order, customer_note="news")
    house.go_on()

    assert house.messages() == [(MUG, "-3"), (CAP, "-1")]
    assert [house.on_hand(item) for item in (MUG, CAP)] == [17, 9]
    assert (shown, house.shown()) == (17, 17)
    assert house.exchange(FLOW)["reason"] == "M3 has booked 4 units out of stock"


def test_units_are_taken_off_while_m3_does_not_have_them_yet(house: Warehouse) -> None:
    house.set_messages(runs=False)
    house.place()
    house.connector.drain()

    assert (house.on_hand(), house.shown()) == (20, 17)


def test_refund_that_restocks_gives_back_and_one_that_does_not_leaves_it(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    mug = order["line_items"][0]
    house.change(order, refund={"line_items": [part_of(mug, 1)], "api_restock": True})
    house.go_on()
    after_one = house.on_hand(), house.shown()
    house.change(order, refund={"line_items": [part_of(mug, 1)], "api_restock": False})
    house.go_on()

    assert after_one == (18, 18)
    assert (house.on_hand(), house.shown()) == (18, 18)
    assert house.messages() == [(MUG, "-3"), (CAP, "-1"), (MUG, "1")]


def test_cancelled_order_gives_everything_back_and_takes_it_again_when_it_is_restored(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.change(order, status="cancelled")
    house.go_on()
    given_back = house.on_hand(), house.shown()
    house.change(order, status="processing")
    house.go_on()

    assert given_back == (20, 20)
    assert (house.on_hand(), house.shown()) == (17, 17)


@pytest.mark.parametrize(
    ("told", "read", "on_hand"), [("processing", "cancelled", 17), ("cancelled", "processing", 20)]
)
def test_booking_that_read_its_order_in_a_passing_status_follows_when_it_is_back(
    house: Warehouse, told: str, read: str, on_hand: int
) -> None:
    order = house.place(status=read)
    house.go_on()
    house.change(order, status=told)
    house.connector.run(house.exchange()["id"])
    url = f"{house.sandbox.shop_url}/_control/orders/{order['id']}"
    house.sandbox.post(url, {"deliver": "never", "status": read})
    house.connector.run(house.exchange(FLOW)["id"])
    house.sandbox.post(url, {"deliver": "never", "status": told})
    house.connector.ask(order["id"])
    house.go_on()

    assert house.on_hand() == on_hand


def test_order_that_is_not_carried_and_one_without_stock_book_nothing(house: Warehouse) -> None:
    house.place(status="on-hold")
    house.go_on()
    order = house.place()
    house.change(order, status="cancelled")
    house.go_on()

    assert house.messages() == []
    assert house.connector.rows("SELECT 1 FROM document WHERE kind = 'stock_issue'") == []


def test_late_heard_order_of_which_m3_has_booked_nothing_is_left_alone(house: Warehouse) -> None:
    house.connector.pass_time(3600)
    order = house.place(status="on-hold")
    house.change(order, status="cancelled")
    house.go_on()

    assert house.messages() == []
    assert house.exchange(FLOW)["state"] == "done"


@pytest.mark.parametrize("said_by", ["the stock shown", "the booking"])
def test_unit_the_shop_sells_in_is_booked_in_basic_units(house: Warehouse, said_by: str) -> None:
    house.connector.configure(STATED_BY[said_by])
    house.place(lines=[{"sku": MUG, "quantity": 1}])
    house.go_on()

    assert house.messages() == [(MUG, "-6")]
    assert house.on_hand() == 14
