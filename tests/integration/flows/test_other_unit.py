"""A shop that sells boxes: M3 gets boxes of items that have the unit, and takes as many pieces out of stock as are in them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connector.m3.calls import Answer
from connector.m3.programs.mms015mi import PRICE
from tests.harness import Connector
from tests.integration.flows.other_answers import altered
from tests.integration.flows.reconciling.clerk import Clerk
from tests.integration.flows.story import quick_store

IN_BOXES = quick_store(guests="common", unit="BOX")
PIECES = 6
"""In a box of MUG-001 (MMS015); MUG-002 is not sold in boxes."""


@pytest.fixture
def clerk(connector: Connector) -> Clerk:
    clerk = Clerk(connector)
    connector.configure(IN_BOXES)
    return clerk


def _lines(clerk: Clerk, order: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["itno"], one["quantity"], one["unit"]) for one in clerk.order_of(order)["lines"]]


def _on_hand(clerk: Clerk) -> Decimal:
    stock = clerk.sandbox.m3_book()["stock"]
    (mugs,) = [one["on_hand"] for one in stock if (one["itno"], one["whlo"]) == ("MUG-001", "001")]
    return Decimal(mugs)


def test_an_order_is_posted_in_the_unit_the_shop_sells_in(clerk: Clerk) -> None:
    before = _on_hand(clerk)
    order = clerk.place()

    clerk.go_on()

    assert _lines(clerk, order) == [("MUG-001", "3", "BOX"), ("MUG-002", "1", "PCE")]
    assert clerk.order_of(order)["total"] == order["total"]
    clerk.advance(order, "66")
    assert _on_hand(clerk) == before - 3 * PIECES


def test_known_items_cost_no_request_for_their_unit(clerk: Clerk) -> None:
    clerk.place()
    clerk.go_on()
    before = clerk.sandbox.m3_book()["calls"]["MMS015MI/Get"]

    clerk.place()
    clerk.go_on()

    assert (
        clerk.sandbox.m3_book()["calls"]["MMS015MI/Get"] == before == 3
    )  # each of two items, and of the one that has it as a price


def test_items_are_asked_for_another_unit_at_once_where_the_store_file_changes(clerk: Clerk) -> None:
    clerk.connector.configure(quick_store(guests="common"))
    pieces = clerk.place()
    clerk.go_on()
    clerk.connector.configure(IN_BOXES)

    boxes = clerk.place()
    clerk.go_on()

    assert [one[2] for one in (*_lines(clerk, pieces), *_lines(clerk, boxes))] == ["PCE", "PCE", "BOX", "PCE"]


def test_boxes_are_added_and_given_back_and_both_books_agree(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    line = order["line_items"][0]
    total = str((Decimal(line["total"]) * 4 / 3).quantize(Decimal("0.01")))
    order = clerk.change(order, line_items=[{"id": line["id"], "quantity": 4, "total": total, "subtotal": total}])
    clerk.go_on()
    assert _lines(clerk, order)[0] == ("MUG-001", "4", "BOX")

    clerk.advance(order, "77")
    clerk.give_back(order, 0, 1)
    clerk.go_on()

    (back,) = clerk.returns()
    assert [(one["itno"], one["quantity"], one["unit"]) for one in back["lines"]] == [("MUG-001", "-1", "BOX")]
    assert [one["state"] for one in clerk.refunds()] == ["done"]
    assert clerk.reconcile() == []


def test_boxes_refunded_before_picking_leave_the_order(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()

    clerk.give_back(order, 0, 2)
    clerk.go_on()

    assert _lines(clerk, order) == [("MUG-001", "1", "BOX"), ("MUG-002", "1", "PCE")]
    assert [one["state"] for one in clerk.refunds()] == ["done"]


def test_a_unit_that_prices_count_otherwise_is_held_before_anything_is_written(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_ten(answer: Answer) -> Answer:
        is_price = answer.call.operation == "item.unit" and answer.call.fields["AUTP"] == PRICE
        return (
            replace(answer, records=({"ALUN": "BOX", "COFA": "10", "DMCF": "1"},), error=None) if is_price else answer
        )

    altered(monkeypatch, clerk.connector, of_ten)
    clerk.place()

    clerk.go_on()

    held = clerk.exchange()
    assert (held["state"], held["reason_code"]) == ("dead_letter", "unmappable")
    assert "6 basic units as a quantity and 10 in prices" in held["reason"]
    assert (clerk.orders(), clerk.batch_orders()) == ([], [])
