"""A discard is marked on the shop's order: a ledger put back to before it finds it again, and posts nothing beside it."""

from __future__ import annotations

from typing import Any

import pytest

from connector.flows.preview import preview_order
from connector.ledger.people import dead_letter_ids
from connector.ledger.session import transaction
from tests.harness import STORE
from tests.integration.flows.story import Story

ITEM = "MUG-002"
NUMBER = "0010004711"
MARKING = "discards_to_woo"
MARKS = "SELECT before, after FROM audit WHERE action = 'PUT order meta' ORDER BY id"


@pytest.fixture
def order(common: Story) -> dict[str, Any]:
    """An order that was held for an item, entered by hand and discarded; the item is sold since."""
    common.end_faults()
    common.connector.forget()
    common.sell_in_m3(ITEM, is_sold=False)
    placed = common.place()
    common.go_on()
    common.discard(entered_as=NUMBER)
    common.go_on()
    common.sell_in_m3(ITEM, is_sold=True)
    common.connector.forget()
    return placed


def look_again(story: Story, order: dict[str, Any]) -> dict[str, Any]:
    """Lets the order be heard of anew; returns its exchange."""
    story.connector.ask(order["id"])
    story.go_on()
    return story.exchange()


def test_discard_is_marked_on_the_order_once(common: Story, order: dict[str, Any]) -> None:
    look_again(common, order)
    common.connector.rows("UPDATE exchange SET state = 'ready' WHERE flow = 'discards_to_woo' RETURNING 1")
    common.go_on()

    ((written),) = common.connector.rows(MARKS)
    assert f"orders_to_m3 {order['id']}" in common.mark_of(order)
    assert NUMBER in common.mark_of(order)
    assert written["before"] == {"_m3_discarded": ""}
    assert written["after"] == {"_m3_discarded": common.mark_of(order)}


def test_mark_names_nobody_and_no_reason(common: Story, order: dict[str, Any]) -> None:
    assert "ana" not in common.mark_of(order)
    assert "by hand" not in common.mark_of(order)


def test_lost_ledger_hands_the_order_to_a_person(common: Story, order: dict[str, Any]) -> None:
    common.lose_ledger()

    said = look_again(common, order)

    assert (said["state"], said["reason_code"]) == ("dead_letter", "changed_after_discard")
    assert f"in M3 as {NUMBER}" in said["reason"]
    assert "the mark on the shop's order says so" in said["reason"]
    assert common.orders() == []


def test_found_again_it_is_left_alone_by_a_release_of_all(common: Story, order: dict[str, Any]) -> None:
    common.lose_ledger()
    look_again(common, order)

    with transaction(common.connector.engine) as connection:
        assert dead_letter_ids(connection, store=STORE, reason_code=None) == []


def test_discarded_once_more_it_stays_so(common: Story, order: dict[str, Any]) -> None:
    common.lose_ledger()
    look_again(common, order)
    common.discard()

    same = look_again(common, order)
    common.change(order, customer_note="Ring twice")
    common.go_on()

    assert (same["state"], same["reason_code"]) == ("done", "discarded")
    assert common.exchange()["reason_code"] == "changed_after_discard"
    assert NUMBER in common.mark_of(order)
    assert common.orders() == []


def test_order_that_asks_for_nothing_now_is_told_when_it_asks_again(common: Story, order: dict[str, Any]) -> None:
    common.lose_ledger()
    common.change(order, status="on-hold")
    common.go_on()
    quiet = common.exchange()

    common.change(order, status="processing")
    common.go_on()

    assert (quiet["state"], quiet["reason_code"]) == ("done", "discarded")
    assert common.exchange()["reason_code"] == "changed_after_discard"


@pytest.mark.parametrize("is_lost", [False, True])
def test_released_it_is_posted_once_and_its_mark_goes(common: Story, order: dict[str, Any], is_lost: bool) -> None:
    if is_lost:
        common.lose_ledger()
        look_again(common, order)

    common.release(common.exchange()["id"])
    common.go_on()

    assert common.complaints(order) == []
    assert common.mark_of(order) == ""


def test_release_holds_while_the_shop_still_shows_the_mark(common: Story, order: dict[str, Any]) -> None:
    common.release(common.exchange()["id"])
    common.connector.run(common.exchange()["id"])

    assert common.mark_of(order) != ""
    assert len(common.orders()) == 1


