"""What was paid in the shop pays the order's invoices in M3, once M3 has them all; it is done when M3 shows them as paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml

from connector.ledger.people import discard, release
from connector.ledger.session import transaction
from tests.harness import Connector
from tests.integration.flows.books.counting_house import (
    FEE_KEY,
    PAYMENTS,
    SETTLE,
    CountingHouse,
    invoicing,
    meta,
    paying,
)

FLOW = "settlements_to_m3"
DAY_S = 24 * 3600


@pytest.fixture
def till(connector: Connector) -> CountingHouse:
    house = CountingHouse(connector)
    connector.configure(paying(payments={"settle": SETTLE}))
    return house


def advance(house: CountingHouse, to: str, **how: Any) -> None:
    (held,) = house.orders()
    house.sandbox.advance(held["orno"], to, **how)


def batches(house: CountingHouse) -> list[dict[str, Any]]:
    held: list[dict[str, Any]] = house.sandbox.m3_book()["payment_batches"]
    return held


def open_of(house: CountingHouse) -> list[tuple[str, str]]:
    return [(one["paid"], one["reco"]) for one in house.sandbox.m3_book()["invoices"]]


def invoiced(house: CountingHouse, **order: Any) -> dict[str, Any]:
    """Places a paid order whose invoice waits to be paid by a controlled batch."""
    placed = house.place(**order)
    house.connector.drain()
    advance(house, "77")
    house.look_again()
    return placed


def test_invoice_is_paid_against_the_prepayment(till: CountingHouse) -> None:
    order = invoiced(till)
    (batch,) = batches(till)
    assert batch["controlled"] and till.exchange(FLOW)["state"] == "waiting"

    till.update_payments()
    till.look_again()

    (line,) = batch["lines"]
    assert (line["PYAM"], line["AIT1"]) == (order["total"], "2420")
    assert open_of(till) == [(order["total"], "9")]
    assert (till.exchange(FLOW)["state"], len(till.books_of())) == ("done", 1)


def test_payment_waits_until_the_whole_order_is_invoiced(till: CountingHouse) -> None:
    order = till.place()
    till.connector.drain()
    advance(till, "77", lines=[{"ponr": 1}])
    till.look_again()
    assert (batches(till), till.exchange(FLOW)["state"]) == ([], "blocked")

    advance(till, "77")
    till.look_again()
    till.update_payments()
    till.look_again()

    (batch,) = batches(till)
    assert len(batch["lines"]) == 2
    assert sum(Decimal(one["PYAM"]) for one in batch["lines"]) == Decimal(order["total"])
    assert till.exchange(FLOW)["state"] == "done"


def test_cent_given_back_before_the_invoice_is_not_paid_although_rounding_would_allow_it(connector: Connector) -> None:
    house = CountingHouse(connector)
    refunds = {**yaml.safe_load(paying())["refunds"], "before_invoice": "charge"}
    connector.configure(paying(payments={"settle": SETTLE}, refunds=refunds))
    order = house.place()
    house.connector.drain()
    house.change(order, refund={"amount": "0.01"})
    house.connector.drain()
    (held,) = house.orders()
    advance(house, "77")
    house.look_again()

    (batch,) = batches(house)
    left = Decimal(order["total"]) - Decimal("0.01")
    assert (Decimal(held["total"]), Decimal(batch["lines"][0]["PYAM"])) == (left, left)


def test_against_the_clearing_account_only_the_fee_is_posted_at_once(connector: Connector) -> None:
    house = CountingHouse(connector)
    connector.configure(paying(payments={"settle": {**SETTLE, "against": "clearing"}}))
    order = invoiced(house, meta_data=meta(**{FEE_KEY: "1.25"}))

    (batch,) = batches(house)
    assert (batch["lines"][0]["PYAM"], batch["lines"][0]["AIT1"]) == (order["total"], "1580")
    assert house.books_of() == [{"1580": Decimal("-1.25"), "6570": Decimal("1.00"), "2640": Decimal("0.25")}]


def test_direct_invoice_is_paid_as_soon_as_it_is_posted(connector: Connector) -> None:
    house = CountingHouse(connector)
    connector.configure(invoicing(payments={**PAYMENTS, "settle": SETTLE}))
    order = house.place()
    house.connector.drain()
    house.update_payments()
    house.look_again()

    assert open_of(house) == [(order["total"], "9")]
    assert house.exchange(FLOW)["state"] == "done"


@pytest.mark.parametrize("name", ["AddBatchHead", "AddBatchLine", "ControlBatch"])
@pytest.mark.parametrize("fault", ["drop_after_commit", "late_answer", "lock", "http_503"])
def test_answer_that_is_lost_or_late_pays_nothing_twice(till: CountingHouse, name: str, fault: str) -> None:
    till.m3_fault(f"ARS040MI/{name}", fault)
    order = invoiced(till)
    for _ in range(3):
        till.look_again()
    till.update_payments()
    till.look_again()

    assert open_of(till) == [(order["total"], "9")]
    assert [len(one["lines"]) for one in batches(till)] == [1]
    assert till.exchange(FLOW)["state"] == "done"


def test_payment_that_waits_for_its_invoice_for_two_months_is_told_and_goes_on_all_the_same(
    till: CountingHouse,
) -> None:
    order = till.place()
    till.connector.drain()
    blocked = till.exchange(FLOW)["state"]
    till.connector.pass_time(61 * DAY_S)
    till.connector.drain()
    told = till.exchange(FLOW)
    till.revive()
    told_still = till.exchange(FLOW)["state"]

    advance(till, "77")
    till.set_ledger(posts_payments=True)
    till.revive()

    assert (blocked, told["state"], told["reason_code"]) == ("blocked", "dead_letter", "missing_dependency")
    assert "It waits for that since" in told["reason"] and "may be stopped" in told["resolution"]
    assert told_still == "dead_letter"
    assert (open_of(till), till.exchange(FLOW)["state"]) == ([(order["total"], "9")], "done")


def test_m3_that_is_sick_or_a_killed_worker_meanwhile_does_not_begin_the_two_months_anew(till: CountingHouse) -> None:
    till.place()
    till.connector.drain()
    till.connector.pass_time(40 * DAY_S)
    till.m3_fault("OIS100MI/LstLine", "http_503")
    till.connector.drain()
    sick = till.exchange(FLOW)["reason_code"]
    till.connector.pass_time(60)
    till.connector.claim_only(till.exchange(FLOW)["id"])
    till.connector.let_lease_expire()
    till.connector.drain()
    blocked = till.exchange(FLOW)["state"]
    till.connector.pass_time(21 * DAY_S)
    till.connector.drain()

    told = till.exchange(FLOW)
    assert (sick, blocked) == ("remote_unavailable", "blocked")
    assert (told["state"], told["reason_code"]) == ("dead_letter", "missing_dependency")


def test_time_spent_blocked_is_none_of_the_wait_that_follows(till: CountingHouse) -> None:
    till.place()
    till.connector.drain()
    till.connector.pass_time(3 * DAY_S)
    till.m3_fault("ARS040MI/AddBatchHead", "lock", times=2)
    advance(till, "77")
    till.connector.drain()
    till.connector.pass_time(60)
    till.connector.drain()

    held = till.exchange(FLOW)
    assert (held["state"], held["reason_code"]) == ("waiting", "record_locked")


def test_invoice_that_a_person_paid_gets_no_second_payment(till: CountingHouse) -> None:
    order = invoiced(till)
    till.update_payments()
    till.forget_everything()
    till.connector.ask(order["id"])
    till.go_on()

    assert len(batches(till)) == 1
    assert "paid in M3 already" in till.exchange(FLOW)["reason"]


def test_other_amount_than_was_paid_waits_for_a_person_before_anything_is_written(till: CountingHouse) -> None:
    till.place()
    till.connector.drain()
    till.tax_customer("GUESTHREUR", is_taxed=False)
    advance(till, "77")
    till.look_again()

    held = till.exchange(FLOW)
    assert (held["state"], held["reason_code"]) == ("dead_letter", "needs_person")
    assert batches(till) == []


def test_batch_that_m3_refuses_is_made_anew_under_the_next_number(till: CountingHouse) -> None:
    till.place()
    till.connector.drain()
    advance(till, "77")
    till.m3_fault("ARS040MI/ControlBatch", "nok")
    till.look_again()
    held = till.exchange(FLOW)
    assert held["state"] == "dead_letter" and "Delete batch" in held["resolution"]

    till.release(held["id"])
    till.connector.drain()

    assert [one["pbid"][-1] for one in batches(till) if one["controlled"]] == ["2"]


def test_order_that_never_came_to_m3_has_nothing_to_pay(till: CountingHouse) -> None:
    order = till.place()
    till.change(order, status="cancelled")
    till.go_on()

    assert batches(till) == []
    assert till.exchange(FLOW)["state"] == "done"


def test_payment_of_an_order_that_a_person_entered_by_hand_is_that_persons_too(till: CountingHouse) -> None:
    till.sandbox.post(f"{till.sandbox.m3_url}/_control/items", [{"itno": "MUG-002", "status": "90"}])
    till.place()
    till.go_on()
    with transaction(till.connector.engine) as connection:
        discard(connection, till.exchange()["id"], who="test", why="entered by hand")
    till.look_again()

    held = till.exchange(FLOW)
    assert (held["state"], held["reason_code"]) == ("dead_letter", "needs_person")


@pytest.fixture
def discarded(till: CountingHouse) -> dict[str, Any]:
    """An order whose invoice a person entered by hand and paid there; order and settlement are discarded, and could be carried."""
    till.sell_in_m3("MUG-002", is_sold=False)
    order = till.place()
    till.go_on()
    till.discard()
    till.look_again()
    assert till.exchange(FLOW)["reason_code"] == "needs_person"
    till.discard(FLOW)
    till.go_on()
    till.sell_in_m3("MUG-002", is_sold=True)
    till.connector.forget()
    return order


def test_discarded_settlement_stays_so_whatever_becomes_of_the_order(
    till: CountingHouse, discarded: dict[str, Any]
) -> None:
    till.change(discarded, status="completed")
    till.go_on()
    till.look_again()

    said = till.exchange(FLOW)
    assert (said["state"], said["reason_code"]) == ("done", "discarded")
    assert batches(till) == []


def test_whoever_releases_the_order_is_told_that_its_settlement_stays_discarded(
    till: CountingHouse, discarded: dict[str, Any]
) -> None:
    with transaction(till.connector.engine) as connection:
        decision = release(connection, till.exchange()["id"], who="ana")

    told = [(one.exchange_id, one.flow, one.key) for one in decision.stay_discarded]
    assert told == [(till.exchange(FLOW)["id"], FLOW, str(discarded["id"]))]


def test_settlement_released_with_its_order_pays_the_invoice(till: CountingHouse, discarded: dict[str, Any]) -> None:
    till.release(till.exchange()["id"])
    till.release(till.exchange(FLOW)["id"])
    till.go_on()
    till.look_again()

    assert till.exchange(FLOW)["state"] != "dead_letter"
    assert till.mark_of(discarded) == ""


def test_discarded_settlement_that_a_lost_ledger_forgot_is_a_persons(
    till: CountingHouse, discarded: dict[str, Any]
) -> None:
    till.lose_ledger()
    till.connector.ask(discarded["id"])
    till.go_on()
    till.look_again()

    assert till.exchange(FLOW)["reason_code"] == "changed_after_discard"
    assert till.exchange()["reason_code"] == "changed_after_discard"
    assert till.orders() == []
