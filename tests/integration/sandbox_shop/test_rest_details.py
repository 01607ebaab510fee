"""Behaviour of the REST side that was observed but has no recording of its own."""

from typing import Any

import pytest
import requests

from tests.integration.sandbox_shop.conftest import RunningShop


def test_index_needs_no_key_and_other_name_spaces_have_no_route(shop: RunningShop) -> None:
    assert "wc/v3" in requests.get(f"{shop.url}/wp-json/", timeout=60).json()["namespaces"]
    answer = requests.get(f"{shop.url}/wp-json/wc/v9/orders", timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (404, "rest_no_route")


def test_each_refusal_of_a_stranger_names_what_was_wanted(shop: RunningShop) -> None:
    def code(method: str, path: str) -> Any:
        answer = shop.call(method, path, auth=None, json={})
        return answer.status_code, answer.json()["code"]

    assert code("GET", "orders") == (401, "woocommerce_rest_cannot_view")
    assert code("POST", "orders") == (401, "woocommerce_rest_cannot_create")
    assert code("PUT", "orders/1") == (401, "woocommerce_rest_cannot_edit")
    assert code("DELETE", "orders/1") == (401, "woocommerce_rest_cannot_delete")
    assert code("POST", "products/batch") == (401, "woocommerce_rest_cannot_batch")


def test_pages_cover_everything_once(shop: RunningShop) -> None:
    made = [shop.control("orders", lines=[{"sku": "MUG-001"}]).json()["id"] for _ in range(7)]
    seen: list[int] = []
    url = f"{shop.url}/wp-json/wc/v3/orders?per_page=3"
    while url:
        answer = requests.get(
            url.replace("https:", "http:"),
            auth=("ck_sandbox", "cs_sandbox"),
            headers={"X-Forwarded-Proto": "https"},
            timeout=60,
        )
        seen += [order["id"] for order in answer.json()]
        url = answer.links.get("next", {}).get("url", "")

    assert seen == made[::-1]
    assert answer.headers["X-WP-Total"] == "7"


def test_refund_deleted_moves_nothing(shop: RunningShop) -> None:
    order_id = shop.control("orders", lines=[{"sku": "MUG-001"}], payment_method="stripe").json()["id"]
    refund = {"amount": "2.00", "api_refund": False}
    refund_id = shop.call("POST", f"orders/{order_id}/refunds", json=refund).json()["id"]
    before = shop.call("GET", f"orders/{order_id}").json()["date_modified_gmt"]

    assert shop.call("DELETE", f"orders/{order_id}/refunds/{refund_id}").status_code == 501
    shop.call("DELETE", f"orders/{order_id}/refunds/{refund_id}", params={"force": "true"})

    after = shop.call("GET", f"orders/{order_id}").json()
    assert (after["refunds"], after["date_modified_gmt"]) == ([], before)


def test_line_refund_restocks_and_full_refund_changes_the_status(shop: RunningShop) -> None:
    order = shop.control("orders", lines=[{"sku": "MUG-001", "quantity": 2}], payment_method="stripe").json()
    line = order["line_items"][0]["id"]
    tax = [{"id": 1, "refund_total": 3.23}]
    lines = [{"id": line, "quantity": 1, "refund_total": 12.9, "refund_tax": tax}]

    refund = shop.call("POST", f"orders/{order['id']}/refunds", json={"line_items": lines, "api_refund": False})
    rest = {"amount": "22.37", "api_refund": False}
    shop.call("POST", f"orders/{order['id']}/refunds", json=rest)

    after = shop.call("GET", f"orders/{order['id']}").json()
    assert refund.json()["amount"] == "16.13"
    assert after["status"] == "refunded"
    assert [r["total"] for r in after["refunds"]] == ["-22.37", "-16.13"]
    keys = {m["key"]: m["value"] for m in after["line_items"][0]["meta_data"]}
    assert keys == {"_reduced_stock": "1", "_restock_refunded_items": "1"}


def test_status_refunded_by_put_refunds_the_rest_by_itself(shop: RunningShop) -> None:
    order = shop.control("orders", lines=[{"sku": "MUG-001"}], payment_method="stripe").json()

    after = shop.call("PUT", f"orders/{order['id']}", json={"status": "refunded"}).json()

    assert [(r["reason"], r["total"]) for r in after["refunds"]] == [("Order fully refunded.", f"-{order['total']}")]


def test_changed_quantity_keeps_the_total_and_zero_removes_the_line(shop: RunningShop) -> None:
    body = {"line_items": [{"product_id": 10, "quantity": 2}, {"sku": "BOOK-5", "quantity": 1}]}
    order = shop.call("POST", "orders", json=body).json()
    mug, book = (line["id"] for line in order["line_items"])

    lines = [{"id": mug, "quantity": 4}, {"id": book, "quantity": 0}]
    after = shop.call("PUT", f"orders/{order['id']}", json={"line_items": lines}).json()

    assert [(i["quantity"], i["total"], i["price"]) for i in after["line_items"]] == [(4, "25.80", 6.45)]
    assert after["total"] == "32.25"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"topic": "order.created", "delivery_url": "ftp://x"}, "invalid_delivery_url"),
        ({"delivery_url": "http://127.0.0.1:1/"}, "invalid_topic"),
        ({"topic": "action.other_hook", "delivery_url": "http://127.0.0.1:1/"}, "invalid_topic"),
    ],
)
def test_webhooks_are_checked(shop: RunningShop, body: dict[str, str], code: str) -> None:
    answer = shop.call("POST", "webhooks", json=body)

    assert (answer.status_code, answer.json()["code"]) == (400, f"woocommerce_rest_shop_webhook_{code}")


def test_webhook_is_created_active_even_if_nobody_answers(shop: RunningShop) -> None:
    body = {"topic": "order.created", "delivery_url": "http://127.0.0.1:1/"}

    answer = shop.call("POST", "webhooks", json=body)

    assert (answer.status_code, answer.json()["status"]) == (201, "active")
    assert shop.call("DELETE", f"webhooks/{answer.json()['id']}").status_code == 501


def test_customer_can_be_made_changed_and_deleted(shop: RunningShop) -> None:
    made = shop.call("POST", "customers", json={"email": "nova@example.com", "first_name": "Nova"}).json()
    path = f"customers/{made['id']}"
    order = shop.call("POST", "orders", json={"customer_id": made["id"]}).json()

    assert shop.call("PUT", path, json={"billing": {"city": "Split"}}).json()["billing"]["city"] == "Split"
    assert shop.call("POST", "customers", json={}).json()["data"]["params"] == ["email"]
    assert shop.call("GET", "customers", params={"orderby": "modified"}).status_code == 400
    assert shop.call("DELETE", path, params={"force": "true"}).status_code == 200
    assert shop.call("GET", path).status_code == 404
    assert shop.call("GET", f"orders/{order['id']}").json()["customer_id"] == 0


def test_notes_can_be_read_one_by_one_and_deleted_by_force(shop: RunningShop) -> None:
    order_id = shop.call("POST", "orders", json={}).json()["id"]
    note = shop.call("POST", f"orders/{order_id}/notes", json={"note": "a"})
    path = f"orders/{order_id}/notes/{note.json()['id']}"

    assert shop.call("GET", path).json() == note.json()
    assert shop.call("DELETE", path).status_code == 501
    assert shop.call("DELETE", path, params={"force": "true"}).status_code == 200
    assert shop.call("GET", path).status_code == 404
