"""A batch that is under way is finished before anybody asks what the order is like now; then the two are compared."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Connector
from tests.integration.flows.books.counting_house import CountingHouse, invoicing

INVOICES = "invoices_to_m3"


@pytest.fixture
def direct(connector: Connector) -> CountingHouse:
    house = CountingHouse(connector)
    connector.configure(invoicing())
    return house


def begin(house: CountingHouse) -> dict[str, Any]:
    """Places an order whose batch M3 took and has not posted yet."""
    house.set_ledger(lag_s=3600)
    order = house.place()
    house.connector.drain()
    return order


def finish(house: CountingHouse) -> None:
    house.set_ledger()
    house.go_on()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "cancelled"}, "is cancelled in the shop"),
        ({"refund": {"amount": "5.00"}}, "refunds"),
        ({"action": "trash"}, "is trash in the shop"),
    ],
)
def test_order_changed_while_its_invoice_is_under_way_is_compared_afterwards(
    direct: CountingHouse, changes: dict[str, Any], words: str
) -> None:
    order = begin(direct)
    direct.change(order, **changes)
    finish(direct)

    held = direct.exchange(INVOICES)
    assert len(direct.journals()) == 1
    assert held["state"] == "dead_letter"
    assert words in held["reason"]


def test_order_deleted_while_its_invoice_is_under_way_waits_for_a_person(direct: CountingHouse) -> None:
    order = begin(direct)
    direct.change(order, action="delete")
    finish(direct)

    held = direct.exchange(INVOICES)
    assert len(direct.journals()) == 1
    assert held["state"] == "dead_letter"
    assert "was deleted in the shop" in held["reason"]


def test_order_deleted_while_its_payment_is_under_way_leaves_no_open_document(house: CountingHouse) -> None:
    order = begin(house)
    house.change(order, action="delete")
    finish(house)

    assert house.say()["state"] == "done"
    assert [one["state"] for one in house.connector.rows("SELECT state FROM document WHERE kind = 'ledger_batch'")] == [
        "confirmed"
    ]


def test_payment_method_changed_while_the_payment_is_under_way_waits_for_a_person(house: CountingHouse) -> None:
    order = begin(house)
    house.change(order, payment_method="bacs")
    finish(house)

    held = house.say()
    assert held["state"] == "dead_letter"
    assert "payment_method" in held["reason"]


def test_other_total_of_a_paid_order_takes_nothing_back_and_is_said(house: CountingHouse) -> None:
    order = begin(house)
    line = order["line_items"][0]
    house.change(order, line_items=[{"id": line["id"], "quantity": 1, "total": "10.00", "subtotal": "10.00"}])
    finish(house)

    said = house.say()
    assert said["state"] == "done"
    assert f"{order['total']} were paid" in said["reason"]


def test_batch_is_finished_although_the_store_carries_no_payments_any_more(house: CountingHouse) -> None:
    begin(house)
    house.connector.configure(invoicing())
    finish(house)

    assert house.say()["state"] == "done"
    assert len(house.books_of()) == 1
