"""What a person posted in M3's ledger by hand and discarded is never posted beside that, whatever the shop says of it later."""

from __future__ import annotations

from typing import Any

import pytest

from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import PAYMENTS, CountingHouse, invoicing, paying

INVOICES, PAYMENT, CREDITS, REPAYMENTS = "invoices_to_m3", "payments_to_m3", "credits_to_m3", "repayments_to_m3"
UNMAPPED: dict[str, Any] = {"revenue": [{"category": "no-such", "account": {"account": "3010"}}]}
CREDITED: dict[str, Any] = {"credit_prefix": "W1C-"}
NO_METHOD = {"methods": {"cod": PAYMENTS["methods"]["cod"]}}


def held(house: CountingHouse, flow: str) -> dict[str, Any]:
    house.go_on()
    return house.exchange(flow)


def state_of(house: CountingHouse, flow: str) -> tuple[str, str]:
    said = held(house, flow)
    return said["state"], said["reason_code"]


@pytest.fixture
def invoice(connector: Connector) -> tuple[CountingHouse, dict[str, Any]]:
    """A direct invoice that was held, entered by hand and discarded; it could be posted now."""
    house = CountingHouse(connector)
    connector.configure(invoicing(invoices=UNMAPPED))
    order = house.place()
    assert held(house, INVOICES)["state"] == "dead_letter"
    house.discard(INVOICES)
    connector.configure(invoicing())
    return house, order


@pytest.fixture
def payment(connector: Connector) -> tuple[CountingHouse, dict[str, Any]]:
    """A payment by a method without an account that was entered by hand and discarded; it could be posted now."""
    house = CountingHouse(connector)
    connector.configure(paying(payments=NO_METHOD))
    order = house.place()
    assert held(house, PAYMENT)["state"] == "dead_letter"
    house.discard(PAYMENT)
    connector.configure(paying())
    return house, order


def test_discarded_invoice_whose_amounts_change_waits_for_a_person(
    invoice: tuple[CountingHouse, dict[str, Any]],
) -> None:
    house, order = invoice
    house.change(order, fee_lines=[{"name": "Gift wrap", "total": "4.00"}])

    said = held(house, INVOICES)

    assert (said["state"], said["reason_code"]) == ("dead_letter", "changed_after_discard")
    assert f"EUR instead of {order['total']} EUR" in said["reason"]
    assert house.journals() == []


def test_discarded_invoice_of_an_order_that_is_cancelled_is_told(invoice: tuple[CountingHouse, dict[str, Any]]) -> None:
    house, order = invoice
    house.change(order, status="cancelled")
    told = state_of(house, INVOICES)
    house.discard(INVOICES)
    house.change(order, action="trash")

    assert told == ("dead_letter", "changed_after_discard")
    assert state_of(house, INVOICES) == ("done", "discarded")


def test_discarded_invoice_of_an_order_that_is_refunded_is_told(invoice: tuple[CountingHouse, dict[str, Any]]) -> None:
    house, order = invoice
    house.change(order, refund={"amount": order["total"]})

    said = held(house, INVOICES)

    assert (said["state"], said["reason_code"]) == ("dead_letter", "changed_after_discard")
    assert "refunds" in said["reason"]


def test_refund_of_all_of_a_discarded_invoice_is_told_by_its_credit(
    invoice: tuple[CountingHouse, dict[str, Any]],
) -> None:
    house, order = invoice
    house.connector.configure(invoicing(invoices=CREDITED))
    house.change(order, refund={"amount": order["total"]})

    assert state_of(house, CREDITS) == ("dead_letter", "needs_person")
    assert state_of(house, INVOICES) == ("done", "discarded")


def test_discarded_payment_of_an_order_that_costs_something_else_now_is_told(
    payment: tuple[CountingHouse, dict[str, Any]],
) -> None:
    house, order = payment
    changed = house.change(order, fee_lines=[{"name": "Gift wrap", "total": "4.00"}])
    told = held(house, PAYMENT)
    house.discard(PAYMENT)
    house.change(order, status="completed")

    assert (told["state"], told["reason_code"]) == ("dead_letter", "changed_after_discard")
    assert f"total ({changed['total']} EUR instead of {order['total']} EUR)" in told["reason"]
    assert state_of(house, PAYMENT) == ("done", "discarded")
    assert house.journals() == []


