"""Refunds of the shop against M3's returns and credits."""

from __future__ import annotations

from typing import Any

import pytest

from connector.flows.reconciling.result import WHOLE, Fact, Reason
from connector.m3.programs import order_changes
from connector.m3.programs.ois100mi import LineKey
from tests.integration.flows.reconciling.clerk import Clerk, reasons_of, without_why
from tests.integration.flows.refunds.desk import MUG, OTHER_MUG, part_of

DAYS_AGO: dict[str, dict[str, Any]] = {"made in these days": {}, "made before them": {"saved_late_s": 5 * 86400}}
made = pytest.mark.parametrize("when", DAYS_AGO.values(), ids=DAYS_AGO.keys())
"""An order of the days that are compared, and one whose refund alone is."""


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


@made
def test_a_refund_taken_off_the_order_and_returned_all_the_same_is_found(shared: Clerk, when: dict[str, Any]) -> None:
    order = shared.place(lines=[{"sku": "MUG-001", "quantity": 5}], **when)
    shared.go_on()
    refund = shared.give_back(order, MUG, 4)
    shared.go_on()
    shared.advance(order, "77")
    shared.return_by_hand(order, refund, mugs=4)

    before = shared.reconcile()
    shared.empty_ledger()
    after = shared.reconcile()

    (told,) = [row for row in before if row.fact is Fact.REFUND]
    assert (told.shop_id, told.what, told.shop, told.m3) == (refund, "given back in all", "-64.50", "-129.00")
    assert reasons_of(before) == reasons_of(after) == {"unknown"}
    assert "smaller by 64.50, and its returns give back 64.50" in told.words
    assert without_why(before) == without_why(after)
    assert not shared.totals.is_explained


@made
def test_what_is_taken_off_and_what_is_returned_make_up_one_refund(shared: Clerk, when: dict[str, Any]) -> None:
    order = shared.place(**when)
    shared.go_on()
    picked_first(shared, order)
    lines = [part_of(order["line_items"][MUG], 2), part_of(order["line_items"][OTHER_MUG], 1)]
    refund = shared.refund(order, line_items=lines, api_restock=False)
    shared.go_on()
    shared.advance(order, "77")
    shared.pass_and_settle()

    rows = shared.reconcile()

    assert len(shared.returns()) == 1
    assert reasons_of(rows) == {"taken_off_order"}
    assert refund in {row.shop_id for row in rows if row.fact is Fact.REFUND}


@pytest.mark.parametrize("ended", [{"status": "cancelled"}, {"action": "trash"}], ids=["cancelled", "trashed"])
def test_a_refund_taken_off_and_returned_waits_with_an_order_ended_after_it_was_sent(
    shared: Clerk, ended: dict[str, str]
) -> None:
    order = shared.place()
    shared.go_on()
    shared.advance(order, "77", {"ponr": 1})
    shared.refund(order, line_items=[part_of(one, one["quantity"]) for one in order["line_items"]], api_restock=False)
    shared.pass_and_settle()
    shared.change(order, **ended)
    shared.go_on()

    rows = shared.reconcile()

    assert len(shared.returns()) == 1
    assert {row.fact for row in rows} == {Fact.ORDER, Fact.REFUND}
    assert reasons_of(rows) == {Reason.WAITING}


def test_a_line_closed_by_a_cancellation_is_nothing_that_m3_gave_back_beside_a_return(shared: Clerk) -> None:
    order = shared.place()
    shared.go_on()
    shared.advance(order, "77", {"ponr": 1})
    shared.give_back(order, MUG, 1)
    shared.pass_and_settle()
    shared.change(order, status="cancelled")
    shared.go_on()
    shared.in_m3(order_changes.close_line(shared.number_of(order), LineKey("2"), reason=""))

    rows = shared.reconcile()

    assert len(shared.returns()) == 1
    assert {row.fact for row in rows} == {Fact.ORDER}
    assert reasons_of(rows) == {Reason.WAITING}


def picked_first(clerk: Clerk, order: dict[str, Any]) -> None:
    """Has the warehouse pick the first line only."""
    clerk.advance(order, "44", {"ponr": 1})


