"""What M3 has not picked is taken off the order beside lines that it has: cents of rounding keep nothing in it.

No head charge is changed once M3 picks. What M3 holds too much of rounding is credited with what is left of the refund, what it
holds too little of stays a rounding.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml

from connector.flows.reconciling.result import Reason
from connector.ledger.replaying import replay
from connector.ledger.session import transaction
from connector.m3.programs import ois120mi, order_changes
from connector.m3.programs.ois100mi import LineKey
from tests.integration.flows.reconciling.clerk import Clerk, reasons_of
from tests.integration.flows.refunds.desk import MUG, OTHER_MUG, part_of
from tests.integration.flows.refunds.test_unpicked import all_done, left_in_m3, left_in_shop, pieces
from tests.integration.flows.story import quick_store

ROUNDING = "RND00"


def posted(clerk: Clerk, *, second: str = "9.99", **order: Any) -> dict[str, Any]:
    """An order of three mugs and another one, which costs `second`."""
    placed = clerk.place(**order)
    line = placed["line_items"][OTHER_MUG]
    if line["total"] != second:
        placed = clerk.change(
            placed, line_items=[{"id": line["id"], "quantity": 1, "total": second, "subtotal": second}]
        )
    clerk.go_on()
    return placed


def deliver(clerk: Clerk, order: dict[str, Any], line: int) -> None:
    clerk.advance(order, "66", {"ponr": line + 1})


def rounding(clerk: Clerk, order: dict[str, Any]) -> list[str]:
    return [one["amount"] for one in clerk.order_of(order)["charges"] if one["crid"] == ROUNDING]


@pytest.mark.parametrize("back", [MUG, OTHER_MUG])
def test_line_given_back_beside_one_that_left_is_closed_and_the_cent_credited(clerk: Clerk, back: int) -> None:
    order = posted(clerk)
    deliver(clerk, order, 1 - back)
    clerk.give_back(order, back, order["line_items"][back]["quantity"])
    clerk.go_on()
    held = pieces(clerk, order)

    clerk.advance(order, "77")
    clerk.pass_and_settle()

    assert len(held) == 1
    assert [one["total"] for one in clerk.returns()] == ["-0.01"]
    assert left_in_m3(clerk, order) == left_in_shop(clerk, order)
    assert (reasons_of(clerk.reconcile()), clerk.totals.is_explained) == ({Reason.TAKEN_OFF.value}, True)
    assert all_done(clerk)


def test_all_that_left_comes_back_too_and_nothing_is_left_in_m3(clerk: Clerk) -> None:
    order = posted(clerk)
    deliver(clerk, order, MUG)
    clerk.give_back(order, OTHER_MUG, 1)
    clerk.go_on()
    clerk.advance(order, "77")
    clerk.pass_and_settle()

    clerk.refund(order, str(left_in_shop(clerk, order)), line_items=[part_of(order["line_items"][MUG], 3)])
    clerk.go_on()

    assert left_in_m3(clerk, order) == left_in_shop(clerk, order) == 0
    assert (clerk.reconcile(), clerk.totals.is_explained)[1]
    assert all_done(clerk)


def test_line_removed_beside_one_that_left_is_closed_and_the_rounding_stays(clerk: Clerk) -> None:
    order = posted(clerk)
    deliver(clerk, order, MUG)

    order = clerk.change(order, line_items=[{"id": order["line_items"][OTHER_MUG]["id"], "quantity": 0}])
    clerk.go_on()

    assert (pieces(clerk, order), rounding(clerk, order)) == ({"MUG-001": "3"}, ["0.01"])
    assert Decimal(clerk.order_of(order)["total"]) == Decimal(order["total"]) + Decimal("0.01")
    assert "its rounding stayed" in clerk.exchange()["reason"]
    assert all_done(clerk)
    assert (clerk.reconcile(), clerk.totals.is_explained) == ([], True)
    assert {(row.what, row.reason) for row in clerk.reconcile(with_rounding=True)} >= {("total", Reason.ROUNDING)}


def test_line_given_back_that_leaves_m3_a_cent_short_is_closed_all_the_same(clerk: Clerk) -> None:
    order = posted(clerk, second="9.97", shipping_total="4.99")
    deliver(clerk, order, MUG)
    clerk.give_back(order, OTHER_MUG, 1)

    clerk.go_on()

    assert (pieces(clerk, order), rounding(clerk, order)) == ({"MUG-001": "3"}, [])
    assert left_in_m3(clerk, order) == left_in_shop(clerk, order) - Decimal("0.01")
    assert all_done(clerk)
    assert (clerk.reconcile(), clerk.totals.is_explained) == ([], True)


@pytest.mark.parametrize("back", ["5.00", "54.62"])
def test_next_return_takes_a_cent_along_that_m3_holds_too_little(clerk: Clerk, back: str) -> None:
    order = posted(clerk, second="9.97", shipping_total="4.99")
    deliver(clerk, order, MUG)
    clerk.give_back(order, OTHER_MUG, 1)
    clerk.go_on()
    clerk.advance(order, "77")

    clerk.refund(order, back)
    clerk.refund(order, "0.00" if back == "54.62" else "1.00")
    clerk.go_on()

    assert clerk.returns()[0]["total"] == f"-{Decimal(back) - Decimal('0.01')}"
    assert left_in_m3(clerk, order) == left_in_shop(clerk, order)
    assert all_done(clerk)
    assert (clerk.reconcile(), clerk.totals.is_explained) == ([], True)


def test_return_takes_a_cent_along_that_an_edit_left_too_much_in_m3(clerk: Clerk) -> None:
    order = posted(clerk)
    deliver(clerk, order, MUG)
    order = clerk.change(order, line_items=[{"id": order["line_items"][OTHER_MUG]["id"], "quantity": 0}])
    clerk.go_on()
    clerk.advance(order, "77")

    clerk.give_back(order, MUG, 1)
    clerk.go_on()

    (refund,) = clerk.sandbox.shop_book()["refunds"]
    assert [one["total"] for one in clerk.returns()] == [f"-{Decimal(refund['amount']) + Decimal('0.01')}"]
    assert left_in_m3(clerk, order) == left_in_shop(clerk, order)
    assert (clerk.reconcile(), clerk.totals.is_explained) == ([], True)
    assert all_done(clerk)


def with_a_cent_too_much(clerk: Clerk) -> dict[str, Any]:
    """An invoiced order that holds a cent of rounding more than the shop's, for its second line was removed too late."""
    order = posted(clerk)
    deliver(clerk, order, MUG)
    order = clerk.change(order, line_items=[{"id": order["line_items"][OTHER_MUG]["id"], "quantity": 0}])
    clerk.go_on()
    clerk.advance(order, "77")
    return order


