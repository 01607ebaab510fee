"""Builds and sends one webhook delivery or ping over HTTP; called by `dispatcher` and `api_webhooks`."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import requests

from sandbox.shop.customers import show_customer
from sandbox.shop.entities import Webhook
from sandbox.shop.errors import RestError, invalid_id
from sandbox.shop.order_json import show_order
from sandbox.shop.product_json import show_product
from sandbox.shop.state import Shop
from sandbox.shop.wire import encode

AGENT = "WooCommerce/9.9.5 Hookshot (WordPress/6.9.1)"
_PING_TIMEOUT_S = 5.0
_PING_REDIRECTS = 5
_COMMON = {
    "User-Agent": AGENT,
    "Accept": "*/*",
    "Accept-Encoding": "deflate, gzip, br, zstd",
    "Connection": "close",
}


@dataclass(frozen=True)
class Prepared:
    """A delivery ready to go: where to, with which headers and body."""

    url: str
    headers: dict[str, str]
    body: bytes


def prepare(shop: Shop, webhook: Webhook, resource_id: int) -> Prepared:
    """Build a delivery from the state of this moment; call it under the lock of the shop."""
    body = encode(_payload(shop, webhook.topic, resource_id))
    resource, _, event = webhook.topic.partition(".")
    headers = {
        **_COMMON,
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": f"{shop.settings.home_url}/",
        "X-WC-Webhook-Topic": webhook.topic,
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": event,
        "X-WC-Webhook-Signature": sign(webhook.secret, body),
        "X-WC-Webhook-ID": str(webhook.id),
        "X-WC-Webhook-Delivery-ID": _delivery_id(shop, webhook),
    }
    return Prepared(webhook.delivery_url, headers, body)


def sign(secret: str, body: bytes) -> str:
    """Sign a body: base64 of HMAC-SHA256 over the raw bytes."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _delivery_id(shop: Shop, webhook: Webhook) -> str:
    """The id depends on webhook and second alone, so it repeats within a second."""
    text = f"{webhook.id}{int(shop.clock().timestamp())}"
    return hmac.new(b"sandbox salt", text.encode(), "md5").hexdigest()


def _payload(shop: Shop, topic: str, resource_id: int) -> Any:
    resource, _, event = topic.partition(".")
    if resource == "action":
        return {"action": event, "arg": resource_id}
    if event == "deleted":
        return {"id": resource_id}
    try:
        return _show(shop, resource, resource_id)
    except RestError as gone:
        return gone.body()


def _show(shop: Shop, resource: str, resource_id: int) -> Any:
    base = shop.settings.home_url
    if resource == "order":
        if resource_id not in shop.orders:
            raise invalid_id("shop_order")
        return show_order(shop, shop.orders[resource_id], base=base)
    if resource == "product":
        if resource_id not in shop.products:
            raise invalid_id("product")
        return show_product(shop, shop.products[resource_id], base=base)
    if resource_id not in shop.customers:
        raise RestError("woocommerce_rest_invalid_id", "Invalid resource ID.", status=404)
    return show_customer(shop.customers[resource_id], base=base)


def send(prepared: Prepared, *, timeout_s: float) -> bool:
    """Send a delivery; statuses 200 to 302 count as success, redirects are not followed.

    Source: observed; 303 and above, refused connections and time-outs are failures.
    """
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                prepared.url,
                data=prepared.body,
                headers=prepared.headers,
                timeout=timeout_s,
                allow_redirects=False,
            )
        except (requests.RequestException, ValueError):
            return False
        return 200 <= answer.status_code <= 302


def ping(webhook_id: int, url: str) -> bool:
    """Send the unsigned ping; answered means exactly 200 (after at most five redirects)."""
    with requests.Session() as session:
        session.trust_env = False
        session.max_redirects = _PING_REDIRECTS
        headers = {**_COMMON, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            answer = session.post(url, data=f"webhook_id={webhook_id}", headers=headers, timeout=_PING_TIMEOUT_S)
        except (requests.RequestException, ValueError):
            return False
        return answer.status_code == 200
