"""Every recorded delivery about an order, byte for byte through the receiver's intake into the ledger and the order flow."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from connector.flows.registry import flow_for_topic
from connector.ledger.inbox import Recorded, record_delivery
from connector.woocommerce.models import parse_order
from tests.harness import STORE
from tests.integration.flows.story import Story
from webhook_receiver.body import SignedBody
from webhook_receiver.intake import delivery

RECORDED = Path(__file__).parents[2] / "fixtures" / "woocommerce" / "recorded"
PAID = {9: "50.99", 11: "38.50", 12: "38.50", 18: "50.99", 19: "189.75", 22: "38.50"} | {
    **{46: "31.23", 47: "31.23", 48: "22.38", 49: "22.38"}
}
"""Recordings of an order that is paid or completed, with its total."""
NOTHING = {
    **dict.fromkeys((2, 3, 4, 5, 6, 7, 8, 23, 24, 25, 26, 28), "status pending"),
    **dict.fromkeys((13, 44, 51, 52), "status on-hold"),
    **{14: "status cancelled", 16: "status failed", 21: "status refunded", 50: "status checkout-draft"},
    **{27: "the order does not exist", 54: "the order does not exist"},
}
"""Recordings after which M3 has nothing to do (the sandbox shop does not hold these orders), with the reason."""
NO_ORDER = (53,)


def recording(number: int) -> dict[str, Any]:
    (path,) = RECORDED.glob(f"{number:02}-*.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def record(story: Story, number: int) -> Recorded:
    """Stores one recording as the receiver does."""
    recorded = recording(number)
    body = recorded["body_raw"].encode()
    signed = SignedBody(body, len(body), hashlib.sha256(body).hexdigest(), is_genuine=True)
    received = delivery(STORE, Headers(recorded["headers"]), body=signed, flow_for_topic=flow_for_topic)
    return record_delivery(story.connector.engine, received)


def test_every_recording_about_an_order_is_told_of_here() -> None:
    topics = {
        path.name[:2]: json.loads(path.read_text(encoding="utf-8"))["topic"] or "" for path in RECORDED.glob("*.json")
    }
    wanted = {int(number) for number, topic in topics.items() if topic.startswith(("order.", "action."))}

    assert wanted == {*PAID, *NOTHING, *NO_ORDER}


@pytest.mark.parametrize("number", PAID)
def test_a_recorded_paid_order_becomes_one_order_with_its_total(common: Story, number: int) -> None:
    order = parse_order(recording(number)["body_raw"].encode())
    record(common, number)

    common.go_on()

    (held,) = common.orders()
    assert (held["total"], held["cucd"]) == (PAID[number], order.currency)
    assert held["yref"].startswith(f"{STORE}-{order.id}-")
    assert common.batch_orders() == []
    # The refunds a recorded order lists are not in this shop: a person is asked about them.
    states = common.connector.rows("SELECT DISTINCT state FROM exchange WHERE flow <> 'refunds_to_m3'")
    assert [row["state"] for row in states] == ["done"]


@pytest.mark.parametrize("number", NOTHING)
def test_a_recorded_order_that_is_not_paid_says_why_nothing_is_done(common: Story, number: int) -> None:
    record(common, number)

    common.go_on()

    exchange = common.exchange()
    assert exchange["state"] == "done"
    assert exchange["reason"].startswith(NOTHING[number])
    assert (common.orders(), common.batch_orders()) == ([], [])


def test_the_recorded_error_object_is_kept_and_makes_nothing_due(common: Story) -> None:
    recorded = record(common, NO_ORDER[0])

    assert (recorded.exchange_id, recorded.due) == (None, False)
    (kept,) = common.connector.rows("SELECT body, note FROM delivery")
    assert bytes(kept["body"]) == recording(NO_ORDER[0])["body_raw"].encode()
    assert kept["note"]


def outcome(story: Story, numbers: list[int]) -> tuple[list[str], list[tuple[str, str]]]:
    """Records all, runs what is due, and returns totals in M3 and how each order's exchange ended."""
    for number in numbers:
        record(story, number)
    story.go_on()
    statement = "SELECT business_key, reason FROM exchange WHERE flow = 'orders_to_m3' ORDER BY business_key"
    ends = [(row["business_key"], row["reason"].split(" as ")[0]) for row in story.connector.rows(statement)]
    return sorted(f"{one['yref'].split('-')[1]} {one['total']}" for one in story.orders()), ends


@pytest.mark.parametrize("order", ["reversed", "twice"])
def test_order_and_number_of_deliveries_do_not_matter(common: Story, order: str) -> None:
    numbers = sorted({*PAID, *NOTHING} - {27, 54})
    expected = outcome(common, numbers)
    common.start_anew()

    found = outcome(common, numbers[::-1] if order == "reversed" else [one for one in numbers for _ in range(2)])

    assert found == expected
    assert "52 38.50" in expected[0]
