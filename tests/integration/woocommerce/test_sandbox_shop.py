"""The client against the sandbox shop over HTTP with OAuth: the way a plain-http test shop is used."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import requests

from connector.errors import ConfigurationError, WooRejectedError
from connector.woocommerce.client import WooClient
from connector.woocommerce.instants import read_instant
from connector.woocommerce.models import parse_order
from connector.woocommerce.webhooks import read_resource
from sandbox.serving import SandboxServer
from sandbox.shop.app import create_app
from tests.unit.woocommerce.open_gate import OpenGate


@dataclass(frozen=True)
class Shop:
    url: str

    def client(self, key: str = "ck_sandbox", secret: str = "cs_sandbox") -> WooClient:
        return WooClient(self.url, key, secret, gate=OpenGate(), allow_plain_http=True)

    def place_orders(self, count: int) -> list[int]:
        return [self.place_order() for _ in range(count)]

    def place_order(self) -> int:
        answer = requests.post(f"{self.url}/_control/orders", json={"deliver": "never"}, timeout=60)
        answer.raise_for_status()
        return int(answer.json()["id"])

    def trash(self, order_id: int) -> None:
        url = f"{self.url}/_control/orders/{order_id}"
        requests.post(url, json={"action": "trash"}, timeout=60).raise_for_status()


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    app = create_app(seed=7)
    server = SandboxServer(app, 0)
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    yield Shop(server.url)
    server.shutdown()
    server.server_close()
    thread.join(60)
    app.extensions["dispatcher"].close()


def test_all_orders_are_paged_and_the_trashed_one_with_them(shop: Shop) -> None:
    placed = shop.place_orders(205)
    shop.trash(placed[3])

    listed = list(shop.client().list_orders())

    assert {order["id"] for order in listed} >= set(placed)
    assert len({order["id"] for order in listed}) == len(listed)
    assert [order["id"] for order in listed if order["status"] == "trash"] == [placed[3]]


def test_order_trashed_while_the_list_is_read_hides_no_other(shop: Shop) -> None:
    placed = shop.place_orders(110)
    rows = shop.client().list_orders(statuses=["any"])
    seen = {next(rows)["id"]}

    shop.trash(placed[0])
    seen |= {row["id"] for row in rows}

    assert seen >= set(placed[1:])


def test_poll_finds_what_was_changed_at_its_bound_and_nothing_older(shop: Shop) -> None:
    order_id = shop.place_order()
    client = shop.client()
    changed_at = read_instant(client.get_order(order_id).data["date_modified_gmt"])

    found = [order["id"] for order in client.list_orders(modified_after=changed_at)]

    assert order_id in found
    assert list(client.list_orders(modified_after=changed_at + timedelta(hours=1))) == []


def test_chosen_orders_are_listed_under_an_oauth_signature(shop: Shop) -> None:
    placed = shop.place_orders(3)

    listed = [order["id"] for order in shop.client().list_orders(include=[placed[2], placed[0]], statuses=["any"])]

    assert listed == [placed[0], placed[2]]


def test_order_is_read_number_and_note_are_written_back(shop: Shop) -> None:
    order_id, client = shop.place_order(), shop.client()
    raw = client.get_order(order_id)

    client.put_order(order_id, {"meta_data": [{"key": "_m3_order_number", "value": "0010000123"}]})
    note = client.add_note(order_id, "M3 order 0010000123 – čekić")

    assert read_resource("order.updated", raw.body).is_full
    assert parse_order(client.get_order(order_id).data).meta("_m3_order_number") == "0010000123"
    assert note["id"] in {one["id"] for one in client.list_notes(order_id)}
    assert note["note"] == "M3 order 0010000123 – čekić"


def test_webhook_is_made_and_changed(shop: Shop) -> None:
    client = shop.client()
    url = f"{shop.url}/nobody"

    made = client.create_webhook(name="connector", topic="order.updated", delivery_url=url, secret="a-long-secret")
    client.update_webhook(made["id"], {"status": "paused"})

    assert {one["id"]: one["status"] for one in client.list_webhooks()}[made["id"]] == "paused"


def test_system_status_tells_the_version(shop: Shop) -> None:
    assert shop.client().get_system_status()["environment"]["version"]


def test_unknown_order_is_a_404_with_the_shops_code(shop: Shop) -> None:
    with pytest.raises(WooRejectedError) as caught:
        shop.client().get_order(99999999)

    assert (caught.value.status, caught.value.remote_code) == (404, "woocommerce_rest_shop_order_invalid_id")


@pytest.mark.parametrize(
    ("key", "secret", "advice"),
    [("ck_sandbox", "cs_wrong", "another address"), ("ck_unknown", "cs_sandbox", "revoked")],
)
def test_wrong_key_pauses_the_store_with_advice(shop: Shop, key: str, secret: str, advice: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        shop.client(key, secret).get_system_status()

    assert advice in caught.value.resolution


def test_reading_key_that_writes_is_told_what_to_change(shop: Shop) -> None:
    client = shop.client("ck_readonly", "cs_readonly")

    with pytest.raises(ConfigurationError) as caught:
        client.put_order(shop.place_order(), {"status": "completed"})

    assert "Read/Write" in caught.value.resolution
