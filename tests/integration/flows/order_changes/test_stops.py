"""Stores that hold orders by OIS120MI/UpdCOStop: set while an order is changed, lifted afterwards, and nobody else's is touched."""

from __future__ import annotations

import pytest

from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.integration.flows.order_changes.desk import Desk
from tests.integration.flows.order_changes.people import tell_m3
from tests.integration.flows.story import Story, quick_store

OTHER_ADDRESS = {"address_1": "Vlaška 7"}


@pytest.fixture
def desk(common: Story) -> Desk:
    common.connector.configure(quick_store(guests="common", hold_by="stop"))
    return Desk(common)


def stop(desk: Desk) -> str:
    return str(desk.held["stop"]) or "0"


def discard_it(desk: Desk) -> None:
    with transaction(desk.story.connector.engine) as connection:
        discard(connection, desk.story.exchange()["id"], who="test", why="done by hand")
    desk.story.go_on()


def test_order_is_stopped_while_it_is_changed_and_free_afterwards(desk: Desk) -> None:
    desk.set_quantity("MUG-001", 5)

    calls = desk.story.sandbox.m3_book()["calls"]
    assert (calls["OIS120MI/UpdCOStop"], "OIS100MI/LockOrder" in calls, stop(desk)) == (2, False, "0")
    assert desk.shop_and_m3_differ() == []


def test_order_whose_change_waits_is_stopped_until_it_is_discarded(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], **OTHER_ADDRESS})
    waiting = stop(desk)

    discard_it(desk)

    assert (waiting, stop(desk)) == ("9", "0")


def test_stop_of_a_person_is_neither_replaced_nor_lifted(desk: Desk) -> None:
    tell_m3(desk, "OIS120MI", "UpdCOStop", ORNO=desk.held["orno"], OBLC="5")
    desk.change(billing={**desk.order["billing"], **OTHER_ADDRESS})
    waiting = stop(desk)

    discard_it(desk)

    assert (waiting, stop(desk)) == ("5", "5")
    assert desk.story.exchange()["state"] == "done"


def test_stop_set_by_a_person_during_a_change_leaves_the_rest_to_them(desk: Desk) -> None:
    desk.story.sandbox.m3_faults(batch_entry_s=2, gateway_cut_s=0.2)
    desk.order = desk.story.change(desk.order, **desk.quantity_of("MUG-001", 5))
    desk.story.connector.drain()
    tell_m3(desk, "OIS120MI", "UpdCOStop", ORNO=desk.held["orno"], OBLC="5")
    desk.order = desk.story.change(desk.order, customer_note="At the door")
    desk.story.connector.pass_time(30)
    desk.story.connector.drain()

    exchange = desk.story.exchange()
    assert exchange["state"] == "dead_letter"
    assert "stopped in M3" in exchange["reason"]
    assert stop(desk) == "5"
