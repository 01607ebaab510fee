"""Deliveries twice, late, out of order, out of date, equal in date: the newest truth decides, and costs no second order."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from connector.ledger.inbox import Received, Recorded, record_delivery
from connector.ledger.settling import Settlement
from connector.ledger.tables import State
from connector.woocommerce.webhooks import read_resource
from tests.harness import STORE
from tests.integration.flows.story import Story


def tell(story: Story, order: dict[str, Any], *, topic: str = "order.updated") -> Recorded:
    """Records an order as a webhook would bring it."""
    body = json.dumps(order).encode()
    resource = read_resource(topic, body)
    return record_delivery(
        story.connector.engine,
        Received(
            store=STORE,
            source="webhook",
            topic=topic,
            kind="order",
            resource_id=str(order["id"]),
            flow="orders_to_m3",
            business_key=str(order["id"]),
            pool="orders",
            body=body,
            body_size=len(body),
            body_sha256=hashlib.sha256(body).hexdigest(),
            is_full=resource.is_full,
            content_hash=resource.content_hash,
            modified_at=resource.modified_at,
        ),
    )


def wanted(story: Story) -> int:
    return int(story.exchange()["wanted_rev"])


def placed(story: Story) -> dict[str, Any]:
    return story.sandbox.place(kind="guest", lines=[{"sku": "MUG-001", "quantity": 1}], billing=BUYER)


BUYER = {"first_name": "Iva", "email": "iva@example.com", "address_1": "Ilica 1", "city": "Zagreb", "country": "HR"}


def test_same_delivery_three_times_makes_one_revision_and_one_order(common: Story) -> None:
    order = placed(common)
    recorded = [tell(common, order) for _ in range(3)]

    common.go_on()

    assert [one.due for one in recorded] == [True, False, False]
    assert len(common.orders()) == 1
    assert common.sandbox.m3_book()["calls"]["OIS100MI/AddBatchHead"] == 1


def test_older_body_that_comes_late_does_not_undo_the_newer_one(common: Story) -> None:
    order = placed(common)
    older = {**order, "status": "cancelled", "date_modified_gmt": "2020-01-01T00:00:00"}
    tell(common, order)
    tell(common, older)

    common.go_on()

    assert len(common.orders()) == 1
    assert common.exchange()["reason"].startswith("posted as")


def test_content_that_goes_from_a_to_b_and_back_is_looked_at_each_time(common: Story) -> None:
    order = placed(common)
    other = {**order, "customer_note": "second thoughts", "date_modified_gmt": "2099-01-01T00:00:00"}
    again = {**order, "date_modified_gmt": "2099-01-01T00:00:01"}
    for one in (order, other, again):
        tell(common, one)

    assert wanted(common) == 3
    common.go_on()
    (held,) = common.orders()
    assert "second thoughts" not in str(held["texts"])


def test_edit_taken_back_after_posting_is_not_mistaken_for_the_first(common: Story) -> None:
    order = placed(common)
    tell(common, order)
    common.go_on()
    tell(common, {**order, "customer_note": "second thoughts", "date_modified_gmt": "2099-01-01T00:00:00"})
    common.go_on()
    assert "second thoughts" in changed_texts(common)

    tell(common, {**order, "date_modified_gmt": "2099-01-01T00:00:01"})
    common.go_on()

    assert common.exchange()["state"] == "done"
    assert "second thoughts" not in changed_texts(common)


def changed_texts(common: Story) -> str:
    """Returns what M3 shows of the notes written after posting."""
    return str(common.orders()[0]["text_blocks"])


def test_two_bodies_of_the_same_second_make_the_connector_ask_the_shop(common: Story) -> None:
    order = placed(common)
    tell(common, {**order, "status": "cancelled"})
    tell(common, {**order, "status": "pending"})

    common.go_on()  # the shop itself says that it is paid

    assert [one["total"] for one in common.orders()] == [order["total"]]


def test_body_older_than_ten_minutes_is_not_believed(common: Story) -> None:
    order = placed(common)
    tell(common, {**order, "status": "pending"})
    common.connector.pass_time(601)

    common.go_on()

    assert len(common.orders()) == 1


def test_word_without_a_body_makes_the_connector_ask_the_shop(common: Story) -> None:
    order = placed(common)
    tell(common, {**order, "status": "pending", "date_modified_gmt": "2099-01-01T00:00:00"})
    tell(common, {"id": order["id"]}, topic="order.deleted")

    common.go_on()

    assert len(common.orders()) == 1


def test_news_during_a_run_make_the_exchange_due_again(common: Story) -> None:
    order = placed(common)
    tell(common, order)
    claimed = common.connector.claim_only(common.exchange()["id"])
    changed = common.sandbox.post(
        f"{common.sandbox.shop_url}/_control/orders/{order['id']}", {"deliver": "never", "customer_note": "ring twice"}
    )
    recorded = tell(common, changed)
    claimed.settle(Settlement(state=State.DONE, reason="looked at before the news"))

    assert recorded.due is False
    assert common.exchange()["state"] == "ready"
    common.go_on()
    assert "ring twice" in str(common.orders()[0]["texts"])
