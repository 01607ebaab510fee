"""What M3 does not allow any more, or refuses, waits for a person with both sides shown, and leaves the order as it was."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from connector.errors import WooRejectedError
from connector.woocommerce.client import WooClient
from tests.integration.flows.order_changes.desk import Desk, audited, waits
from tests.integration.flows.order_changes.people import (
    tell_m3,
)
from tests.integration.flows.story import Story, quick_store


@pytest.mark.parametrize("status", ["44", "66", "77"])
def test_line_that_is_picked_is_not_changed(desk: Desk, status: str) -> None:
    desk.advance(status)

    desk.set_quantity("MUG-001", 5)

    assert f"3 -> 5, at status {status} in M3" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]


@pytest.mark.parametrize("change", [{"status": "cancelled"}, None], ids=["cancelled", "fewer"])
def test_line_that_left_in_part_is_not_changed(desk: Desk, change: dict[str, Any] | None) -> None:
    part = {"to": "66", "lines": [{"ponr": 1, "quantity": "1"}]}
    desk.story.sandbox.post(f"{desk.story.sandbox.m3_url}/_control/orders/{desk.held['orno']}/advance", part)

    desk.change(**(change or desk.quantity_of("MUG-001", 2)))

    assert "in M3" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]


def test_stop_of_m3_or_a_person_is_not_lifted(desk: Desk) -> None:
    tell_m3(desk, "OIS120MI", "UpdCOStop", ORNO=desk.held["orno"], OBLC="5")

    desk.set_quantity("MUG-001", 5)

    assert "stopped in M3" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]
    assert not desk.held["held"]


@pytest.mark.parametrize("status", ["44", "77"])
def test_order_that_is_picked_is_not_cancelled(desk: Desk, status: str) -> None:
    desk.advance(status)

    desk.change(status="cancelled")

    assert "cancelled" in str(audited(desk)["after"])
    assert f"at status {status} in M3" in waits(desk)["reason"]
    assert not desk.held["held"]


def test_allocated_order_is_still_changed(desk: Desk) -> None:
    desk.advance("33")

    desk.set_quantity("MUG-001", 5)

    assert desk.shop_and_m3_differ() == []


def test_other_payment_method_is_a_persons(desk: Desk) -> None:
    desk.change(payment_method="cod")

    assert "PYCD of the head" in waits(desk)["reason"]
    assert "cod" in str(audited(desk)["after"])


def test_item_m3_does_not_have_holds_the_change_and_leaves_the_order(desk: Desk) -> None:
    desk.story.sandbox.post(
        f"{desk.story.sandbox.shop_url}/_control/products", {"sku": "NO-SUCH", "regular_price": "5.00"}
    )
    book = desk.story.sandbox.shop_book()["products"]
    product = next(one["id"] for one in book if one["sku"] == "NO-SUCH")

    desk.change(line_items=[{"product_id": product, "quantity": 1}])

    assert waits(desk)["reason_code"] == "unknown_item"
    assert not desk.held["held"]


def test_refusal_of_all_that_was_to_change_leaves_the_order_as_it_was_and_free(desk: Desk) -> None:
    desk.story.m3_fault("OIS100MI/ChgLineBatchEnt", "nok")

    desk.set_quantity("MUG-001", 5)

    waits(desk)
    assert not desk.held["held"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]


def test_refused_change_that_is_released_is_made(desk: Desk) -> None:
    desk.story.m3_fault("OIS100MI/ChgLineBatchEnt", "nok")
    desk.set_quantity("MUG-001", 5)

    desk.story.release(desk.story.exchange()["id"])
    desk.story.go_on()

    assert desk.shop_and_m3_differ() == []


def test_store_that_wants_persons_gets_every_change(common: Story) -> None:
    common.connector.configure(quick_store(guests="common").replace("changes: apply", "changes: person"))
    desk = Desk(common)

    desk.set_quantity("MUG-001", 5)
    assert "money" in waits(desk)["reason"]

    desk.change(status="cancelled")
    assert "cancelled in the shop" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]


def test_not_found_of_something_else_than_the_shop_ends_no_order(desk: Desk) -> None:
    foreign = WooRejectedError("not found", status=404, remote_code="firewall_no_entry", resolution="look")
    with patch.object(WooClient, "get_order", side_effect=foreign):
        desk.story.connector.ask(desk.order["id"])
        desk.story.connector.drain()

    assert desk.story.exchange()["state"] == "dead_letter"
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]
