"""A store changes from orders to direct invoices, or back: what was posted goes on as it was posted, and is posted once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pytest

from connector.flows.preview import preview_order
from connector.ledger.replaying import replay
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import (
    FEE_KEY,
    PAYMENTS,
    SETTLE,
    CountingHouse,
    invoicing,
    meta,
    paying,
    sums_of,
)

ZERO = Decimal(0)
CLEARING, PREPAYMENTS = "1580", "2420"
CREDITS = {"credit_prefix": "W1C-"}


class Changing(CountingHouse):
    """A store that is told anew how its orders are carried."""

    payments: ClassVar = {**PAYMENTS, "settle": {**SETTLE, "against": "clearing"}}

    def __init__(self, connector: Connector) -> None:
        super().__init__(connector)
        self.set_ledger(posts_payments=True)

    def as_orders(self) -> None:
        self.connector.configure(paying(payments=self.payments))

    def as_invoices(self, **invoices: Any) -> None:
        self.connector.configure(invoicing(invoices={**CREDITS, **invoices}, payments=self.payments))

    def tell(self, order: dict[str, Any]) -> None:
        """Has all of an order looked at anew."""
        self.change(order, customer_note="Please ring twice")
        self.go_on()

    def invoice(self, order: dict[str, Any]) -> None:
        """Has M3 deliver and invoice a customer order, and the connector see it."""
        self.advance(order, "77")
        self.pass_and_settle()

    def dry_run(self, order: dict[str, Any]) -> tuple[str, list[tuple[str, dict[str, str]]]]:
        """Returns why nothing would be sent for an order, and what would be."""
        store = self.connector.process.runtime.store(STORE)
        told = preview_order(self.connector.engine, store, order_id=order["id"])
        return told.reason, told.transactions

    def give_back(self, order: dict[str, Any], amount: str) -> None:
        """Has the gateway pay something back."""
        self.change(order, refund={"amount": amount, "paid_back": True})
        self.pass_and_settle()


@pytest.fixture
def house(connector: Connector) -> Changing:
    return Changing(connector)


def test_an_order_that_was_invoiced_becomes_no_customer_order_after_a_change(house: Changing) -> None:
    house.as_invoices()
    order = house.place()
    house.go_on()
    house.as_orders()
    house.tell(order)

    assert (len(house.books_of("I")), house.orders()) == (1, [])


def test_an_order_becomes_no_invoice_after_a_change(house: Changing) -> None:
    house.as_orders()
    order = house.place()
    house.go_on()
    house.as_invoices()
    house.tell(order)

    assert (house.books_of("I"), len(house.orders())) == ([], 1)


def test_an_order_whose_invoice_waited_at_the_change_becomes_a_customer_order(house: Changing) -> None:
    house.as_invoices()
    house.m3_fault("GLS840MI/AddBatchHead", "http_503")
    order = house.place()
    house.connector.run(house.exchange()["id"])
    house.as_orders()
    house.end_faults()
    house.pass_and_settle()

    assert (house.books_of("I"), len(house.orders())) == ([], 1)
    assert order["total"] == house.orders()[0]["total"]


def test_a_held_invoice_is_not_posted_beside_the_customer_order_that_came_meanwhile(house: Changing) -> None:
    house.as_invoices(revenue=[{"category": "none-such", "account": {"account": "3010"}}])
    order = house.place()
    house.go_on()
    assert house.exchange("invoices_to_m3")["state"] == "dead_letter"
    house.as_orders()
    house.tell(order)
    house.as_invoices()
    with transaction(house.connector.engine) as connection:
        replay(connection, house.exchange("invoices_to_m3")["id"], who="ana", why="in doubt")
    house.go_on()

    assert (house.books_of("I"), len(house.orders())) == ([], 1)
    assert "customer order" in house.exchange("invoices_to_m3")["reason"]


def test_an_order_becomes_no_customer_order_while_a_refused_batch_of_its_invoice_may_stand_in_m3(
    house: Changing,
) -> None:
    house.as_invoices(fees={"account": "9999"})
    order = house.place(fees=[{"name": "Gift wrap", "total": "4.00"}])
    house.go_on()
    assert house.exchange("invoices_to_m3")["reason_code"] == "m3_rejected"
    house.as_orders()
    house.tell(order)
    assert (house.exchange("invoices_to_m3")["state"], house.orders()) == ("dead_letter", [])
    house.give_back(order, "5.00")  # news to the invoice
    held = house.exchange("invoices_to_m3")
    assert (held["state"], held["reason_code"], house.orders()) == ("dead_letter", "needs_person", [])

    house.delete_batch(held["reason"].partition("batch ")[2].partition(",")[0])
    house.release(held["id"])
    house.go_on()

    assert (house.books_of("I"), len(house.orders())) == ([], 1)


def test_the_dry_run_of_an_order_that_is_carried_as_an_invoice_shows_no_customer_order(house: Changing) -> None:
    house.as_invoices()
    order = house.place()
    assert house.dry_run(order) == ("it is carried as an invoice, not as an order: not posted yet", [])
    house.go_on()
    (voucher,) = [one["vono"] for one in house.journals() if one["key1"].startswith("W1I")]
    told = house.dry_run(order)
    assert told[0].startswith("it is carried as an invoice, not as an order: posted as ") and told[0].endswith(
        f"-{voucher}"
    )

    house.as_orders()

    assert (house.dry_run(order), told[1]) == (told, [])


def test_an_invoiced_order_is_paid_after_a_change_to_orders(house: Changing) -> None:
    house.as_invoices()
    order = house.place(payment_method="cod")
    house.go_on()
    house.as_orders()
    house.change(order, status="completed")
    house.pass_and_settle()

    (invoice,) = house.sandbox.m3_book()["invoices"]
    assert (len(house.books_of("I")), invoice["paid"]) == (1, order["total"])


def test_a_customer_order_is_paid_after_a_change_to_invoices(house: Changing) -> None:
    house.as_orders()
    order = house.place()
    house.go_on()
    house.as_invoices()
    house.invoice(order)

    (invoice,) = house.sandbox.m3_book()["invoices"]
    assert (house.books_of("I"), invoice["paid"]) == ([], order["total"])


def test_what_a_gateway_gave_back_of_an_invoiced_order_is_posted_after_a_change_to_orders(house: Changing) -> None:
    house.as_invoices()
    order = house.place()
    house.pass_and_settle()
    house.as_orders()
    house.give_back(order, "5.00")

    assert house.books_of("R") == [{PREPAYMENTS: Decimal("5.00"), CLEARING: Decimal("-5.00")}]
    assert house.exchange("refunds_to_m3")["state"] == "done"
    reason = house.exchange("invoices_to_m3")["reason"]
    assert "refunds" in reason and "its invoice is posted" in reason, (
        "a person credits it: the store file names no accounts"
    )


def test_an_order_of_which_only_the_fee_was_posted_is_paid_by_the_gateways_account_for_good(house: Changing) -> None:
    house.as_orders()
    order = house.place(meta_data=meta(**{FEE_KEY: "3.75"}))
    house.go_on()
    house.connector.configure(paying(payments={**PAYMENTS, "settle": SETTLE}))
    house.invoice(order)

    (invoice,) = house.sandbox.m3_book()["invoices"]
    posted = [sums_of(one) for one in house.journals()]
    assert invoice["paid"] == order["total"]
    assert [one for one in posted if PREPAYMENTS in one] == []
    assert sum(one.get(CLEARING, Decimal(0)) for one in posted) == Decimal(order["total"]) - Decimal("3.75")


def test_a_person_is_asked_to_credit_what_is_not_credited_alone(house: Changing) -> None:
    house.as_invoices()
    order = house.place()
    house.pass_and_settle()
    house.give_back(order, "5.00")
    assert house.exchange("credits_to_m3")["reason"].startswith("credit W1C-")
    house.as_orders()
    house.give_back(order, "3.00")

    invoice = house.exchange("invoices_to_m3")
    assert (invoice["state"], invoice["reason"].count("refunds")) == ("dead_letter", 1)
    (document,) = house.connector.rows(
        "SELECT plan FROM document WHERE exchange_id = :id AND state = 'confirmed'", id=invoice["id"]
    )
    assert [one["total"] for one in document["plan"]["shown"]["content"]["refunds"]] == ["-3.00"]
    assert house.exchange("refunds_to_m3")["reason"].endswith("does not say how to credit, so a person does")


def test_a_replay_after_a_change_asks_for_no_second_credit(house: Changing) -> None:
    house.as_invoices()
    order = house.place()
    house.pass_and_settle()
    house.give_back(order, "5.00")
    house.as_orders()
    with transaction(house.connector.engine) as connection:
        replay(connection, house.exchange("invoices_to_m3")["id"], who="test", why="looked at again")
    house.go_on()

    assert house.exchange("invoices_to_m3")["state"] == "done"