@pytest.mark.parametrize("fault", ["drop_before_commit", "drop_after_commit", "late_answer"])
@pytest.mark.parametrize("name", ["OIS100MI/AddBatchHead", "OIS100MI/AddBatchLine", "OIS100MI/Confirm"])
def test_return_whose_answer_is_lost_takes_the_cent_along_once(clerk: Clerk, name: str, fault: str) -> None:
    order = with_a_cent_too_much(clerk)
    clerk.m3_fault(name, fault)

    clerk.give_back(order, MUG, 1)
    clerk.go_on_late()
    clerk.pass_and_settle()

    (refund,) = clerk.sandbox.shop_book()["refunds"]
    assert [one["total"] for one in clerk.returns()] == [f"-{Decimal(refund['amount']) + Decimal('0.01')}"]
    assert left_in_m3(clerk, order) == left_in_shop(clerk, order)
    assert clerk.batch_orders() == []
    assert (clerk.reconcile(), clerk.totals.is_explained) == ([], True)
    assert all_done(clerk)


def test_return_with_a_cent_along_that_somebody_changed_in_m3_is_told_as_such(clerk: Clerk) -> None:
    order = with_a_cent_too_much(clerk)
    clerk.give_back(order, MUG, 1)
    clerk.go_on()
    (returned,) = clerk.returns()
    fields = {"SAPR": "12.00", "SACD": "1", "DIA1": "0", "DIC1": "8"}
    clerk.in_m3(order_changes.change_price(returned["orno"], LineKey("1"), fields))

    rows = clerk.reconcile()

    assert reasons_of(rows) == {Reason.EDITED_IN_M3.value}
    assert clerk.totals.is_explained


def exact_store() -> str:
    """Returns a store file whose orders may miss by half a cent a row and no more."""
    store = yaml.safe_load(quick_store(guests="common"))
    store["money"]["rounding_limit"] = "0"
    return yaml.safe_dump(store)


def test_return_of_too_few_rows_to_bear_the_cent_leaves_it(clerk: Clerk) -> None:
    clerk.connector.configure(exact_store())
    order = posted(clerk)
    deliver(clerk, order, MUG)
    order = clerk.change(order, line_items=[{"id": order["line_items"][OTHER_MUG]["id"], "quantity": 0}])
    clerk.go_on()
    clerk.advance(order, "77")

    clerk.give_back(order, MUG, 2)
    clerk.go_on()

    assert [one["total"] for one in clerk.returns()] == ["-32.25"]
    assert left_in_m3(clerk, order) == left_in_shop(clerk, order) + Decimal("0.01")
    assert all_done(clerk)
    assert (clerk.reconcile(), clerk.totals.is_explained) == ([], True)


