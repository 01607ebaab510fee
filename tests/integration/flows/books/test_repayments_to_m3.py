"""What a gateway gives back becomes one reverse entry for each refund; what a person gives back by hand becomes none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.flows.refunds.poll import poll_refunds
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import PAYMENTS, CountingHouse, invoicing

FLOW = "repayments_to_m3"


def invoiced(house: CountingHouse, **order: Any) -> dict[str, Any]:
    """Places a paid order that M3 has invoiced."""
    placed = house.place(**order)
    house.go_on()
    house.advance(placed, "77")
    return placed


def pay_back(house: CountingHouse, order: dict[str, Any], amount: str, *, by_gateway: bool = True) -> None:
    house.change(order, refund={"amount": amount, "paid_back": by_gateway})
    house.go_on()


def delete(house: CountingHouse, order: dict[str, Any]) -> None:
    """Deletes the only refund in the shop, which tells nobody."""
    (refund,) = house.sandbox.shop_book()["refunds"]
    shop = house.connector.process.runtime.store(STORE).shop
    shop.refunds._transport.write("DELETE", f"orders/{order['id']}/refunds/{refund['id']}", params=(("force", "true"),))


def test_each_repayment_is_posted_once_against_the_clearing_account(house: CountingHouse) -> None:
    order = invoiced(house)
    pay_back(house, order, "5.00")
    pay_back(house, order, "2.77")
    house.change(order, customer_note="news")
    house.go_on()

    assert house.books_of("R") == [
        {"2420": Decimal("5.00"), "1580": Decimal("-5.00")},
        {"2420": Decimal("2.77"), "1580": Decimal("-2.77")},
    ]
    assert len(house.books_of("P")) == 1


def test_repayment_does_not_wait_for_the_invoice(house: CountingHouse) -> None:
    order = house.place()
    house.go_on()
    house.change(order, refund={"amount": "5.00", "paid_back": True})
    house.connector.drain()

    assert len(house.books_of("R")) == 1


def test_refund_a_person_pays_back_is_no_entry(house: CountingHouse) -> None:
    order = invoiced(house)
    pay_back(house, order, "5.00", by_gateway=False)

    assert house.books_of("R") == []


@pytest.mark.parametrize("name", ["AddBatchHead", "AddBatchLineFld", "CtrlBatch", "UpdBatch"])
@pytest.mark.parametrize("fault", ["drop_after_commit", "late_answer"])
def test_answer_that_is_lost_or_late_pays_nothing_back_twice(house: CountingHouse, name: str, fault: str) -> None:
    order = invoiced(house)
    house.m3_fault(f"GLS840MI/{name}", fault)
    house.change(order, refund={"amount": "5.00", "paid_back": True})
    house.go_on_late()

    assert house.books_of("R") == [{"2420": Decimal("5.00"), "1580": Decimal("-5.00")}]


def test_repayment_whose_refund_is_deleted_waits_for_a_person(house: CountingHouse) -> None:
    order = invoiced(house)
    pay_back(house, order, "5.00")
    delete(house, order)
    store = house.connector.process.runtime.store(STORE)
    poll_refunds(house.connector.engine, store)
    house.go_on()

    held = house.exchange(FLOW)
    assert held["state"] == "dead_letter"
    assert "was deleted in the shop" in held["reason"]


def test_posted_repayment_whose_refund_was_deleted_counts_all_the_same(connector: Connector) -> None:
    house = CountingHouse(connector)
    connector.configure(invoicing(payments=PAYMENTS))
    order = house.place()
    house.go_on()
    pay_back(house, order, order["total"])
    delete(house, order)
    pay_back(house, order, "5.00")

    assert [one["2420"] for one in house.books_of("R")] == [Decimal(order["total"])]
    assert house.exchange(FLOW)["state"] == "dead_letter"
