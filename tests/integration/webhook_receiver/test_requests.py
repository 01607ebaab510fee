"""What the receiver answers to requests of every kind: signed, unsigned, wrong, huge, broken."""

from __future__ import annotations

import hashlib
import json

import pytest

from connector.ledger.inbox import KEPT_BODY_BYTES
from tests.integration.webhook_receiver.conftest import Receiver, sign

PATH = "/webhooks/woocommerce/shop1"
DELETED = b'{"id":52}'


def stored(receiver: Receiver) -> int:
    return int(receiver.rows("SELECT count(*) AS n FROM delivery")[0].n)


@pytest.mark.parametrize("signature", ["AAAA", "x", "é", sign(DELETED, "another secret"), sign(DELETED).lower()])
def test_a_wrong_signature_is_401_without_a_hint(receiver: Receiver, signature: str) -> None:
    answer = receiver.deliver(DELETED, X_WC_Webhook_Signature=signature)

    assert (answer.status_code, answer.data) == (401, b"")
    assert "WWW-Authenticate" not in answer.headers
    assert stored(receiver) == 0


@pytest.mark.parametrize("body", [DELETED, b"", b"webhook_id=", b"webhook_id=6&x=1", b"webhook_id=" + b"1" * 2000])
def test_unsigned_and_no_ping_is_401(receiver: Receiver, body: bytes) -> None:
    answer = receiver.client.post(PATH, data=body, content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, answer.data) == (401, b"")
    assert stored(receiver) == 0


def test_an_unsigned_body_over_the_limit_is_413(receiver: Receiver) -> None:
    answer = receiver.client.post(PATH, data=b"x" * (KEPT_BODY_BYTES + 1), content_type="application/json")

    assert answer.status_code == 413


def test_the_ping_is_answered_exactly_200(receiver: Receiver) -> None:
    answer = receiver.client.post(PATH, data=b"webhook_id=6", content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize("store", ["nosuch", "SHOP1", "shop1%00", "x" * 300, "../shop1", "%F0%9F%9B%92"])
def test_an_unknown_store_is_404(receiver: Receiver, store: str) -> None:
    assert receiver.deliver(DELETED, store=store).status_code == 404
    assert stored(receiver) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"null",
        b"[1,2]",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"id":"52"}',
        b'{"id":-1}',
        b'{"id":1e400}',
        b'{"id":' + b"9" * 5000 + b"}",
        b'{"id":true}',
        b'{"a":' * 3000,
        b"[" * 100_000,
        json.dumps({"id": 52, "status": "\x00", "line_items": 7}).encode(),
        b'{"id":52,"id":53}',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_signed_junk_is_200_and_stored_with_a_reason(receiver: Receiver, body: bytes) -> None:
    answer = receiver.deliver(body)

    assert answer.status_code == 200
    (row,) = receiver.rows("SELECT body, note, exchange_id FROM delivery")
    assert bytes(row.body) == body
    assert row.note
    assert row.exchange_id is None or b"52" in body


@pytest.mark.parametrize("topic", ["", "order", "order.exploded", "unknown.created", "order.updated\x0b", "é" * 500])
def test_an_unknown_topic_is_200_and_stored_with_a_reason(receiver: Receiver, topic: str) -> None:
    answer = receiver.deliver(DELETED, X_WC_Webhook_Topic=topic)

    assert answer.status_code == 200
    (row,) = receiver.rows("SELECT note, exchange_id FROM delivery")
    assert row.note or row.exchange_id


def test_a_known_topic_nobody_listens_to_says_so(receiver: Receiver) -> None:
    receiver.deliver(DELETED, X_WC_Webhook_Topic="product.deleted")

    (row,) = receiver.rows("SELECT note, exchange_id, kind, resource_id FROM delivery")
    assert row.note == "Nothing listens to the topic 'product.deleted'; its body was not kept."
    assert (row.exchange_id, row.kind, row.resource_id) == (None, "product", "52")