def test_rounding_that_somebody_changed_in_m3_is_shown(clerk: Clerk) -> None:
    order = posted(clerk)
    deliver(clerk, order, MUG)
    clerk.in_m3(
        order_changes.change_charge(clerk.number_of(order), charge=ROUNDING, amount=Decimal("0.03"), description="")
    )
    clerk.give_back(order, OTHER_MUG, 1)

    clerk.go_on()

    assert clerk.exchange()["state"] == "dead_letter"
    assert "67.14 instead of 67.12" in clerk.exchange()["reason"]
    assert pieces(clerk, order) == {"MUG-001": "3", "MUG-002": "1"}


def test_rounding_that_somebody_changed_in_m3_is_shown_where_nothing_else_differs(clerk: Clerk) -> None:
    order = posted(clerk)
    deliver(clerk, order, MUG)
    clerk.in_m3(
        order_changes.change_charge(clerk.number_of(order), charge=ROUNDING, amount=Decimal("0.03"), description="")
    )

    with transaction(clerk.connector.engine) as connection:
        replay(connection, clerk.exchange()["id"], who="ana", why="doubted")
    clerk.go_on()

    assert "67.14 instead of 67.12" in clerk.exchange()["reason"]


def test_freight_that_was_changed_beside_lines_that_left_is_a_persons(clerk: Clerk) -> None:
    order = posted(clerk)
    deliver(clerk, order, MUG)

    clerk.change(order, shipping_lines=[{"id": order["shipping_lines"][0]["id"], "total": "4.99"}])
    clerk.go_on()

    assert "5.00 -> 4.99, while M3 picks" in clerk.exchange()["reason"]


def test_line_that_a_person_closes_as_the_dead_letter_asks_is_asked_for_once(clerk: Clerk) -> None:
    order = posted(clerk)
    number = clerk.number_of(order)
    clerk.in_m3(ois120mi.set_stop(number, "5"))
    clerk.give_back(order, OTHER_MUG, 1)
    clerk.go_on()
    asked = clerk.exchange()

    clerk.in_m3(order_changes.close_line(number, LineKey("2"), reason=""))
    clerk.discard("orders_to_m3")
    clerk.pass_and_settle()
    clerk.advance(order, "77")
    clerk.pass_and_settle()

    assert (asked["state"], "stopped in M3" in asked["reason"]) == ("dead_letter", True)
    assert clerk.connector.rows("SELECT flow, reason FROM exchange WHERE state <> 'done'") == []
    assert (clerk.refunds()[0]["reason"], clerk.returns()) == (
        f"order {number} ended in M3 without an invoice: nothing to credit",
        [],
    )
    assert clerk.reconcile() != []
    assert clerk.totals.is_explained


def test_cent_that_the_last_return_of_several_cannot_bear_is_left_to_the_next(clerk: Clerk) -> None:
    clerk.connector.configure(exact_store())
    order = posted(clerk)
    clerk.advance(order, "44", {"ponr": 1})
    order = clerk.change(order, line_items=[{"id": order["line_items"][OTHER_MUG]["id"], "quantity": 0}])
    clerk.go_on()
    clerk.advance(order, "77", {"ponr": 1, "quantity": "1"})
    clerk.advance(order, "77")
    left = left_in_m3(clerk, order) - left_in_shop(clerk, order)

    rows = [part_of(order["line_items"][MUG], 3), whole_shipping(order)]
    clerk.refund(order, line_items=rows, api_restock=False)
    clerk.go_on()

    assert (left, len(clerk.returns())) == (Decimal("0.01"), 2)
    assert left_in_m3(clerk, order) - left_in_shop(clerk, order) == left
    assert all_done(clerk)
    assert (clerk.reconcile(), clerk.totals.is_explained) == ([], True)
    assert {(row.what, row.reason) for row in clerk.reconcile(with_rounding=True)} >= {("total", Reason.ROUNDING)}


def test_return_of_a_free_thing_charges_no_cent_of_rounding(clerk: Clerk) -> None:
    free = [{"sku": "FREE-0", "quantity": 1}, {"sku": "MUG-001", "quantity": 1}]
    order = posted(clerk, second="9.94", lines=free)
    deliver(clerk, order, 0)
    clerk.refund(order, line_items=[part_of(line, 1) for line in order["line_items"]], api_restock=False)
    clerk.go_on()
    held = pieces(clerk, order)

    clerk.advance(order, "77")
    clerk.pass_and_settle()

    assert held == {"FREE-0": "1"}
    assert [one["total"] for one in clerk.returns()] == ["0.00"]
    assert left_in_shop(clerk, order) - left_in_m3(clerk, order) == Decimal("0.01")
    assert all_done(clerk)
    assert clerk.reconcile() != []
    assert clerk.totals.is_explained


def whole_shipping(order: dict[str, Any]) -> dict[str, Any]:
    """Returns what a refund of all of the shipping sends to the shop."""
    shipping = order["shipping_lines"][0]
    taxes = [{"id": tax["id"], "refund_total": float(tax["total"])} for tax in shipping["taxes"]]
    return {"id": shipping["id"], "quantity": 0, "refund_total": float(shipping["total"]), "refund_tax": taxes}
