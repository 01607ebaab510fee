"""A posting that read its order in a passing status begins once the order is back in the one it was told of before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Connector
from tests.integration.flows.books.counting_house import PAYMENTS, SETTLE, CountingHouse, invoicing, paying

CREDITS = {"credit_prefix": "W1C-"}


@pytest.fixture
def house(connector: Connector) -> CountingHouse:
    return CountingHouse(connector)


def read_meanwhile(house: CountingHouse, order: dict[str, Any], *, flow: str, status: str) -> None:
    """Has one exchange of the order run while the order is in another status, of which its own run never hears."""
    url = f"{house.sandbox.shop_url}/_control/orders/{order['id']}"
    house.sandbox.post(url, {"deliver": "never", "status": status})
    while house.exchange(flow)["state"] == "ready":
        house.connector.run(house.exchange(flow)["id"])
    house.sandbox.post(url, {"deliver": "never", "status": order["status"]})


def tell(house: CountingHouse) -> dict[str, Any]:
    """Places an order whose own run alone has come to its end."""
    order = house.place()
    house.connector.run(house.exchange()["id"])
    return order


@pytest.mark.parametrize("status", ["cancelled", "on-hold", "trash"])
def test_order_whose_invoice_saw_it_in_a_passing_status_is_invoiced(house: CountingHouse, status: str) -> None:
    house.connector.configure(invoicing())
    order = tell(house)
    read_meanwhile(house, order, flow="invoices_to_m3", status=status)
    house.connector.ask(order["id"])
    house.go_on()

    assert len(house.books_of("I")) == 1


def test_payment_that_saw_its_order_cancelled_pays_the_invoice_that_comes_after_all(house: CountingHouse) -> None:
    house.connector.configure(paying(payments={"settle": SETTLE}))
    house.set_ledger(posts_payments=True)
    house.m3_fault("OIS100MI/AddBatchHead", "http_503")
    order = tell(house)
    house.end_faults()
    read_meanwhile(house, order, flow="settlements_to_m3", status="cancelled")
    house.connector.ask(order["id"])
    house.connector.pass_time(60)
    house.go_on()
    number = house.orders()[0]["orno"]
    house.sandbox.advance(number, "77")
    house.pass_and_settle()

    assert [one["paid"] for one in house.sandbox.m3_book()["invoices"]] == [order["total"]]


@pytest.mark.parametrize("settle", [{}, {"settle": {**SETTLE, "against": "clearing"}}])
def test_refund_from_before_an_order_was_to_be_invoiced_is_posted_once_it_is(
    house: CountingHouse, settle: dict[str, Any]
) -> None:
    house.connector.configure(invoicing(invoices=CREDITS, payments={**PAYMENTS, **settle}))
    house.set_ledger(posts_payments=True)
    order = house.place(payment_method="bacs", status="on-hold")
    house.change(order, refund={"amount": "5.00", "paid_back": True})
    house.go_on()
    house.change(order, status="processing")
    house.go_on()
    house.pass_and_settle()

    assert [len(house.books_of(letter)) for letter in "ICR"] == [1, 1, 1]


def test_repayment_of_an_order_that_m3_made_otherwise_waits_until_its_refund_was_looked_at(
    house: CountingHouse,
) -> None:
    house.connector.configure(paying(payments={"settle": {**SETTLE, "against": "clearing"}}))
    order = house.place(payment_method="bacs", status="on-hold")
    house.change(order, refund={"amount": "5.00"})
    house.go_on()
    assert "not in M3" in house.exchange("refunds_to_m3")["reason"]
    house.tax_customer("GUESTHREUR", is_taxed=False)
    house.change(order, status="processing")
    house.connector.run(house.exchange()["id"])
    assert house.exchange()["state"] == "dead_letter"
    house.connector.run(house.exchange("repayments_to_m3")["id"])

    assert (house.books_of("R"), house.exchange("repayments_to_m3")["state"]) == ([], "blocked")
    assert house.exchange("refunds_to_m3")["state"] == "ready"
