"""What each status of the shop does in M3 is the store's to say; one that nobody named is shown, never passed over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from connector.ledger.people import discard
from connector.ledger.session import transaction
from connector.woocommerce.canonical import canonical_json
from connector.woocommerce.client import RawResource, WooClient
from tests.integration.flows.order_changes.desk import Desk
from tests.integration.flows.story import Story, quick_store


@contextmanager
def shop_says(status: str) -> Iterator[None]:
    """Lets the shop have its orders in a status of a plug-in."""
    real = WooClient.get_order

    def other(shop: WooClient, order_id: int) -> RawResource:
        data = {**real(shop, order_id).data, "status": status}
        return RawResource(canonical_json(data), data)

    with patch.object(WooClient, "get_order", other):
        yield


def statuses(**named: str) -> str:
    """Returns a store file with other statuses, or others for them."""
    lines = "".join(f"\n    {status}: {action}" for status, action in named.items())
    content = quick_store(guests="common")
    for status in named:
        content = "\n".join(line for line in content.splitlines() if not line.startswith(f"    {status}:"))
    return content.replace("\n    processing: confirm", f"\n    processing: confirm{lines}", 1)


def ask(story: Story, order: dict[str, Any]) -> dict[str, Any]:
    story.connector.ask(order["id"])
    story.go_on()
    return story.exchange()


def settle(story: Story) -> None:
    with transaction(story.connector.engine) as connection:
        discard(connection, story.exchange()["id"], who="test", why="it may wait")


def test_order_in_a_status_nobody_named_waits_for_a_person_with_the_line_to_write(common: Story) -> None:
    with shop_says("packing"):
        order = common.place()
        held = ask(common, order)
        common.connector.configure(statuses(packing="confirm"))  # which makes what was unmappable due again
        common.go_on()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "unmappable")
    assert "Name packing under orders.statuses" in held["resolution"]
    assert common.exchange()["reason"].startswith("posted as")


def test_posted_order_in_a_status_nobody_named_stays_as_it_is_and_is_shown(common: Story) -> None:
    desk = Desk(common)
    with shop_says("packing"):
        held = ask(common, desk.order)
        settle(common)
        again = ask(common, desk.order)

    assert (held["state"], held["reason_code"]) == ("dead_letter", "unmappable")
    assert again["state"] == "done"
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]


def test_second_status_nobody_named_is_shown_again(common: Story) -> None:
    desk = Desk(common)
    with shop_says("packing"):
        ask(common, desk.order)
        settle(common)

    with shop_says("wrapped"):
        assert ask(common, desk.order)["state"] == "dead_letter"


def test_status_that_progress_in_m3_leads_to_is_known(common: Story) -> None:
    content = quick_store(guests="common")
    begin, end = content.index("  progress:"), content.index("\nmoney:")
    progress = "{statuses: {delivered: shipped}, forwards: [processing, shipped]}"
    common.connector.configure(f"{content[:begin]}  progress: {progress}\n{content[end:]}")
    desk = Desk(common)

    with shop_says("shipped"):
        assert ask(common, desk.order)["state"] == "done"


@pytest.mark.parametrize("status", ["on-hold", "refunded", "failed"])
def test_status_the_store_lets_close_closes(common: Story, status: str) -> None:
    common.connector.configure(statuses(**{status: "close"}))
    desk = Desk(common)

    with shop_says(status):
        ask(common, desk.order)

    assert desk.held["lines"] == []


@pytest.mark.parametrize("status", ["cancelled", "failed", "trash"])
def test_status_the_store_lets_do_nothing_does_nothing(common: Story, status: str) -> None:
    common.connector.configure(statuses(**{status: "none"}))
    desk = Desk(common)

    with shop_says(status):
        ask(common, desk.order)

    assert desk.shop_and_m3_differ() == []


def test_trashed_order_that_is_restored_is_the_same_order_again(common: Story) -> None:
    desk = Desk(common)
    number = desk.held["orno"]
    common.change(desk.order, action="trash")
    common.go_on()
    assert desk.is_closed() == []

    common.change(desk.order, action="restore")
    common.go_on()

    assert desk.held["orno"] == number
    assert desk.shop_and_m3_differ() == []


@pytest.mark.parametrize("status", ["pending", "failed"])
def test_order_that_was_not_paid_and_is_after_all_is_one_order(common: Story, status: str) -> None:
    order = common.place(status=status)
    common.go_on()
    before = common.orders()

    common.change(order, status="processing")
    common.go_on()

    assert before == []
    assert common.complaints(order) == []
