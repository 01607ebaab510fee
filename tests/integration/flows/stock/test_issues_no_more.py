"""What was booked out is given back once the store file issues stock no more, or a former version booked it."""

from __future__ import annotations

import pytest

from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.stock.stock_story import MUG, PAN
from tests.integration.flows.stock.warehouse import CAP, FLOW, Warehouse

KEPT_DEDUCTED = invoicing(invoices={"stock": "keep_deducted"}, publish={"stock": {}})


def test_units_are_given_back_once_the_store_file_issues_stock_no_more(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.connector.configure(KEPT_DEDUCTED)
    other = house.place(lines=[{"sku": MUG, "quantity": 2}])
    house.take_back(order)
    house.go_on()
    after_one = house.on_hand(), house.shown()
    house.change(order, status="cancelled")
    house.change(other, status="cancelled")
    house.go_on()

    assert house.messages() == [(MUG, "-3"), (CAP, "-1"), (MUG, "1"), (MUG, "2"), (CAP, "1")]
    assert after_one == (18, 16)  # two of the other order stay deducted
    assert (house.on_hand(), house.on_hand(CAP)) == (20, 10)


def test_units_added_once_the_store_file_issues_stock_no_more_are_not_booked_out(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.connector.configure(KEPT_DEDUCTED)
    house.change(order, line_items=[{"sku": PAN, "quantity": 4}], status="completed")
    house.go_on()

    assert house.messages() == [(MUG, "-3"), (CAP, "-1")]
    assert (house.on_hand(PAN), house.shown(PAN)) == (30, 26)


def test_message_that_waits_is_looked_at_though_the_store_file_issues_stock_no_more(house: Warehouse) -> None:
    house.set_messages(runs=False)
    order = house.place()
    house.connector.drain()
    house.connector.configure(KEPT_DEDUCTED)
    house.run_messages()
    house.set_messages()
    house.connector.pass_time(61)
    house.go_on()
    house.take_back(order)
    house.go_on()

    assert house.messages() == [(MUG, "-3"), (CAP, "-1"), (MUG, "1")]
    assert house.exchange(FLOW)["reason"] == "M3 has booked 3 units out of stock"


@pytest.mark.parametrize("is_stated", [True, False])
def test_units_a_former_version_booked_out_come_back(house: Warehouse, is_stated: bool) -> None:
    order = house.place()
    house.go_on()
    house.connector.rows(
        "UPDATE document SET plan = (plan - 'rules' - 'is_told') || jsonb_build_object('lines', "
        "(SELECT jsonb_object_agg(k, v - 'by_hand') FROM jsonb_each(plan->'lines') AS x(k, v))) "
        "WHERE kind = 'stock_issue' RETURNING id"
    )
    booked = house.on_hand()
    if not is_stated:
        house.connector.configure(invoicing())
    house.change(order, status="cancelled")
    house.go_on()

    said = house.exchange(FLOW)
    if is_stated:
        assert (said["state"], house.on_hand() > booked) == ("done", True)
    else:
        assert (said["state"], said["reason_code"], house.on_hand()) == ("dead_letter", "unmappable", booked)
        assert "invoices.issue" in said["resolution"]