@pytest.mark.parametrize("body", [b'{"id":52,"billing":{"email":"iva@example.com"}}', b'["iva@example.com"]'])
def test_of_a_topic_nobody_listens_to_only_size_and_hash_are_kept(receiver: Receiver, body: bytes) -> None:
    receiver.deliver(body, X_WC_Webhook_Topic="action.some_plugin_did_something")

    (row,) = receiver.rows("SELECT d.body, d.body_size, d.body_sha256, d::text AS told FROM delivery d")
    assert (row.body, row.body_size, row.body_sha256) == (None, len(body), hashlib.sha256(body).hexdigest())
    assert "iva" not in row.told


def test_a_signed_body_over_the_limit_is_200_and_leaves_its_hash(receiver: Receiver) -> None:
    body = b'{"id":52,"filler":"' + b"x" * KEPT_BODY_BYTES + b'"}'

    answer = receiver.deliver(body)

    assert answer.status_code == 200
    (row,) = receiver.rows("SELECT body, body_size, body_sha256, note FROM delivery")
    assert (row.body, row.body_size, len(row.body_sha256)) == (None, len(body), 64)
    assert str(len(body)) in row.note


def test_an_order_that_lost_its_shape_is_looked_at_again(receiver: Receiver) -> None:
    receiver.deliver(b'{"id":52,"status":[]}')

    (row,) = receiver.rows("SELECT d.note, e.business_key, e.doubt_rev FROM delivery d JOIN exchange e ON true")
    assert row.note
    assert (row.business_key, row.doubt_rev) == ("52", 1)
    assert [one.due for one in receiver.offered] == [True]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_another_method_is_405(receiver: Receiver, method: str) -> None:
    assert receiver.client.open(PATH, method=method).status_code == 405


@pytest.mark.parametrize(
    "path", [PATH + "/", "//webhooks/woocommerce/shop1", "/webhooks//woocommerce/shop1", "/webhooks/woocommerce", "/"]
)
def test_no_address_is_answered_with_a_redirect(receiver: Receiver, path: str) -> None:
    answer = receiver.client.post(path, data=DELETED, headers={"X-WC-Webhook-Signature": sign(DELETED)})

    assert answer.status_code in (200, 404)


def test_control_characters_in_headers_do_not_reach_the_ledger(receiver: Receiver) -> None:
    answer = receiver.deliver(DELETED, X_WC_Webhook_Source="https://shop\x00.example/\x7f", User_Agent="x" * 9000)

    assert answer.status_code == 200
    (row,) = receiver.rows("SELECT headers FROM delivery")
    assert row.headers["X-WC-Webhook-Source"] == "https://shop.example/"
    assert len(row.headers["User-Agent"]) == 300


def test_only_headers_of_the_delivery_are_kept(receiver: Receiver) -> None:
    receiver.deliver(DELETED, Cookie="session=1", Authorization="Basic x", X_Forwarded_For="192.0.2.1")

    (row,) = receiver.rows("SELECT headers FROM delivery")
    assert set(row.headers) == {"Content-Type", "X-WC-Webhook-Topic", "X-WC-Webhook-Signature", "User-Agent"}


def test_readiness_tells_a_lost_broker_from_a_lost_database(receiver: Receiver) -> None:
    assert receiver.client.get("/readyz").json == {"status": "ok", "database": "ok", "broker": "ok"}

    receiver.broker_is_away = True
    answer = receiver.client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["status"] == "degraded"


def test_health_and_metrics_answer(receiver: Receiver) -> None:
    receiver.deliver(DELETED)

    assert receiver.client.get("/healthz").json == {"status": "ok"}
    figures = receiver.client.get("/metrics").text
    assert 'connector_deliveries_total{outcome="queued",store="shop1",topic="order.updated"} 1.0' in figures
    assert 'connector_exchanges_due{pool="orders"} 1.0' in figures
