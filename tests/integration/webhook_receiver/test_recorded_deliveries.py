"""Every delivery recorded from a running shop, replayed byte for byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.integration.webhook_receiver.conftest import Receiver, recording

RECORDED = sorted((Path(__file__).parents[2] / "fixtures" / "woocommerce" / "recorded").glob("*.json"))
SIGNED = [path for path in RECORDED if json.loads(path.read_text(encoding="utf-8"))["topic"]]


def send(receiver: Receiver, delivery: dict[str, object]) -> int:
    headers = delivery["headers"]
    assert isinstance(headers, dict)
    answer = receiver.client.post(
        "/webhooks/woocommerce/shop1", data=str(delivery["body_raw"]).encode(), headers=list(headers.items())
    )
    return answer.status_code


def test_there_are_recordings() -> None:
    assert len(SIGNED) >= 53


@pytest.mark.parametrize("path", SIGNED, ids=lambda path: path.stem)
def test_a_recorded_delivery_is_answered_200_and_stored_as_received(receiver: Receiver, path: Path) -> None:
    delivery = json.loads(path.read_text(encoding="utf-8"))

    assert send(receiver, delivery) == 200

    (row,) = receiver.rows("SELECT * FROM delivery")
    body = delivery["body_raw"].encode()
    wants_flow = delivery["topic"].split(".")[0] in ("order", "customer", "action")
    if wants_flow:
        assert bytes(row.body) == body
    else:  # nobody listens here
        assert (row.body, row.body_size, row.body_sha256) == (None, len(body), hashlib.sha256(body).hexdigest())
    assert row.topic == delivery["topic"]
    assert row.headers["X-WC-Webhook-Delivery-ID"] == delivery["headers"]["X-WC-Webhook-Delivery-ID"]
    assert (row.exchange_id is not None) == (wants_flow and row.resource_id is not None)


def test_the_recorded_ping_is_answered_200_and_leaves_nothing(receiver: Receiver, recordings: Path) -> None:
    assert send(receiver, recording(recordings, 1)) == 200

    assert receiver.rows("SELECT * FROM delivery") == []
    assert receiver.offered == []


def test_an_error_object_is_stored_with_the_reason_and_without_an_exchange(
    receiver: Receiver, recordings: Path
) -> None:
    assert send(receiver, recording(recordings, 53)) == 200

    (row,) = receiver.rows("SELECT note, exchange_id FROM delivery")
    assert "woocommerce_rest_shop_order_invalid_id" in row.note
    assert row.exchange_id is None


def test_all_recordings_in_one_ledger_make_one_exchange_per_resource(receiver: Receiver) -> None:
    statuses = {send(receiver, json.loads(path.read_text(encoding="utf-8"))) for path in SIGNED}

    assert statuses == {200}
    assert receiver.rows("SELECT count(*) AS n FROM delivery")[0].n == len(SIGNED)
    doubles = receiver.rows("SELECT flow, business_key FROM exchange GROUP BY 1, 2 HAVING count(*) > 1")
    assert doubles == []


def test_deliveries_that_share_a_delivery_id_are_all_kept(receiver: Receiver, recordings: Path) -> None:
    for number in (37, 38, 39):
        send(receiver, recording(recordings, number))

    rows = receiver.rows("SELECT headers->>'X-WC-Webhook-Delivery-ID' AS id, resource_id FROM delivery")
    assert len({row.id for row in rows}) == 1
    assert len({row.resource_id for row in rows}) == 3


def test_the_same_content_twice_makes_one_revision(receiver: Receiver, recordings: Path) -> None:
    send(receiver, recording(recordings, 2))
    send(receiver, recording(recordings, 3))

    (exchange,) = receiver.rows("SELECT wanted_rev FROM exchange")
    assert exchange.wanted_rev == 1
    assert [one.due for one in receiver.offered] == [True, False]
