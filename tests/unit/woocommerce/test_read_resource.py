"""What a delivery is said to be about, for every recorded one and for anything else a sender may think of."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.woocommerce.webhooks import Resource, read_resource
from tests.unit.woocommerce.recorded import Delivery, delivery, signed_deliveries

NOT_WHOLE = {
    "27-order-deleted-order-trashed": ("order", "deleted", 56, ""),
    "32-customer-deleted": ("customer", "deleted", 5, ""),
    "40-product-deleted-product-trashed": ("product", "deleted", 61, ""),
    "53-order-created-gone-before-delivery": (
        "order",
        "created",
        None,
        "The shop sent an error object instead of the resource: woocommerce_rest_shop_order_invalid_id.",
    ),
    "54-action-woocommerce-order-refunded": ("order", "woocommerce_order_refunded", 97, ""),
}


@pytest.mark.parametrize("one", signed_deliveries(), ids=lambda one: one.name)
def test_recorded_delivery_is_read_as_what_it_is(one: Delivery) -> None:
    read = read_resource(one.topic, one.body)

    if one.name in NOT_WHOLE:
        assert (read.kind, read.event, read.resource_id, read.problem) == NOT_WHOLE[one.name]
        assert (read.is_full, read.modified_at, read.content_hash) == (False, None, None)
        return
    said = json.loads(one.body)
    assert (read.kind, read.event) == tuple(one.topic.split("."))
    assert (read.resource_id, read.is_full, read.problem) == (said["id"], True, "")
    assert read.modified_at == datetime.fromisoformat(said["date_modified_gmt"]).replace(tzinfo=UTC)
    assert read.content_hash is not None
    assert len(read.content_hash) == 64


def test_created_and_updated_with_the_same_body_have_the_same_hash() -> None:
    updated = delivery("48-order-updated-store-api-checkout")
    created = delivery("49-order-created-store-api-checkout")

    assert (
        read_resource(created.topic, created.body).content_hash
        == read_resource(updated.topic, updated.body).content_hash
    )


def test_a_changed_status_changes_the_hash() -> None:
    one = delivery("11-order-updated-pending-to-processing")
    changed = one.body.replace(b'"status":"processing"', b'"status":"completed"')

    assert read_resource(one.topic, one.body).content_hash != read_resource(one.topic, changed).content_hash


def _order_with(**changes: Any) -> bytes:
    order = json.loads(delivery("02-order-created-guest-order").body)
    return json.dumps({**order, **changes}).encode()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"line_items": {}}, "line_items"),
        ({"total": 12.9}, "total"),
        ({"status": None}, "status"),
        ({"date_modified_gmt": None}, "date_modified_gmt"),
        ({"date_modified_gmt": "yesterday"}, "date_modified_gmt"),
        ({"billing": []}, "billing"),
    ],
)
def test_order_of_another_shape_is_looked_at_again_and_says_why(changes: dict[str, Any], named: str) -> None:
    read = read_resource("order.updated", _order_with(**changes))

    assert (read.resource_id, read.is_full, read.content_hash) == (52, False, None)
    assert named in read.problem


@pytest.mark.parametrize("order_id", [None, True, "52", 5.2, -1, 0, 2**63, [], {}, "\x00"])
def test_without_a_usable_id_there_is_nothing_to_look_at(order_id: Any) -> None:
    read = read_resource("order.updated", _order_with(id=order_id))

    assert (read.resource_id, read.is_full) == (None, False)
    assert read.problem


@pytest.mark.parametrize(
    "topic",
    [
        "",
        ".",
        "order",
        "order.",
        "order.refunded",
        "Order.updated",
        "action.",
        "action.woocommerce_x",
        "x" * 9999,
        "\x00\n",
    ],
)
def test_unknown_topic_has_no_kind_and_says_so(topic: str) -> None:
    read = read_resource(topic, delivery("02-order-created-guest-order").body)

    assert (read.kind, read.event, read.resource_id, read.is_full) == ("", "", None, False)
    assert "topic" in read.problem
    assert len(read.problem) < 200


def test_customer_that_was_never_changed_is_whole() -> None:
    customer = json.loads(delivery("29-customer-created").body)
    body = json.dumps({**customer, "date_modified_gmt": None}).encode()

    read = read_resource("customer.created", body)

    assert (read.is_full, read.modified_at, read.problem) == (True, None, "")


def test_action_of_another_hook_than_its_topic_says_is_not_believed() -> None:
    read = read_resource("action.woocommerce_order_refunded", b'{"action":"woocommerce_trash_order","arg":97}')

    assert (read.kind, read.resource_id) == ("order", None)
    assert read.problem


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"9" * 20_000,
        b'{"id":1,"total":1e99999999999999999999}',
        b'{"id":NaN}',
        b'{"id":Infinity}',
        b"[]",
        b"null",
        b'"text"',
        b'{"id":52',
        "{}".encode("utf-16"),
    ],
    ids=lambda body: repr(body[:12]),
)
def test_unreadable_body_is_a_problem_and_no_error(body: bytes) -> None:
    read = read_resource("order.updated", body)

    assert (read.kind, read.resource_id, read.is_full) == ("order", None, False)
    assert read.problem


def test_problem_never_repeats_what_a_person_wrote() -> None:
    body = b'{"code":"<script>ana@example.com","message":"ana@example.com"}'

    assert "ana" not in read_resource("order.updated", body).problem


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "code", "arg", "x"]), inner, max_size=4)
    ),
    max_leaves=10,
)
_topics = st.sampled_from(
    ["order.updated", "product.deleted", "customer.created", "action.woocommerce_order_refunded", "x"]
)


@settings(max_examples=300)
@given(topic=_topics | st.text(max_size=20), body=st.binary(max_size=300))
def test_no_bytes_at_all_raise_an_error(topic: str, body: bytes) -> None:
    assert isinstance(read_resource(topic, body), Resource)


@settings(max_examples=200)
@given(topic=_topics, changes=st.dictionaries(st.sampled_from(["id", "status", "total", "line_items", "x"]), _json))
def test_an_order_with_anything_in_its_fields_raises_no_error(topic: str, changes: dict[str, Any]) -> None:
    read = read_resource(topic, _order_with(**changes))

    assert isinstance(read, Resource)
    assert read.is_full == (read.content_hash is not None)
