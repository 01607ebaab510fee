"""A batch that is under way is finished before anybody asks what the order is like now; then the two are compared."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.harness import Connector
from tests.integration.flows.books.counting_house import PAYMENTS, SETTLE, CountingHouse, invoicing

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


def test_order_given_back_while_its_invoice_is_under_way_is_credited_once_that_is_posted(
    connector: Connector,
) -> None:
    house = CountingHouse(connector)
    connector.configure(invoicing(invoices={"credit_prefix": "W1C-"}))
    order = begin(house)
    house.change(order, status="refunded", refund={"amount": order["total"]})
    house.connector.drain()
    assert house.exchange("credits_to_m3")["state"] == "blocked"

    finish(house)
    house.pass_and_settle()

    (credit,) = house.books_of("C")
    assert (len(house.books_of("I")), credit["1510"]) == (1, -Decimal(order["total"]))
    assert house.exchange("credits_to_m3")["state"] == "done"


def test_payment_of_an_order_whose_invoice_is_under_way_waits_for_it_in_any_status(connector: Connector) -> None:
    house = CountingHouse(connector)
    connector.configure(invoicing(payments={**PAYMENTS, "settle": SETTLE}))
    order = begin(house)
    house.change(order, status="on-hold")
    house.look_again()
    assert house.exchange("settlements_to_m3")["state"] == "blocked"

    house.set_ledger()
    for _ in range(2):  # the invoice, then what waits for it
        house.look_again()
    house.update_payments()
    house.look_again()

    assert [one["reco"] for one in house.sandbox.m3_book()["invoices"]] == ["9"]


def test_batch_is_finished_although_the_store_carries_no_payments_any_more(house: CountingHouse) -> None:
    begin(house)
    house.connector.configure(invoicing())
    finish(house)

    assert house.say()["state"] == "done"
    assert len(house.books_of()) == 1
