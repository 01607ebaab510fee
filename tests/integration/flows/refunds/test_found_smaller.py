"""A ledger that was lost finds orders in M3 that refunds made smaller before they were picked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.integration.flows.refunds.desk import MUG, OTHER_MUG, Desk
from tests.integration.flows.refunds.test_unpicked import all_done, left_in_m3, left_in_shop, pieces, posted
from tests.integration.flows.test_adoption import lose_ledger


def find_again(desk: Desk, order: dict[str, Any]) -> None:
    """Loses the ledger; the shop's order says that M3 has it."""
    lose_ledger(desk)
    desk.connector.ask(order["id"])
    desk.go_on()


def test_order_that_a_refund_made_smaller_is_adopted_as_m3_holds_it(desk: Desk) -> None:
    order = posted(desk)
    desk.give_back(order, MUG, 1)
    desk.go_on()

    find_again(desk, order)

    assert desk.exchange()["reason"].startswith("found in M3")
    assert "was made smaller by it" in desk.exchange("refunds_to_m3")["reason"]
    assert (pieces(desk, order), desk.returns()) == ({"MUG-001": "2", "MUG-002": "1"}, [])
    assert left_in_m3(desk, order) == left_in_shop(desk, order)
    assert all_done(desk)


def test_order_adopted_so_is_changed_later_as_any_other(desk: Desk) -> None:
    order = posted(desk)
    desk.give_back(order, OTHER_MUG, 1)
    desk.go_on()
    find_again(desk, order)

    desk.give_back(order, MUG, 2)
    desk.go_on()

    assert pieces(desk, order) == {"MUG-001": "1"}
    assert left_in_m3(desk, order) == left_in_shop(desk, order)
    assert all_done(desk)


def test_what_was_taken_off_is_told_from_what_came_back_on_a_return(desk: Desk) -> None:
    order = posted(desk)
    desk.give_back(order, OTHER_MUG, 1)
    desk.go_on()
    desk.advance(order, "77")
    desk.give_back(order, MUG, 1)
    desk.go_on()
    returned = [one["orno"] for one in desk.returns()]

    find_again(desk, order)

    assert [one["orno"] for one in desk.returns()] == returned
    assert left_in_m3(desk, order) == left_in_shop(desk, order)
    assert all_done(desk)


def test_order_that_two_refunds_explain_equally_well_is_a_persons_and_nothing_is_credited_twice(desk: Desk) -> None:
    order = posted(desk)
    desk.give_back(order, MUG, 1)
    desk.go_on()
    desk.advance(order, "77")
    desk.give_back(order, MUG, 1)
    desk.go_on()
    assert len(desk.returns()) == 1

    find_again(desk, order)

    waiting = desk.connector.rows("SELECT state FROM exchange WHERE flow = 'refunds_to_m3'")
    assert (desk.exchange()["state"], desk.exchange()["reason_code"]) == ("dead_letter", "amounts_differ")
    assert {row["state"] for row in waiting} == {"blocked"}
    with transaction(desk.connector.engine) as connection:
        discard(connection, desk.exchange()["id"], who="test", why="as it has to be")
    desk.revive()
    told = desk.connector.rows("SELECT state, reason FROM exchange WHERE flow = 'refunds_to_m3'")
    assert {row["state"] for row in told} == {"dead_letter"}
    assert all("a person settled that" in row["reason"] for row in told)
    assert len(desk.returns()) == 1


def test_order_that_is_whole_in_m3_is_adopted_whole_and_its_return_is_found(desk: Desk) -> None:
    order = posted(desk)
    desk.advance(order, "77")
    desk.give_back(order, MUG, 1)
    desk.go_on()
    total = Decimal(desk.order_of(order)["total"])

    find_again(desk, order)

    assert Decimal(desk.order_of(order)["total"]) == total
    assert all_done(desk)
    assert len(desk.returns()) == 1