def test_ledger_put_back_by_minutes_asks_the_shop_before_it_posts_a_stored_order(common: Story) -> None:
    common.end_faults()
    common.connector.forget()
    common.sell_in_m3(ITEM, is_sold=False)
    order = common.place()
    common.go_on()
    common.discard()
    common.go_on()
    put_back_to_the_dead_letter(common)
    common.sell_in_m3(ITEM, is_sold=True)
    common.connector.forget()

    common.release(common.exchange()["id"])
    common.go_on()

    assert common.exchange()["reason_code"] == "changed_after_discard"
    assert common.mark_of(order) != ""
    assert common.orders() == []


def put_back_to_the_dead_letter(story: Story) -> None:
    """Leaves the ledger as a dump of when the order was held would, with the body of then, and as M3's row shows it."""
    rows = story.connector.rows
    rows("DELETE FROM discard RETURNING 1")
    newest = "(SELECT min(id) FROM delivery WHERE exchange_id = exchange.id AND body IS NOT NULL)"
    rows(
        f"UPDATE exchange SET state = 'dead_letter', reason_code = 'unmappable', reason = 'x', newest_delivery_id = {newest},"
        " newest_hash = NULL, newest_modified_at = NULL, wanted_rev = 5, done_rev = 0, doubt_rev = 0"
        " WHERE flow = 'orders_to_m3' RETURNING 1"
    )
    rows("UPDATE delivery SET received_at = ledger_now() RETURNING 1")
    rows("UPDATE tenure SET known_since = ledger_now() RETURNING 1")


def test_batch_order_whose_confirm_was_refused_is_not_confirmed_by_a_ledger_put_back(common: Story) -> None:
    common.m3_fault("OIS100MI/Confirm", "nok", code="OI00123")
    order = common.place()
    common.connector.drain()
    assert common.exchange()["reason_code"] == "m3_rejected"
    common.discard()
    common.go_on()
    assert common.mark_of(order) != ""
    common.connector.rows("DELETE FROM discard RETURNING 1")
    common.connector.rows("UPDATE exchange SET state = 'dead_letter' WHERE flow = 'orders_to_m3' RETURNING 1")

    said = look_again(common, order)

    assert said["reason_code"] == "changed_after_discard"
    assert common.sandbox.m3_book()["calls"]["OIS100MI/Confirm"] == 1


def test_mark_of_another_order_does_not_count(common: Story, order: dict[str, Any]) -> None:
    """A plug-in that doubles an order copies its meta rows."""
    copied = common.place(meta_data=[{"key": "_m3_discarded", "value": common.mark_of(order)}])

    common.go_on()

    assert common.complaints(copied) == []


@pytest.mark.parametrize("value", ["{", "[]", '{"orders_to_m3 ID": 7}', '{"orders_to_m3 ID": {"at": "noon"}}'])
def test_mark_that_cannot_be_read_hands_its_order_to_a_person(common: Story, value: str) -> None:
    common.end_faults()
    order = common.place(status="on-hold")
    mark = value.replace("ID", str(order["id"]))

    common.change(order, status="processing", meta_data=[{"key": "_m3_discarded", "value": mark}])
    common.go_on()

    assert common.exchange()["reason_code"] == "changed_after_discard"
    assert common.orders() == []


def test_discard_of_an_order_the_shop_has_deleted_is_done(common: Story, order: dict[str, Any]) -> None:
    common.change(order, action="delete")
    common.go_on()
    common.discard()
    common.go_on()

    said = common.exchange(MARKING)
    assert said["state"] == "done"


def test_mark_whose_answer_was_lost_is_looked_for(common: Story, order: dict[str, Any]) -> None:
    common.change(order, customer_note="Ring twice")
    common.go_on()
    before = common.mark_of(order)
    common.discard()
    faults = {"rules": [{"method": "PUT", "path": f"orders/{order['id']}", "fault": "drop_after_commit", "times": 1}]}
    common.sandbox.post(f"{common.sandbox.shop_url}/_control/faults", faults)
    common.go_on()

    assert common.mark_of(order) not in ("", before)
    assert common.exchange(MARKING)["state"] == "done"


def test_dry_run_of_a_lost_ledger_says_that_it_was_discarded(common: Story, order: dict[str, Any]) -> None:
    common.lose_ledger()
    connector = common.connector

    told = preview_order(connector.engine, connector.process.runtime.store(STORE), order_id=order["id"])

    assert told.transactions == []
    assert told.reason.startswith("Discarded by a person on ")
    assert connector.rows("SELECT 1 FROM discard") == []
