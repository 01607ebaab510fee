"""Webhook deliveries of the sandbox: the request, what triggers what, failures, the ping."""

import base64
import hashlib
import hmac
import json
import re
from typing import Any

import pytest

from tests.integration.sandbox_shop.conftest import Receiver, RunningShop
from tests.integration.sandbox_shop.recorded_shop import FIXTURES, moment

ORDER_TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored", "product.updated")
CART = {"line_items": [{"product_id": 10, "quantity": 2}], "payment_method": "bacs"}


def recorded_delivery(number: str) -> Any:
    (path,) = (FIXTURES / "recorded").glob(f"{number}-*.json")
    return json.loads(path.read_text(encoding="utf-8"))


def create(shop: RunningShop, **more: Any) -> int:
    answer = shop.call("POST", "orders", json={**CART, **more})
    assert answer.status_code == 201
    return int(answer.json()["id"])


def cart_of(body: dict[str, Any]) -> dict[str, Any]:
    """What a client must have sent to get a recorded order."""
    lines = [
        {"product_id": line["product_id"], "variation_id": line["variation_id"], "quantity": line["quantity"]}
        for line in body["line_items"]
    ]
    names = ("currency", "customer_id", "billing", "shipping", "payment_method", "payment_method_title")
    return {
        **{name: body[name] for name in (*names, "customer_note")},
        "line_items": lines,
        "shipping_lines": [
            {k: line[k] for k in ("method_id", "method_title", "total")} for line in body["shipping_lines"]
        ],
        "fee_lines": [{k: fee[k] for k in ("name", "total", "tax_status")} for fee in body["fee_lines"]],
        "coupon_lines": [{"code": coupon["code"]} for coupon in body["coupon_lines"]],
    }


def without_hidden_ids(text: str) -> str:
    """Leave out the order key and meta ids, which the real shop draws at random or from hidden entries."""
    return re.sub(r'wc_order_\w{13}|"id":\d+,"key"', "", text)


@pytest.mark.parametrize("number", ["02", "04", "05", "06", "07", "08"])
def test_same_cart_gives_the_recorded_delivery(shop: RunningShop, receiver: Receiver, number: str) -> None:
    shop.listen(receiver, "order.created")
    wanted = recorded_delivery(number)
    body = json.loads(wanted["body_raw"])
    created = moment(body["date_created_gmt"])
    assert created
    with shop.shop.lock:
        shop.shop.clock = lambda: created
        shop.shop.settings.home_url = "http://127.0.0.1:8089"
        shop.shop.counters.post, shop.shop.counters.item = body["id"] - 1, body["line_items"][0]["id"] - 1

    shop.call("POST", "orders", json=cart_of(body))
    shop.flush()

    ((headers, raw),) = receiver.seen
    assert without_hidden_ids(raw.decode("ascii")) == without_hidden_ids(wanted["body_raw"])
    changing = {"Host", "Content-Length", "X-WC-Webhook-Signature", "X-WC-Webhook-ID", "X-WC-Webhook-Delivery-ID"}
    assert {k: v for k, v in headers.items() if k not in changing} == {
        k: v for k, v in wanted["headers"].items() if k not in changing
    }
    assert set(headers) == set(wanted["headers"])


def test_signature_is_over_the_raw_body(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, "order.created", secret="šifra & <tajna> ")

    create(shop, customer_note="Čaj 🎁 a/b")
    shop.flush()

    headers, raw = receiver.seen[0]
    digest = hmac.new("šifra & <tajna> ".encode(), raw, hashlib.sha256).digest()
    assert headers["X-WC-Webhook-Signature"] == base64.b64encode(digest).decode()
    assert b"\\ud83c\\udf81 a\\/b" in raw


def test_delivery_id_repeats_within_a_second(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, "product.updated")
    now = shop.shop.clock()
    shop.shop.clock = lambda: now

    shop.call("POST", "products/batch", json={"update": [{"id": i, "stock_quantity": 5} for i in (22, 23, 24)]})
    shop.flush()

    assert len(receiver.seen) == 3
    assert len({headers["X-WC-Webhook-Delivery-ID"] for headers, _ in receiver.seen}) == 1


