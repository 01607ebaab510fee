"""What a person posted in M3's ledger by hand and discarded is not posted beside that by a ledger put back to before it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Connector
from tests.integration.flows.books.counting_house import CountingHouse, invoicing, paying
from tests.integration.flows.books.test_discarded_postings import (
    CREDITED,
    CREDITS,
    INVOICES,
    NO_METHOD,
    PAYMENT,
    REPAYMENTS,
    UNMAPPED,
)
from tests.integration.flows.refunds.desk import part_of


def hear_of(house: CountingHouse, order: dict[str, Any], flow: str) -> tuple[str, str]:
    house.connector.ask(order["id"])
    house.go_on()
    said = house.exchange(flow)
    return said["state"], said["reason_code"]


def lose(house: CountingHouse, flow: str) -> None:
    """Discards the newest exchange of a flow and loses the ledger."""
    house.go_on()
    assert house.exchange(flow)["state"] == "dead_letter"
    house.discard(flow)
    house.go_on()
    house.lose_ledger()
    house.connector.forget()


SHOWN = ("dead_letter", "changed_after_discard")


def test_invoice(connector: Connector) -> None:
    house = CountingHouse(connector)
    connector.configure(invoicing(invoices=UNMAPPED))
    order = house.place()
    lose(house, INVOICES)
    connector.configure(invoicing())

    assert hear_of(house, order, INVOICES) == SHOWN
    assert house.journals() == []


def test_invoice_whose_batch_was_begun(connector: Connector) -> None:
    house = CountingHouse(connector)
    connector.configure(invoicing())
    house.m3_fault("GLS840MI/CtrlBatch", "lock")
    order = house.place()
    connector.drain()
    dead = "UPDATE exchange SET state = 'dead_letter', reason = 'x' WHERE flow = 'invoices_to_m3' RETURNING id"
    connector.rows(dead)
    house.discard(INVOICES)
    house.go_on()
    connector.rows("DELETE FROM discard RETURNING 1")
    connector.rows("UPDATE exchange SET state = 'ready' WHERE flow = 'invoices_to_m3' RETURNING 1")

    assert hear_of(house, order, INVOICES) == SHOWN
    assert house.journals() == []
    assert len(house.open_batches()) == 1


def test_payment(connector: Connector) -> None:
    house = CountingHouse(connector)
    connector.configure(paying(payments=NO_METHOD))
    order = house.place()
    lose(house, PAYMENT)
    connector.configure(paying())

    assert hear_of(house, order, PAYMENT) == SHOWN
    assert house.journals() == []
    assert len(house.orders()) == 1


def test_credit(connector: Connector) -> None:
    house = CountingHouse(connector)
    connector.configure(invoicing(invoices=CREDITED))
    order = house.place()
    house.go_on()
    connector.configure(invoicing(invoices=CREDITED, books={"closed_through": "2099-12-31"}))
    house.change(order, refund={"line_items": [part_of(order["line_items"][0], 1)]})
    lose(house, CREDITS)
    connector.configure(invoicing(invoices=CREDITED))

    assert hear_of(house, order, CREDITS) == SHOWN
    assert len(house.journals()) == 1


@pytest.mark.parametrize("is_discarded_again", [False, True])
def test_repayment(connector: Connector, is_discarded_again: bool) -> None:
    house = CountingHouse(connector)
    order = house.place()
    house.go_on()
    connector.configure(paying(payments=NO_METHOD))
    house.change(order, refund={"amount": "7.77", "paid_back": True})
    lose(house, REPAYMENTS)
    connector.configure(paying())

    found = hear_of(house, order, REPAYMENTS)
    if is_discarded_again:
        house.discard(REPAYMENTS)

    assert found == SHOWN
    assert hear_of(house, order, REPAYMENTS) == (("done", "discarded") if is_discarded_again else SHOWN)
    assert house.books_of("R") == []
