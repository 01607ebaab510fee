"""M3 makes another total of an order than the shop: it is locked, shown, never posted again, released once it is right."""

from __future__ import annotations

import pytest

from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.integration.flows.story import Story

CUSTOMER = "GUESTHREUR"


def post_without_vat(common: Story) -> None:
    common.tax_customer(CUSTOMER, is_taxed=False)
    common.place()
    common.go_on()


def test_order_with_another_total_in_m3_is_locked_and_waits_for_a_person(common: Story) -> None:
    post_without_vat(common)

    (held,) = common.orders()
    exchange = common.exchange()
    assert held["held"] is True
    assert (exchange["state"], exchange["reason_code"]) == ("dead_letter", "amounts_differ")
    assert held["total"] in exchange["reason"]
    assert common.connector.rows("SELECT m3_key FROM binding WHERE kind = 'order'") == [{"m3_key": held["orno"]}]
    assert common.connector.rows("SELECT 1 FROM exchange WHERE flow = 'order_status_to_woo'") == []


def test_order_that_differs_is_compared_again_and_never_posted_again(common: Story) -> None:
    post_without_vat(common)
    common.release(common.exchange()["id"])
    common.go_on()

    assert [one["held"] for one in common.orders()] == [True]
    assert common.exchange()["state"] == "dead_letter"
    calls = common.sandbox.m3_book()["calls"]
    assert (calls["OIS100MI/AddBatchHead"], calls["OIS100MI/Confirm"], calls["OIS100MI/LockOrder"]) == (1, 1, 1)


def test_order_corrected_in_m3_is_released_and_told_to_the_shop(common: Story) -> None:
    common.tax_customer(CUSTOMER, is_taxed=False)
    order = common.place()
    common.go_on()
    common.tax_customer(CUSTOMER, is_taxed=True)
    common.release(common.exchange()["id"])

    common.go_on()

    assert common.complaints(order) == []


@pytest.mark.parametrize(
    "fault", ["drop_before_commit", "drop_after_commit", "http_429", "http_503", "lock", "late_answer"]
)
def test_lock_that_goes_wrong_once_is_set_all_the_same(common: Story, fault: str) -> None:
    common.m3_fault("OIS100MI/LockOrder", fault)
    common.tax_customer(CUSTOMER, is_taxed=False)
    common.place()

    common.go_on_late()

    assert [one["held"] for one in common.orders()] == [True]
    assert common.exchange()["reason_code"] == "amounts_differ"


@pytest.mark.parametrize("fault", ["drop_before_commit", "drop_after_commit", "http_429", "lock"])
def test_unlock_that_goes_wrong_once_is_done_all_the_same(common: Story, fault: str) -> None:
    common.tax_customer(CUSTOMER, is_taxed=False)
    order = common.place()
    common.go_on()
    common.tax_customer(CUSTOMER, is_taxed=True)
    common.m3_fault("OIS100MI/ReleaseOrder", fault)
    common.release(common.exchange()["id"])

    common.go_on()

    assert common.complaints(order) == []


def test_order_m3_refuses_to_lock_still_shows_the_difference(common: Story) -> None:
    common.m3_fault("OIS100MI/LockOrder", "nok")

    post_without_vat(common)

    exchange = common.exchange()
    assert exchange["reason_code"] == "amounts_differ"
    assert "could not be locked" in exchange["reason"]


def test_order_that_differs_and_is_discarded_stays_as_it_is_and_is_unlocked(common: Story) -> None:
    post_without_vat(common)
    told = common.exchange()["resolution"]
    before = common.orders()[0]["total"]
    with transaction(common.connector.engine) as connection:
        decision = discard(connection, common.exchange()["id"], who="test", why="invoiced without VAT")

    common.go_on()

    assert "discarding it leaves the order as it is and unlocks it" in told
    assert decision.is_locked
    (held,) = common.orders()
    assert (held["held"], held["total"]) == (False, before)
    assert common.exchange()["state"] == "done"