def test_ping_is_sent_inside_the_create_call_unsigned(shop: RunningShop, receiver: Receiver) -> None:
    answer = shop.call("POST", "webhooks", json={"topic": "order.created", "delivery_url": receiver.url})

    ((headers, body),) = receiver.seen
    assert answer.status_code == 201
    assert not {"secret", "failure_count"} & set(answer.json())
    assert body == f"webhook_id={answer.json()['id']}".encode()
    assert headers.keys() == recorded_delivery("01")["headers"].keys()
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_unanswered_ping_comes_again_after_every_delivery(shop: RunningShop, receiver: Receiver) -> None:
    receiver.answers = [204]
    shop.listen(receiver, "order.created")

    create(shop)
    shop.flush()
    receiver.answers = [200]
    create(shop)
    shop.flush()
    create(shop)
    shop.flush()

    assert receiver.topics() == ["order.created", "ping", "order.created", "ping", "order.created"]


def test_body_is_built_when_sent_and_one_delivery_waits_per_order(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, *ORDER_TOPICS)
    shop.control("settings", dispatch="paused")
    order_id = create(shop)
    shop.call("PUT", f"orders/{order_id}", json={"status": "failed"})
    shop.call("PUT", f"orders/{order_id}", json={"customer_note": "last"})

    shop.control("dispatch")

    assert receiver.topics() == ["order.created", "order.updated"]
    bodies = [json.loads(body) for _, body in receiver.seen]
    assert [(b["status"], b["customer_note"]) for b in bodies] == [("failed", "last")] * 2


def test_order_gone_before_delivery_gives_a_signed_error_object(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, "order.created")
    shop.control("settings", dispatch="paused")
    order_id = create(shop)
    shop.call("DELETE", f"orders/{order_id}", params={"force": "true"})

    shop.control("dispatch")

    headers, body = receiver.seen[0]
    assert body.decode() == recorded_delivery("53")["body_raw"]
    assert "X-WC-Webhook-Signature" in headers


def after(shop: RunningShop, receiver: Receiver, method: str, path: str, **body: Any) -> list[str]:
    receiver.seen.clear()
    shop.call(method, path, json=body)
    shop.flush()
    return receiver.topics()


def test_each_change_triggers_the_recorded_deliveries(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, *ORDER_TOPICS)
    order = f"orders/{create(shop)}"
    shop.flush()

    assert after(shop, receiver, "POST", "orders", **CART) == ["order.created", "order.updated"]
    paid = after(shop, receiver, "POST", "orders", **CART, set_paid=True)
    assert paid == ["order.created", "order.updated", "product.updated"]
    assert after(shop, receiver, "PUT", order, status="on-hold") == ["order.updated", "product.updated"]
    assert after(shop, receiver, "PUT", order, status="cancelled") == ["order.updated", "product.updated"]
    assert after(shop, receiver, "PUT", order) == ["order.updated"]
    assert after(shop, receiver, "POST", f"{order}/notes", note="seen") == []
    refund = {"amount": "1.00", "api_refund": False}
    assert after(shop, receiver, "POST", f"{order}/refunds", **refund) == ["order.updated"]
    assert after(shop, receiver, "DELETE", order) == ["order.deleted"]
    assert receiver.seen[0][1] == b'{"id":%d}' % int(order.split("/")[1])
    assert after(shop, receiver, "PUT", order, status="processing") == ["product.updated"]
    assert after(shop, receiver, "DELETE", f"{order}?force=true") == []


def test_restored_order_comes_back_with_its_status(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, *ORDER_TOPICS)
    order_id = create(shop)
    shop.call("DELETE", f"orders/{order_id}")
    shop.flush()
    receiver.seen.clear()

    shop.control(f"orders/{order_id}", action="restore")
    shop.flush()

    assert receiver.topics() == ["order.restored"]
    assert json.loads(receiver.seen[0][1])["status"] == "pending"


@pytest.mark.parametrize(
    ("checkout", "topics"),
    [
        ("classic", ["order.created", "order.updated", "product.updated"]),
        ("block", ["order.updated", "order.created", "product.updated"]),
    ],
)
def test_checkouts_differ_in_the_order_of_deliveries(
    shop: RunningShop, receiver: Receiver, checkout: str, topics: list[str]
) -> None:
    shop.listen(receiver, *ORDER_TOPICS)

    shop.control("orders", lines=[{"sku": "MUG-001"}], checkout=checkout, payment_method="cod")
    shop.flush()

    assert receiver.topics() == topics
    assert {json.loads(body).get("status") for _, body in receiver.seen[:2]} == {"processing"}


