"""Bookings of units whose ledger was put back, or whose shop was: M3 is asked for what it has booked."""

from __future__ import annotations

import time

from sqlalchemy import text

from connector.ledger.session import transaction
from tests.integration.flows.refunds.desk import part_of
from tests.integration.flows.stock.stock_story import MUG
from tests.integration.flows.stock.warehouse import CAP, FLOW, Warehouse


def test_ledger_put_back_to_before_the_order_finds_what_m3_has_booked(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.change(order, refund={"line_items": [part_of(order["line_items"][0], 1)], "api_restock": True})
    house.go_on()
    house.forget_everything()
    house.connector.pass_time(3600)
    house.connector.ask(order["id"])
    house.go_on()

    assert house.on_hand() == 18
    assert len(house.messages()) == 3
    assert house.exchange(FLOW)["reason"] == "M3 has booked 3 units out of stock"


def test_ledger_put_back_to_before_an_order_that_was_cancelled_since_gives_its_units_back(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.forget_everything()
    house.connector.pass_time(3600)
    house.change(order, status="cancelled")
    house.go_on()
    house.change(order, customer_note="news")
    house.go_on()

    assert (house.on_hand(), house.on_hand(CAP)) == (20, 10)
    assert len(house.messages()) == 4


def test_ledger_put_back_to_before_an_order_that_lost_a_line_since_gives_its_units_back(house: Warehouse) -> None:
    order = house.place()
    other = house.place(lines=[{"sku": CAP, "quantity": 2}])  # perhaps of the same second
    house.go_on()
    house.forget_everything()
    house.connector.pass_time(3600)
    house.remove_line(order, CAP)
    house.connector.ask(other["id"])
    house.go_on()

    assert house.messages()[-1] == (CAP, "1")
    assert [house.on_hand(item) for item in (MUG, CAP)] == [17, 8]
    assert house.exchange(FLOW)["state"] == "done"


def test_lines_that_were_removed_are_told_to_a_person_where_m3_does_not_list_its_messages(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.forget_everything()
    house.set_messages(lists=False)
    house.connector.pass_time(3600)
    house.remove_line(order, CAP)
    house.go_on()
    held = house.exchange(FLOW)
    house.release(held["id"])
    house.go_on()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "permanent")
    assert f"remark w1-{order['id']}" in held["resolution"]
    assert house.exchange(FLOW)["reason"] == "M3 has booked 3 units out of stock"


def test_line_id_that_a_restored_shop_gives_again_takes_a_number_of_its_own(house: Warehouse) -> None:
    house.sandbox.post(f"{house.sandbox.shop_url}/_control/backup", {"name": ""})
    lost = house.place(lines=[{"sku": MUG, "quantity": 3}])
    house.go_on()
    time.sleep(1.1)  # the second an order was made in tells the two apart
    house.sandbox.post(f"{house.sandbox.shop_url}/_control/restore", {"name": ""})
    other = house.place(lines=[{"sku": MUG, "quantity": 2}])
    house.go_on()

    assert (other["id"], other["line_items"][0]["id"]) == (lost["id"], lost["line_items"][0]["id"])
    assert house.messages() == [(MUG, "-3"), (MUG, "-2")]
    keys = house.connector.rows("SELECT business_key, state FROM exchange WHERE flow = :flow ORDER BY id", flow=FLOW)
    assert [row["business_key"].partition("@")[0] for row in keys] == [str(lost["id"])] * 2
    assert {row["state"] for row in keys} == {"done"}
    assert house.connector.rows("SELECT 1 FROM binding WHERE kind = 'issue' AND shop_key LIKE '%@%'")


def test_ledger_put_back_to_before_two_bookings_goes_on_to_what_the_order_holds(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    kept = house.connector.rows("SELECT id, CAST(plan AS text) AS plan FROM document WHERE kind = 'stock_issue'")[0]
    house.take_back(order)
    house.go_on()
    with transaction(house.connector.engine) as connection:
        connection.execute(text("UPDATE document SET plan = CAST(:plan AS jsonb) WHERE id = :id"), kept)
    house.take_back(order)
    house.go_on()

    assert house.messages() == [(MUG, "-3"), (CAP, "-1"), (MUG, "1"), (MUG, "1")]
    assert house.on_hand() == 19
    assert house.exchange(FLOW)["reason"] == "M3 has booked 2 units out of stock"
