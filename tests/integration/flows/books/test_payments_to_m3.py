"""A payment becomes one balanced voucher, whatever happens on the way; what cannot is held before anything is written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.integration.flows.books.counting_house import FEE_KEY, CountingHouse, meta, paying

NEXT_YEAR = "29991231"


def test_paid_order_becomes_one_voucher(house: CountingHouse) -> None:
    order = house.place()
    house.go_on()

    total = Decimal(order["total"])
    assert house.books_of() == [{"1580": total, "2420": -total}]
    assert house.say()["state"] == "done"


def test_fee_of_the_gateway_is_taken_off_the_clearing_account(house: CountingHouse) -> None:
    order = house.place(meta_data=meta(**{FEE_KEY: "1.25"}))
    house.go_on()

    total = Decimal(order["total"])
    expected = {"1580": total - Decimal("1.25"), "2420": -total, "6570": Decimal("1.00"), "2640": Decimal("0.25")}
    assert house.books_of() == [expected]


def test_news_of_a_paid_order_posts_nothing_again(house: CountingHouse) -> None:
    order = house.place()
    house.go_on()
    asked = house.sandbox.m3_book()["calls"]["GLS200MI/LstVouchersByDt"]
    house.change(order, status="completed")
    house.go_on()

    assert len(house.books_of()) == 1
    assert house.sandbox.m3_book()["calls"]["GLS200MI/LstVouchersByDt"] == asked


def test_unpaid_order_is_posted_when_it_is_paid(house: CountingHouse) -> None:
    order = house.place(payment_method="bacs", status="on-hold")
    house.go_on()
    assert house.journals() == []

    house.change(order, status="processing")
    house.go_on()

    total = Decimal(order["total"])
    assert house.books_of() == [{"1930": total, "2420": -total}]


def test_cash_on_delivery_is_no_payment_before_it_is_delivered(house: CountingHouse) -> None:
    order = house.place(payment_method="cod", status="processing")
    house.go_on()
    assert house.journals() == []

    house.change(order, status="completed")
    house.go_on()

    assert len(house.books_of()) == 1


@pytest.mark.parametrize(
    ("transaction", "fault"),
    [
        (f"GLS840MI/{name}", fault)
        for name in ("AddBatchHead", "AddBatchLineFld", "CtrlBatch", "UpdBatch")
        for fault in ("drop_after_commit", "late_answer", "lock", "http_503")
    ],
)
def test_answer_that_is_lost_or_late_posts_nothing_twice(house: CountingHouse, transaction: str, fault: str) -> None:
    house.m3_fault(transaction, fault)
    order = house.place()
    house.go_on_late()

    total = Decimal(order["total"])
    assert house.books_of() == [{"1580": total, "2420": -total}]
    assert sum(house.injected()[fault].values()) == 1


def test_voucher_is_believed_when_the_ledger_shows_it(house: CountingHouse) -> None:
    house.set_ledger(lag_s=3600)
    house.place()
    house.connector.drain()
    waiting = house.say()
    assert (waiting["state"], waiting["reason_code"]) == ("waiting", "not_yet")

    house.set_ledger()
    house.go_on()

    assert house.say()["state"] == "done"
    assert house.sandbox.m3_book()["calls"]["GLS840MI/UpdBatch"] == 1


def test_batch_lost_by_the_job_waits_for_a_person_and_is_not_sent_again(house: CountingHouse) -> None:
    house.set_ledger(fails_silently=True)
    house.place()
    house.connector.drain()
    house.connector.pass_time(25 * 3600)
    house.connector.drain()

    held = house.say()
    assert held["state"] == "dead_letter"
    assert "GLS840" in held["resolution"]
    assert house.sandbox.m3_book()["calls"]["GLS840MI/UpdBatch"] == 1


def test_refused_batch_burns_its_key_and_the_next_version_is_posted(house: CountingHouse) -> None:
    house.set_ledger(closed_through=NEXT_YEAR)
    house.place()
    house.connector.drain()
    held = house.say()
    assert held["state"] == "dead_letter"
    assert "Delete batch W1P" in held["resolution"]

    house.set_ledger()
    house.release(held["id"])
    house.go_on()

    assert [one["key1"][-1] for one in house.journals()] == ["2"]
    assert [one["key1"][-1] for one in house.sandbox.m3_book()["journal_batches"]] == ["1"]


def test_forgotten_payment_is_found_in_the_ledger(house: CountingHouse) -> None:
    order = house.place()
    house.go_on()
    house.forget_everything()
    house.connector.ask(order["id"])
    house.go_on()

    assert len(house.books_of()) == 1
    assert house.say()["state"] == "done"


def test_payment_in_a_closed_period_is_held_before_anything_is_written(house: CountingHouse) -> None:
    house.connector.configure(paying(books={"closed_through": "2999-12-30"}))
    house.place()
    house.connector.drain()

    assert house.say()["reason_code"] == "unmappable"
    assert house.sandbox.m3_book()["calls"].get("GLS840MI/AddBatchHead", 0) == 0


def test_payment_in_a_closed_period_goes_to_the_first_open_day(house: CountingHouse) -> None:
    house.connector.configure(paying(books={"closed_through": "2999-12-30", "closed_period": "next_open"}))
    house.place()
    house.go_on()

    (journal,) = house.journals()
    assert {line["acdt"] for line in journal["lines"]} == {"29991231"}
    assert house.connector.rows("SELECT 1 FROM audit WHERE action = 'day in a closed period'")


@pytest.mark.parametrize(
    ("order", "word"),
    [
        ({"payment_method": "klarna"}, "klarna"),
        ({"meta_data": meta(**{FEE_KEY: "abc"})}, "no number"),
        ({"meta_data": meta(**{FEE_KEY: "99999"})}, "larger than the payment"),
        ({"meta_data": meta(**{FEE_KEY: "1.00", "_stripe_currency": "usd"})}, "USD"),
    ],
)
def test_payment_without_a_place_is_held_before_anything_is_written(
    house: CountingHouse, order: dict[str, object], word: str
) -> None:
    house.place(**order)
    house.connector.drain()

    held = house.say()
    assert (held["state"], held["reason_code"]) == ("dead_letter", "unmappable")
    assert word in held["reason"]
    assert house.journals() == []


@pytest.mark.parametrize(
    "change", [{"copy_as": "W1P"}, {"account": "2420", "remove": True}], ids=["there twice", "a line less"]
)
def test_voucher_that_is_not_what_was_sent_is_no_proof(house: CountingHouse, change: dict[str, Any]) -> None:
    order = house.place()
    house.go_on()
    house.sandbox.post(f"{house.sandbox.m3_url}/_control/ledger/rows", {"text": "W1P", **change})
    house.forget_everything()
    house.connector.ask(order["id"])
    house.go_on()

    held = house.say()
    assert (held["state"], held["reason_code"]) == ("dead_letter", "amounts_differ")
    assert "not what was to be posted" in held["reason"] and "GLS200" in held["resolution"]
    assert house.open_batches() == []