def test_first_payment_of_a_customer_updates_the_customer(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, "customer.updated")

    create(shop, customer_id=3, set_paid=True)
    create(shop, customer_id=3, set_paid=True)
    shop.flush()

    assert [json.loads(body)["is_paying_customer"] for _, body in receiver.seen] == [True]


def test_seventh_failure_in_a_row_disables_the_webhook(shop: RunningShop, receiver: Receiver) -> None:
    (hook,) = shop.listen(receiver, "order.created")
    receiver.answers = [500]
    statuses = []
    for _ in range(7):
        create(shop)
        shop.flush()
        statuses.append(shop.call("GET", f"webhooks/{hook}").json()["status"])

    assert statuses == ["active"] * 6 + ["disabled"]
    shop.call("PUT", f"webhooks/{hook}", json={"status": "active"})
    create(shop)
    shop.flush()
    assert shop.call("GET", f"webhooks/{hook}").json()["status"] == "disabled"
    assert len(receiver.seen) == 8


@pytest.mark.parametrize(("status", "fails"), [(200, 0), (301, 0), (302, 0), (303, 1), (307, 1), (404, 1)])
def test_success_is_200_to_302_without_following(
    shop: RunningShop, receiver: Receiver, status: int, fails: int
) -> None:
    shop.listen(receiver, "order.created")
    receiver.answers = [status]

    create(shop)
    shop.flush()

    assert len(receiver.seen) == 1
    assert shop.book()["webhooks"][0]["failure_count"] == fails


def test_slow_receiver_is_cut_off_and_counted_as_failure(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, "order.created")
    shop.control("settings", delivery_timeout_s=0.2)
    receiver.delay_s = 0.6

    create(shop)
    shop.flush()

    assert shop.book()["deliveries"]["failed"] == 1


def test_paused_and_deleted_webhooks_get_nothing_new(shop: RunningShop, receiver: Receiver) -> None:
    first, second = shop.listen(receiver, "order.created", "order.updated")
    shop.control("settings", dispatch="paused")
    create(shop)
    shop.call("PUT", f"webhooks/{first}", json={"status": "paused"})
    shop.call("DELETE", f"webhooks/{second}", params={"force": "true"})
    create(shop)

    shop.control("dispatch")

    assert receiver.topics() == ["order.created"]


def test_action_topic_sends_hook_and_argument(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, "action.woocommerce_order_refunded")
    order_id = create(shop, set_paid=True)

    shop.call("POST", f"orders/{order_id}/refunds", json={"amount": "1.00", "api_refund": False})
    shop.flush()

    headers, body = receiver.seen[0]
    assert body == b'{"action":"woocommerce_order_refunded","arg":%d}' % order_id
    assert headers["X-WC-Webhook-Resource"] == "action"


def test_unknown_coupon_refuses_but_the_order_exists_and_is_announced(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, "order.created")

    answer = shop.call("POST", "orders", json={**CART, "coupon_lines": [{"code": "NOSUCH"}]})
    shop.flush()

    assert answer.status_code == 400
    assert receiver.topics() == ["order.created"]
    assert len(shop.book()["orders"]) == 1


def test_variation_change_is_told_with_the_variation_id(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, "product.updated")

    shop.call("PUT", "products/33/variations/35", json={"stock_quantity": 19})
    shop.flush()

    wanted = json.loads(recorded_delivery("36")["body_raw"])
    body = json.loads(receiver.seen[0][1])
    assert list(body) == list(wanted)
    changing = ("permalink", "_links", *(name for name in body if name.startswith("date_")))
    assert {k: v for k, v in body.items() if k not in changing} == {
        k: v for k, v in wanted.items() if k not in changing
    }


def test_three_times_sends_each_delivery_three_times(shop: RunningShop, receiver: Receiver) -> None:
    shop.listen(receiver, "order.created")

    shop.control("orders", lines=[{"sku": "MUG-001"}], deliver="three_times")
    shop.flush()

    assert receiver.topics() == ["order.created"] * 3
