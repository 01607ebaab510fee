"""What may be written to the shop, and what is held back before it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from connector.errors import InvalidPayloadError
from connector.woocommerce.checks import Note, OrderChanges, WebhookChanges, checked


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "completed"},
        {"meta_data": [{"key": "_m3_order_number", "value": "0010000123"}]},
        {"meta_data": [{"id": 5, "key": "_m3_order_number", "value": None}]},
    ],
)
def test_status_and_meta_of_an_order_are_sent_as_given(changes: dict[str, Any]) -> None:
    assert checked(OrderChanges, changes, request="An order change") == changes


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, "nothing to write"),
        ({"total": "1.00"}, "total"),
        ({"status": "Nonsense!"}, "status"),
        ({"status": 5}, "status"),
        ({"meta_data": []}, "meta_data"),
        ({"meta_data": [{"key": "x", "value": 12.5}]}, "meta_data.0.value"),
        ({"meta_data": [{"key": "x", "value": True}]}, "meta_data.0.value"),
        ({"meta_data": [{"key": "", "value": "x"}]}, "meta_data.0.key"),
    ],
)
def test_anything_else_on_an_order_is_held_back_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidPayloadError, match=named):
        checked(OrderChanges, changes, request="An order change")


def test_empty_note_is_held_back() -> None:
    with pytest.raises(InvalidPayloadError, match="note is empty"):
        checked(Note, {"note": " \n"}, request="An order note")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"topic": "order.refunded"}, "topic"),
        ({"delivery_url": "ftp://shop.example/x"}, "delivery_url"),
        ({"delivery_url": "https://user:word@shop.example/x"}, "delivery_url"),
        ({"secret": ""}, "secret"),
        ({"secret": "0"}, "secret"),
        ({"status": "off"}, "status"),
    ],
)
def test_webhook_the_shop_would_take_but_not_serve_is_held_back(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidPayloadError, match=named) as caught:
        checked(WebhookChanges, changes, request="A webhook")

    assert "user:word" not in str(caught.value)


@pytest.mark.parametrize("topic", ["order.created", "product.restored", "action.woocommerce_order_refunded"])
def test_topics_the_shop_knows_are_sent(topic: str) -> None:
    assert checked(WebhookChanges, {"topic": topic}, request="A webhook") == {"topic": topic}
