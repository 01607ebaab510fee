"""What the client asks of the shop, request by request, and what it makes of recorded answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from connector.errors import (
    InvalidPayloadError,
    OutcomeUnknownError,
    RateLimitedError,
    RemoteUnavailableError,
    WooRejectedError,
)
from connector.woocommerce.client import WooClient
from connector.woocommerce.webhooks import read_resource
from tests.unit.woocommerce.open_gate import OpenGate
from tests.unit.woocommerce.recorded import delivery, exchange

ROOT = "https://shop.example/wp-json/wc/v3"
ORDER = delivery("11-order-updated-pending-to-processing").body


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def client(gate: OpenGate) -> WooClient:
    return WooClient("https://shop.example", "ck_1", "cs_1", gate=gate)


@pytest.fixture
def shop() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def _asked(shop: responses.RequestsMock) -> list[dict[str, str]]:
    return [dict(parse_qsl(urlsplit(str(call.request.url)).query)) for call in shop.calls]


def _sent(shop: responses.RequestsMock) -> Any:
    return json.loads(shop.calls[0].request.body or b"null")


def test_order_comes_as_raw_bytes_and_as_exact_content(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.get(f"{ROOT}/orders/52", body=ORDER)

    order = client.get_order(52)

    assert order.body == ORDER
    assert order.data["line_items"][0]["price"] == Decimal("12.9")
    assert read_resource("order.updated", order.body).is_full


def test_request_says_who_asks_and_carries_the_key(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.get(f"{ROOT}/orders/52", body=ORDER)

    client.get_order(52)

    headers = shop.calls[0].request.headers
    assert headers["User-Agent"] == "woocommerce-m3-connector"
    assert headers["Authorization"] == f"Basic {base64.b64encode(b'ck_1:cs_1').decode()}"


def test_proxy_and_certificates_of_the_environment_are_used(
    shop: responses.RequestsMock, gate: OpenGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/our-authority.pem")
    client = WooClient("https://shop.example", "ck_1", "cs_1", gate=gate)
    shop.get(f"{ROOT}/orders/1", body=ORDER)

    client.get_order(1)

    settings = shop.calls[0].request.req_kwargs
    assert settings["proxies"]["https"] == "http://proxy.example:3128"
    assert settings["verify"] == "/etc/our-authority.pem"


def test_byte_order_mark_of_a_careless_plug_in_is_no_obstacle(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.get(f"{ROOT}/orders/52", body=b"\xef\xbb\xbf" + ORDER)

    assert client.get_order(52).body == ORDER


def test_order_that_is_gone_is_told_by_status_and_code(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.get(f"{ROOT}/orders/999999", status=404, json=exchange("order-get-404")["body"])

    with pytest.raises(WooRejectedError) as caught:
        client.get_order(999999)

    assert (caught.value.status, caught.value.remote_code) == (404, "woocommerce_rest_shop_order_invalid_id")


def test_poll_asks_any_and_trash_with_gmt_stamps_without_z(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.get(f"{ROOT}/orders", json=[], headers={"X-WP-Total": "0"})
    zagreb = timezone(timedelta(hours=1))

    assert list(client.list_orders(modified_after=datetime(2026, 11, 22, 2, 48, 0, 900, tzinfo=zagreb))) == []

    asked = _asked(shop)
    assert [one["status"] for one in asked] == ["any", "trash"]
    for one in asked:
        assert one["modified_after"] == "2026-11-22T01:47:59"
        assert (one["dates_are_gmt"], one["orderby"], one["order"], one["per_page"]) == ("true", "id", "asc", "100")


def test_chosen_ids_are_numbered_in_lists_of_100(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.get(f"{ROOT}/orders", json=[], headers={"X-WP-Total": "0"})

    list(client.list_orders(include=[*range(1, 202), 1], statuses=["any"]))

    lists = [[int(value) for name, value in one.items() if name.startswith("include[")] for one in _asked(shop)]
    assert lists == [list(range(1, 101)), list(range(101, 201)), [201]]
    assert all("include[0]" in one for one in _asked(shop))


@pytest.mark.parametrize(
    ("statuses", "asked"),
    [
        (["processing", "on-hold"], ["processing,on-hold"]),
        (["trash", "processing"], ["trash", "processing"]),
        (["any", "processing"], ["any"]),
    ],
)
def test_statuses_are_asked_in_as_few_listings_as_can_be(
    shop: responses.RequestsMock, client: WooClient, statuses: list[str], asked: list[str]
) -> None:
    shop.get(f"{ROOT}/orders", json=[], headers={"X-WP-Total": "0"})

    list(client.list_orders(statuses=statuses))

    assert [one["status"] for one in _asked(shop)] == asked


def test_listed_order_hashes_like_its_delivery(shop: responses.RequestsMock, client: WooClient) -> None:
    order = json.loads(ORDER) | {"_links": {"self": []}}
    shop.get(f"{ROOT}/orders", json=[order], headers={"X-WP-Total": "1"})

    [listed] = client.list_orders(statuses=["any"])

    assert listed["total"] == order["total"]
    assert read_resource("order.updated", json.dumps(order).encode()).content_hash == (
        read_resource("order.updated", ORDER).content_hash
    )


def test_order_number_is_written_as_meta(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.put(f"{ROOT}/orders/52", body=ORDER)

    order = client.put_order(52, {"meta_data": [{"key": "_m3_order_number", "value": "0010000123"}]})

    assert order["id"] == 52
    assert _sent(shop) == {"meta_data": [{"key": "_m3_order_number", "value": "0010000123"}]}
    assert shop.calls[0].request.headers["Content-Type"] == "application/json"


def test_what_must_not_be_written_is_not_sent(shop: responses.RequestsMock, client: WooClient, gate: OpenGate) -> None:
    with pytest.raises(InvalidPayloadError):
        client.put_order(52, {"total": "1.00"})

    assert (len(shop.calls), gate.outcomes) == (0, [])


@pytest.mark.parametrize("customer_note", [False, True])
def test_note_is_private_unless_it_is_for_the_customer(
    shop: responses.RequestsMock, client: WooClient, customer_note: bool
) -> None:
    shop.post(f"{ROOT}/orders/52/notes", status=201, json={"id": 17, "note": "M3 order 0010000123"})

    assert client.add_note(52, "M3 order 0010000123", customer_note=customer_note)["id"] == 17
    assert _sent(shop) == {"note": "M3 order 0010000123", "customer_note": customer_note}


def test_recorded_notes_are_listed(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.get(f"{ROOT}/orders/52/notes", json=exchange("order-notes")["body"])

    assert [note["id"] for note in client.list_notes(52)][:3] == [17, 16, 6]


def test_webhook_is_made_and_changed(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.post(f"{ROOT}/webhooks", status=201, json={"id": 6})
    shop.put(f"{ROOT}/webhooks/6", json={"id": 6})
    url = "https://connector.example/webhooks/woocommerce/main"

    client.create_webhook(name="connector", topic="order.created", delivery_url=url, secret="long-enough-secret")
    client.update_webhook(6, {"status": "active"})

    assert _sent(shop) == {
        "name": "connector",
        "topic": "order.created",
        "delivery_url": url,
        "secret": "long-enough-secret",
        "status": "active",
    }


def test_webhooks_are_listed_over_all_pages(shop: responses.RequestsMock, client: WooClient) -> None:
    rows = exchange("webhooks-list")["body"]
    shop.get(f"{ROOT}/webhooks", json=rows, headers={"X-WP-Total": "2"})

    assert [(one["id"], one["status"]) for one in client.list_webhooks()] == [(14, "active"), (15, "active")]


def test_system_status_proves_the_key(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.get(f"{ROOT}/system_status", json=exchange("system-status-environment")["body"])

    assert client.get_system_status()["environment"]["version"] == "9.9.5"


def test_429_holds_all_workers_back(shop: responses.RequestsMock, client: WooClient, gate: OpenGate) -> None:
    shop.get(f"{ROOT}/orders/52", status=429, headers={"Retry-After": "9"})

    with pytest.raises(RateLimitedError):
        client.get_order(52)

    assert (gate.held_back_s, gate.outcomes) == ([9.0], ["RateLimitedError"])


@pytest.mark.parametrize("body", [b"[]", b'"done"', b"null", b'{"status":"ok"}'])
def test_answer_that_is_no_resource_is_unknown_for_a_write_and_unusable_for_a_read(
    shop: responses.RequestsMock, client: WooClient, body: bytes
) -> None:
    shop.put(f"{ROOT}/orders/52", body=body)
    shop.get(f"{ROOT}/orders/52", body=body)

    with pytest.raises(OutcomeUnknownError):
        client.put_order(52, {"status": "completed"})
    with pytest.raises(RemoteUnavailableError):
        client.get_order(52)


def test_sick_shop_is_counted_by_the_gate(shop: responses.RequestsMock, client: WooClient, gate: OpenGate) -> None:
    shop.get(f"{ROOT}/orders/52", status=503, body="<html>")
    shop.put(f"{ROOT}/orders/52", status=500, body="<html>")

    with pytest.raises(RemoteUnavailableError):
        client.get_order(52)
    with pytest.raises(OutcomeUnknownError):
        client.put_order(52, {"status": "completed"})

    assert gate.outcomes == ["RemoteUnavailableError", "OutcomeUnknownError"]


def test_bound_of_the_poll_in_utc_is_one_second_earlier(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.get(f"{ROOT}/orders", json=[], headers={"X-WP-Total": "0"})

    list(client.list_orders(modified_after=datetime(2026, 11, 22, tzinfo=UTC), statuses=["any"]))

    assert _asked(shop)[0]["modified_after"] == "2026-11-21T23:59:59"