def test_an_order_ended_before_picking_and_returned_all_the_same_is_found(shared: Clerk) -> None:
    order = shared.place(lines=[{"sku": "MUG-001", "quantity": 4}], shipping_total=None)
    shared.go_on()
    shared.change(order, status="refunded")
    shared.go_on()
    (refund,) = shared.refund_ids()
    shared.return_by_hand(order, refund, mugs=4)

    (row,) = shared.reconcile()

    assert (row.shop_id, row.what, row.shop, row.m3) == (refund, "given back in all", "-64.50", "-129.00")
    assert row.reason is Reason.UNKNOWN


@made
def test_a_further_refund_that_m3_misses_is_no_part_of_what_was_taken_off(shared: Clerk, when: dict[str, Any]) -> None:
    order = shared.place(**when)
    shared.go_on()
    picked_first(shared, order)
    lines = [part_of(order["line_items"][MUG], 2), part_of(order["line_items"][OTHER_MUG], 1)]
    shared.refund(order, line_items=lines, api_restock=False)
    shared.go_on()
    shared.advance(order, "77")
    shared.pass_and_settle()
    missed = shared.refund(order, "1.00")
    shared.go_on()
    credit = max(one["orno"] for one in shared.returns())
    shared.delete_in_m3(credit)
    shared.connector.rows(
        "UPDATE document SET state = 'abandoned' WHERE final_number = :number RETURNING id", number=credit
    )

    rows = {row.shop_id: row for row in shared.reconcile() if row.fact is Fact.REFUND}

    assert rows[missed].m3 is None
    assert rows[missed].reason is Reason.UNKNOWN


def test_a_refund_of_a_line_that_a_person_closed_in_m3_is_what_the_order_is_smaller_by(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    clerk.in_m3(order_changes.close_line(clerk.number_of(order), LineKey("2"), reason=""))
    clerk.advance(order, "77")
    clerk.pass_and_settle()
    clerk.give_back(order, OTHER_MUG, 1)
    clerk.go_on()

    rows = clerk.reconcile()

    assert reasons_of(rows) == {"edited_in_m3"}
    (refund,) = [row for row in rows if row.fact is Fact.REFUND]
    assert "somebody took it off the order in M3" in refund.words


def test_a_refund_that_m3_misses_is_not_explained_by_a_smaller_change_there(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    clerk.price(order, "12.00")
    clerk.advance(order, "77")
    clerk.pass_and_settle()
    url = f"{clerk.sandbox.shop_url}/_control/orders/{order['id']}"
    clerk.sandbox.post(url, {"deliver": "never", "refund": {"amount": "7.77"}})  # and nobody was told

    (refund,) = [row for row in clerk.reconcile() if row.fact is Fact.REFUND]

    assert refund.reason is Reason.UNKNOWN


def test_a_refund_of_an_order_of_which_a_person_left_charges_alone_in_m3_is_nothing_to_credit(shared: Clerk) -> None:
    order = shared.place()
    shared.go_on()
    for line in shared.order_of(order)["lines"]:
        shared.in_m3(order_changes.close_line(shared.number_of(order), LineKey(str(line["ponr"])), reason=""))
    shared.refund(order, "5.00")
    shared.go_on()

    rows = shared.reconcile()

    assert [row.fact for row in rows if row.fact is not Fact.ORDER] == []
    assert reasons_of(rows) == {"edited_in_m3"}


def test_a_refund_of_a_line_that_a_person_closed_waits_with_an_order_that_waits_because_of_it(shared: Clerk) -> None:
    order = shared.place()
    shared.go_on()
    shared.in_m3(order_changes.close_line(shared.number_of(order), LineKey("2"), reason=""))
    shared.give_back(order, OTHER_MUG, 1)
    shared.go_on()
    shared.change(order, line_items=[{"sku": "MUG-001", "quantity": 1}])
    shared.go_on()

    rows = shared.reconcile()

    assert {row.fact for row in rows} == {Fact.ORDER, Fact.REFUND}
    assert reasons_of(rows) == {Reason.WAITING}


def test_a_change_after_the_invoice_is_nothing_that_m3_gave_back_beside_a_return(shared: Clerk) -> None:
    order = shared.invoiced()
    shared.change(order, line_items=[{"sku": "MUG-001", "quantity": 1}])
    shared.give_back(order, MUG, 1)
    shared.pass_and_settle()

    rows = shared.reconcile()

    assert [one["total"] for one in shared.returns()] == ["-16.12"]
    assert {row.fact for row in rows} == {Fact.ORDER}
    assert reasons_of(rows) == {Reason.WAITING}
