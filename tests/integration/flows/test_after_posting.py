"""What happens to an order after it was posted or while it waits unconfirmed: edits, cancellations, echoes."""

from __future__ import annotations

import pytest

from connector.flows.polling import poll_changed
from connector.ledger.session import transaction
from connector.ledger.story import SideRow, tell_story
from tests.harness import STORE
from tests.integration.flows.story import Story, quick_store
from workers.jobs import run_turn


@pytest.fixture
def by_hand(common: Story) -> Story:
    """A store where changes after posting are always a person's."""
    common.connector.configure(quick_store(guests="common").replace("changes: apply", "changes: person"))
    return common


def posted(story: Story) -> dict[str, object]:
    order = story.place()
    story.go_on()
    assert story.complaints(order) == []
    return order


def test_edit_after_posting_waits_for_a_person_who_is_shown_both_sides(by_hand: Story) -> None:
    order = posted(by_hand)
    by_hand.change(order, customer_note="Leave it at the door")

    by_hand.go_on()

    exchange = by_hand.exchange()
    assert exchange["state"] == "dead_letter"
    (audit,) = by_hand.connector.rows("SELECT before, after FROM audit WHERE action = 'changed after posting'")
    with transaction(by_hand.connector.engine) as connection:
        story = tell_story(connection, exchange["id"])
    assert story is not None
    assert story.sides == (SideRow("order.customer_note", "", "Leave it at the door"),)
    assert audit["after"]["order.customer_note"] == "(personal)"
    assert "Leave it at the door" not in exchange["reason"]


def test_edit_taken_back_again_ends_done_without_a_word_to_m3(by_hand: Story) -> None:
    order = posted(by_hand)
    by_hand.change(order, customer_note="Leave it at the door")
    by_hand.go_on()
    before = by_hand.sandbox.m3_book()["http_calls"]
    by_hand.change(order, customer_note="")

    by_hand.go_on()

    assert by_hand.exchange()["state"] == "done"
    assert by_hand.sandbox.m3_book()["http_calls"] == before


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_cancellation_after_posting_waits_for_a_person(by_hand: Story, status: str) -> None:
    order = posted(by_hand)
    by_hand.change(order, status=status)

    by_hand.go_on()

    exchange = by_hand.exchange()
    assert exchange["state"] == "dead_letter"
    assert by_hand.orders()[0]["orno"] in exchange["resolution"]
    assert len(by_hand.orders()) == 1


def test_status_completed_after_posting_changes_nothing(common: Story) -> None:
    order = posted(common)
    common.change(order, status="completed")

    common.go_on()

    assert common.complaints(order) == []


def test_echo_of_our_own_write_back_costs_no_call_to_m3(common: Story) -> None:
    order = common.place()
    poll_changed(common.connector.engine, common.connector.process.runtime.store(STORE))
    common.go_on()
    before = common.sandbox.m3_book()["http_calls"]

    messages = common.connector.poll()
    common.go_on()

    assert len(messages) == 1
    assert common.sandbox.m3_book()["http_calls"] == before
    assert common.complaints(order) == []


def test_new_line_in_the_mapping_is_no_change_of_the_orders_posted_before(common: Story) -> None:
    order = posted(common)
    common.connector.rows("UPDATE document SET plan = plan #- '{content,order.payment_method}' RETURNING id")
    common.change(order, status="completed")

    common.go_on()

    assert common.exchange()["state"] == "done"


def hold(common: Story) -> dict[str, object]:
    common.connector.configure(quick_store(guests="common", **{"on-hold": "batch"}))
    order = common.place(status="on-hold")
    common.go_on()
    return order


def test_order_on_hold_becomes_an_unconfirmed_batch_order(common: Story) -> None:
    hold(common)

    assert len(common.batch_orders()) == 1
    assert common.orders() == []
    assert common.exchange()["state"] == "done"


def test_order_on_hold_that_is_paid_becomes_one_order(common: Story) -> None:
    order = hold(common)
    common.change(order, status="processing")

    common.go_on()

    assert common.complaints(order) == []


def test_order_on_hold_that_is_cancelled_leaves_nothing_in_m3(common: Story) -> None:
    order = hold(common)
    common.change(order, status="cancelled")

    common.go_on()

    assert (common.orders(), common.batch_orders()) == ([], [])


def test_batch_order_on_hold_that_a_person_released_is_that_order(common: Story) -> None:
    order = hold(common)
    (temporary,) = common.batch_orders()
    common.sandbox.post(f"{common.sandbox.m3_url}/_control/batch_orders/{temporary}/release", {})
    common.change(order, status="processing")

    common.go_on()

    assert common.complaints(order) == []


def test_order_whose_old_documents_were_purged_goes_on_with_its_line_numbers(common: Story) -> None:
    common.connector.configure(quick_store(guests="common", **{"on-hold": "batch"}))
    order = common.place(payment_method="bacs", status="on-hold")
    common.go_on()
    order = common.change(order, status="cancelled")
    common.go_on()
    common.connector.pass_time(181 * 24 * 3600)
    run_turn(common.connector.process, "purge")
    assert common.connector.rows("SELECT 1 FROM document WHERE kind = 'batch_order'") == []

    common.change(order, status="processing")
    common.go_on()

    assert common.exchange()["state"] == "done"
    assert [line["cupo"] for line in common.orders()[0]["lines"]] == ["1", "2"]
