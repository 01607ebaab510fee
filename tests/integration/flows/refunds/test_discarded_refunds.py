"""A refund that a person credited in M3 by hand and discarded is never credited beside that, and what changes about it is told."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.integration.flows.refunds.desk import MUG, Desk
from tests.integration.flows.story import quick_store

FLOW = "refunds_to_m3"


@pytest.fixture
def order(desk: Desk) -> dict[str, Any]:
    """An invoiced order with a refund that could not be credited, was credited by hand and discarded; it could be now."""
    placed = desk.invoiced()
    content = yaml.safe_load(quick_store(guests="common"))
    desk.connector.configure(yaml.safe_dump({name: part for name, part in content.items() if name != "refunds"}))
    desk.give_back(placed, MUG, 1)
    desk.go_on()
    assert desk.exchange(FLOW)["state"] == "dead_letter"
    desk.discard(FLOW)
    desk.connector.configure(quick_store(guests="common"))
    return placed


def look(desk: Desk) -> dict[str, Any]:
    """Has the refund looked at; returns its exchange."""
    desk.connector.rows("UPDATE exchange SET state = 'ready' WHERE flow = 'refunds_to_m3' RETURNING id")
    desk.go_on()
    return desk.exchange(FLOW)


def test_it_is_not_credited_when_it_is_looked_at(desk: Desk, order: dict[str, Any]) -> None:
    said = look(desk)

    assert (said["state"], said["reason_code"]) == ("done", "discarded")
    assert desk.returns() == []


def test_its_deletion_in_the_shop_is_told_once(desk: Desk, order: dict[str, Any]) -> None:
    desk.delete(order, desk.sandbox.shop_book()["refunds"][0]["id"])

    told = look(desk)
    desk.discard(FLOW)
    again = look(desk)

    assert (told["state"], told["reason_code"]) == ("dead_letter", "changed_after_discard")
    assert "deleted in the shop" in told["reason"]
    assert again["state"] == "done"


def test_released_refund_is_credited_once(desk: Desk, order: dict[str, Any]) -> None:
    desk.release(desk.exchange(FLOW)["id"])
    desk.go_on()
    look(desk)

    assert len(desk.returns()) == 1


def test_refund_of_an_order_that_comes_to_m3_after_all_is_told(desk: Desk) -> None:
    desk.sell_in_m3("MUG-002", is_sold=False)
    placed = desk.place()
    desk.give_back(placed, MUG, 1)
    desk.go_on()
    desk.discard()
    desk.pass_and_settle()
    desk.discard(FLOW)
    desk.sell_in_m3("MUG-002", is_sold=True)
    desk.connector.forget()

    desk.release(desk.exchange()["id"])
    desk.go_on()

    said = desk.exchange(FLOW)
    assert (said["state"], said["reason_code"]) == ("dead_letter", "changed_after_discard")
    assert f"{desk.order_of(placed)['orno']} instead of none of ours" in said["reason"]


def test_order_with_less_left_than_its_refund_took_off_stays_settled_until_it_differs(desk: Desk) -> None:
    placed = desk.place()
    desk.go_on()
    desk.give_back(placed, MUG, 2)
    desk.go_on()
    line = placed["line_items"][MUG]
    desk.change(placed, line_items=[{"id": line["id"], "quantity": 1, "subtotal": "10.62", "total": "10.62"}])
    desk.go_on()
    assert desk.exchange()["reason_code"] == "amounts_differ"
    desk.discard()

    desk.change(placed, status="completed")
    desk.go_on()
    settled = desk.exchange()["state"]
    desk.change(placed, customer_note="Ring twice")
    desk.go_on()

    assert settled == "done"
    assert desk.exchange()["state"] == "dead_letter"
