"""Refunds of the shop against M3's returns and credits."""

from __future__ import annotations

from connector.flows.reconciling.result import WHOLE, Fact, Reason
from tests.integration.flows.reconciling.clerk import Clerk, without_why
from tests.integration.flows.refunds.desk import MUG


def test_returns_and_credits_that_m3_holds_are_equal(clerk: Clerk) -> None:
    order = clerk.invoiced()
    clerk.give_back(order, MUG, 1)
    clerk.refund(order, "7.77")
    clerk.go_on()

    assert clerk.reconcile() == []
    assert (clerk.totals.facts[Fact.REFUND], clerk.totals.is_explained) == (2, True)


def test_a_refund_that_m3_misses_is_found(clerk: Clerk) -> None:
    order = clerk.invoiced()
    url = f"{clerk.sandbox.shop_url}/_control/orders/{order['id']}"
    clerk.sandbox.post(url, {"deliver": "never", "refund": {"amount": "7.77"}})  # and nobody was told

    (row,) = clerk.reconcile()

    assert (row.fact, row.what, row.shop, row.m3) == (Fact.REFUND, WHOLE, "-7.77", None)
    assert row.reason is Reason.UNKNOWN


def test_a_refund_on_its_way_is_explained(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    clerk.advance(order, "44")
    clerk.refund(order, "7.77")
    clerk.connector.drain()

    (row,) = clerk.reconcile()

    assert (row.fact, row.reason) == (Fact.REFUND, Reason.IN_FLIGHT)
    assert "not invoiced yet" in row.words


def test_a_return_deleted_in_m3_is_found_with_and_without_the_ledger(clerk: Clerk) -> None:
    order = clerk.invoiced()
    refund = clerk.give_back(order, MUG, 1)
    clerk.go_on()
    clerk.delete_in_m3(clerk.returns()[0]["orno"])

    before = clerk.reconcile()
    clerk.empty_ledger()
    after = clerk.reconcile()

    (row,) = before
    assert (row.shop_id, row.m3, row.reason) == (refund, None, Reason.DELETED_IN_M3)
    assert without_why(before) == without_why(after)


def test_a_return_whose_refund_the_shop_deleted_is_shown(clerk: Clerk) -> None:
    order = clerk.invoiced()
    refund = clerk.give_back(order, MUG, 1)
    clerk.go_on()
    clerk.delete(order, refund)

    (row,) = clerk.reconcile()

    assert (row.fact, row.shop_id, row.shop, row.reason) == (Fact.REFUND, refund, None, Reason.UNKNOWN)
    assert row.m3 == clerk.returns()[0]["total"]


def test_a_refund_of_an_order_m3_never_got_is_nothing_to_credit(clerk: Clerk) -> None:
    order = clerk.place(status="pending")
    clerk.refund(order, order["total"])
    clerk.go_on()

    assert clerk.reconcile() == []


def test_a_refund_taken_off_an_order_before_picking_is_no_difference(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    clerk.give_back(order, MUG, 1)
    clerk.go_on()

    rows = clerk.reconcile()

    assert clerk.returns() == []
    assert clerk.order_of(order)["total"] != order["total"]
    assert rows == []


def test_an_order_refunded_wholly_before_picking_is_no_difference(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    clerk.change(order, status="refunded")
    clerk.go_on()

    assert clerk.reconcile() == []