def test_released_invoice_is_posted_once(invoice: tuple[CountingHouse, dict[str, Any]]) -> None:
    house, _ = invoice

    house.release(house.exchange(INVOICES)["id"])

    assert state_of(house, INVOICES) == ("done", "")
    assert len(house.books_of("I")) == 1


def test_batch_of_a_discarded_invoice_is_named_and_not_gone_on_with(connector: Connector) -> None:
    house = CountingHouse(connector)
    connector.configure(invoicing())
    house.m3_fault("GLS840MI/CtrlBatch", "lock")
    order = house.place()
    house.connector.drain()
    (key,) = house.open_batches()
    dead = "UPDATE exchange SET state = 'dead_letter', reason = 'x' WHERE flow = 'invoices_to_m3' RETURNING id"
    (row,) = house.connector.rows(dead)
    with transaction(connector.engine) as connection:
        decision = discard(connection, row["id"], who="ana", why="posted by hand")

    house.change(order, status="completed")
    house.connector.rows("UPDATE exchange SET state = 'ready' WHERE flow = 'invoices_to_m3' RETURNING id")

    assert decision.left_behind == key
    assert state_of(house, INVOICES) == ("done", "discarded")
    assert house.journals() == []


def test_discarded_payment_is_not_posted_with_the_next_news(payment: tuple[CountingHouse, dict[str, Any]]) -> None:
    house, order = payment
    house.change(order, status="completed")
    house.connector.rows("UPDATE exchange SET state = 'ready' WHERE flow = 'payments_to_m3' RETURNING id")

    assert state_of(house, PAYMENT) == ("done", "discarded")
    assert house.books_of("P") == []


def test_discarded_payment_that_was_made_otherwise_waits_for_a_person(
    payment: tuple[CountingHouse, dict[str, Any]],
) -> None:
    house, order = payment
    house.change(order, payment_method="bacs")

    said = held(house, PAYMENT)

    assert (said["state"], said["reason_code"]) == ("dead_letter", "changed_after_discard")
    assert "method" in said["reason"]
    assert house.books_of("P") == []


def delete_refund(house: CountingHouse, order: dict[str, Any]) -> None:
    (refund,) = house.sandbox.shop_book()["refunds"]
    shop = house.connector.process.runtime.store(STORE).shop
    shop.refunds._transport.write("DELETE", f"orders/{order['id']}/refunds/{refund['id']}", params=(("force", "true"),))


def test_discarded_repayment_stays_so_until_its_refund_is_deleted(
    payment: tuple[CountingHouse, dict[str, Any]],
) -> None:
    house, order = payment
    house.connector.configure(paying(payments=NO_METHOD))
    house.change(order, refund={"amount": "5.00", "paid_back": True})
    assert state_of(house, REPAYMENTS)[0] == "dead_letter"
    house.discard(REPAYMENTS)
    house.connector.configure(paying())
    again = "UPDATE exchange SET state = 'ready' WHERE flow = 'repayments_to_m3' RETURNING id"

    house.connector.rows(again)
    settled = state_of(house, REPAYMENTS)
    delete_refund(house, order)
    house.connector.rows(again)

    assert settled == ("done", "discarded")
    assert state_of(house, REPAYMENTS) == ("dead_letter", "changed_after_discard")
    assert house.books_of("R") == []


def test_discarded_credit_that_m3_posts_after_all_is_discarded_no_more_whatever_the_mark_says(
    connector: Connector,
) -> None:
    house = CountingHouse(connector)
    connector.configure(invoicing(invoices=CREDITED))
    order = house.place()
    house.go_on()
    house.set_ledger(lag_s=3600)
    house.change(order, refund={"amount": "5.00"})
    connector.drain()
    connector.rows(f"UPDATE exchange SET state = 'dead_letter', reason = 'x' WHERE flow = '{CREDITS}' RETURNING id")
    house.discard(CREDITS)
    house.go_on()
    marked = house.mark_of(order)
    house.set_ledger()
    connector.pass_time(7200)
    connector.rows(
        f"UPDATE exchange SET state = 'ready', doubt_rev = doubt_rev + 1 WHERE flow = '{CREDITS}' RETURNING id"
    )
    house.go_on()

    assert marked
    assert connector.rows("SELECT * FROM discard") == []
    assert "posted as" in house.exchange(CREDITS)["reason"]
    assert "a person settled" not in house.exchange(CREDITS)["reason"]
