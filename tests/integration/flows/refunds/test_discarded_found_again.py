"""A refund that a person credited by hand and discarded is not credited beside that by a ledger put back to before it."""

from __future__ import annotations

from typing import Any

from tests.integration.flows.refunds.desk import Desk
from tests.integration.flows.refunds.test_discarded_refunds import FLOW, order

__all__ = ["order"]


def hear_of(desk: Desk, order: dict[str, Any]) -> dict[str, Any]:
    desk.connector.ask(order["id"])
    desk.go_on()
    return desk.exchange(FLOW)


def test_its_order_is_found_and_the_refund_is_a_persons(desk: Desk, order: dict[str, Any]) -> None:
    desk.go_on()
    desk.lose_ledger()
    desk.connector.forget()

    said = hear_of(desk, order)

    assert (said["state"], said["reason_code"]) == ("dead_letter", "changed_after_discard")
    assert len(desk.orders()) == 1
    assert desk.returns() == []


def test_discarded_again_it_stays_so_and_released_it_is_credited_once(desk: Desk, order: dict[str, Any]) -> None:
    desk.go_on()
    desk.lose_ledger()
    desk.connector.forget()
    hear_of(desk, order)
    desk.discard(FLOW)
    settled = hear_of(desk, order)["state"]

    desk.release(desk.exchange(FLOW)["id"])
    desk.go_on()

    assert settled == "done"
    assert len(desk.returns()) == 1
    assert desk.mark_of(order) == ""
