"""Another address of an order M3 has is never written: the order is locked, the fields are named, and a person settles it."""

from __future__ import annotations

from typing import Any

import pytest

from connector.ledger.session import transaction
from connector.ledger.story import tell_story
from connector.ledger.tenure import USABLE_FOR
from connector.m3.programs.cusextmi import change_tenure
from tests.harness import STORE
from tests.integration.flows.order_changes.desk import Desk, audited, waits
from tests.integration.flows.order_changes.people import (
    discard_it,
)


def sides(desk: Desk) -> list[tuple[str, Any, Any]]:
    """Returns what `exchanges show` tells of both sides."""
    with transaction(desk.story.connector.engine) as connection:
        story = tell_story(connection, desk.story.exchange()["id"])
    assert story is not None
    return [(one.part, one.carried, one.in_shop) for one in story.sides]


def test_other_address_locks_the_order_and_shows_which_fields(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})

    exchange = waits(desk)
    assert "the delivery address (CUA1)" in exchange["reason"]
    assert "Vlaška" not in exchange["reason"]
    assert audited(desk)["after"]["delivery.address_1"] == audited(desk)["before"]["delivery.address_1"] == "(personal)"
    assert sides(desk) == [("delivery.address_1", "Ilica 1", "Vlaška 7")]
    assert desk.held["held"]


def test_other_address_locks_nothing_while_another_installation_writes_for_the_store(desk: Desk) -> None:
    connector = desk.story.connector
    connector.pass_time(USABLE_FOR.total_seconds() + 1)
    other = change_tenure(STORE, holder="0123456789ab.cdef01234567")
    connector.process.runtime.store(STORE).m3.write([other])[0].require()

    desk.story.change(desk.order, billing={**desk.order["billing"], "address_1": "Vlaška 7"})
    connector.drain()

    assert not desk.held["held"]
    assert "Another installation" in desk.story.exchange()["reason"]


ERASED = {
    **dict.fromkeys(("first_name", "last_name", "address_1", "city", "postcode"), "[deleted]"),
    **{"country": "", "state": "", "email": "deleted@site.invalid", "phone": "000"},
}


def test_settled_address_stays_settled_and_is_forgotten_once_the_shop_erases_the_buyer(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})
    discard_it(desk)
    desk.story.go_on()

    desk.change(billing=ERASED, meta_data=[{"key": "_anonymized", "value": "yes"}])

    plans = str(desk.story.connector.rows("SELECT plan FROM document WHERE kind = 'batch_order'"))
    assert desk.story.exchange()["state"] == "done"
    assert not desk.held["held"]
    assert [trace for trace in ("Vlaška", "Ilica", "Horvat") if trace in plans] == []


def test_note_m3_was_left_with_is_forgotten_once_the_shop_erases_the_buyer(desk: Desk) -> None:
    desk.change(customer_note="Ring at Horvat")

    desk.change(billing=ERASED, customer_note="", meta_data=[{"key": "_anonymized", "value": "yes"}])

    plans = str(desk.story.connector.rows("SELECT plan FROM document WHERE kind = 'batch_order'"))
    assert (desk.story.exchange()["state"], desk.held["text_blocks"]["WEB1"]) == ("done", "Ring at Horvat")
    assert "Horvat" not in plans


def test_address_put_back_in_the_shop_releases_the_order(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})

    desk.change(billing={**desk.order["billing"], "address_1": "Ilica 1"})

    assert desk.shop_and_m3_differ() == []


def test_handed_over_change_that_a_person_discards_unlocks_the_order(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})
    exchange = waits(desk)

    discard_it(desk)
    desk.story.go_on()

    assert "The order is locked in M3." in exchange["reason"]
    assert "unlocks order" in exchange["resolution"]
    assert not desk.held["held"]
    assert desk.story.exchange()["state"] == "done"
    assert desk.story.exchange()["reason"].endswith("a person settled what came after; unlocked in M3")


@pytest.mark.parametrize(("status", "is_held"), [("44", True), ("66", False)])
def test_other_address_stops_an_order_only_while_it_can_be_stopped(desk: Desk, status: str, is_held: bool) -> None:
    desk.advance(status)

    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})

    exchange = waits(desk)
    assert f"the delivery address (CUA1), at status {status} in M3" in exchange["reason"]
    assert desk.held["held"] is is_held
    assert ("locked" in exchange["reason"]) is is_held


def test_settled_change_does_not_come_back_with_the_next_status(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})
    discard_it(desk)
    desk.story.go_on()
    before = desk.story.sandbox.m3_book()["http_calls"]

    for status in ("completed", "processing", "on-hold"):
        desk.change(status=status)
        assert desk.story.exchange()["state"] == "done"

    assert desk.story.sandbox.m3_book()["http_calls"] == before


def test_settled_address_does_not_hold_up_a_quantity_changed_later(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})
    discard_it(desk)
    desk.story.go_on()

    desk.set_quantity("MUG-001", 5)

    assert desk.shop_and_m3_differ() == []
