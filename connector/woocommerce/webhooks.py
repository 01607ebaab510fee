"""Checks the signature of a webhook delivery and says what it is about; called by the receiver for every request.

It runs before anything is trusted, so it never raises for any bytes and reads the JSON once.
Source: reference/woocommerce/behaviour.md section 1, observed on WooCommerce 9.9.5.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.woocommerce.canonical import content_hash, glance_json
from connector.woocommerce.instants import read_instant

_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_LARGEST_ID = 2**63 - 1
_EVENTS = frozenset({"created", "updated", "deleted", "restored"})

_Types = dict[str, type | tuple[type, ...]]

_CUSTOMER_DATE = (str, type(None))  # a customer that was never changed has no such date

_FULL: dict[str, _Types] = {
    "order": {
        "status": str,
        "currency": str,
        "total": str,
        "line_items": list,
        "tax_lines": list,
        "shipping_lines": list,
        "fee_lines": list,
        "coupon_lines": list,
        "billing": dict,
        "shipping": dict,
        "date_created_gmt": str,
        "date_modified_gmt": str,
    },
    "customer": {"email": str, "billing": dict, "shipping": dict, "date_modified_gmt": _CUSTOMER_DATE},
    "product": {"type": str, "status": str, "sku": str, "date_modified_gmt": str},
    "coupon": {"code": str, "amount": str, "date_modified_gmt": str},
}
"""What a body must hold, by kind of resource, to count as the whole resource."""

_ACTIONS = {"woocommerce_order_refunded": "order"}
"""Hooks whose first argument is the id of a resource we know."""


@dataclass(frozen=True)
class Resource:
    """What one delivery is about.

    `kind` is empty if the topic is none we know. `is_full` means that the body is the whole resource and may be
    taken as its content; otherwise the delivery only says "look again" at `resource_id`. `problem` says in words
    why a body is not what its topic promises; empty for a plain deletion or action. Without `resource_id` there
    is nothing to look at.
    """

    kind: str
    event: str
    resource_id: int | None
    is_full: bool
    modified_at: datetime | None
    content_hash: str | None
    problem: str


def is_ping(body: bytes, content_type: str | None) -> bool:
    """Tells if this is the unsigned form `webhook_id=N` that must be answered with exactly 200.

    The shop sends it when a webhook is created, and again after every delivery until it was answered so.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    return media_type == "application/x-www-form-urlencoded" and _PING.fullmatch(body) is not None


def signature_matches(body: bytes, *, secret: str, signature: str) -> bool:
    """Tells if `signature` is the base64 HMAC-SHA256 of the raw body under `secret`, in constant time.

    Without a secret nothing matches: anybody could sign with an empty one.
    """
    if not secret:
        return False
    expected = base64.b64encode(hmac.digest(secret.encode("utf-8"), body, "sha256"))
    return hmac.compare_digest(expected, signature.encode("utf-8", "replace"))


def read_resource(topic: str, body: bytes) -> Resource:
    """Says what a delivery is about; never raises, whatever the bytes are.

    Args:
        topic: The X-WC-Webhook-Topic header, e.g. `order.updated` or `action.woocommerce_order_refunded`.
        body: The raw bytes.
    """
    kind, event, problem = _read_topic(topic)
    if problem:
        return _partial(kind, event, resource_id=None, problem=problem)
    try:
        content = glance_json(body)
    except ValueError as error:
        return _partial(kind, event, resource_id=None, problem=f"The body cannot be read: {error}.")
    if not isinstance(content, dict):
        return _partial(kind, event, resource_id=None, problem="The body is JSON but no object.")
    if event in _ACTIONS:
        return _read_action(kind, event, content)
    return _read_object(kind, event, content)


def _read_topic(topic: str) -> tuple[str, str, str]:
    prefix, _, event = topic.partition(".")
    if prefix in _FULL and event in _EVENTS:
        return prefix, event, ""
    if prefix == "action" and event in _ACTIONS:
        return _ACTIONS[event], event, ""
    shown = f" {topic}" if _CODE.fullmatch(topic) else ""
    return "", "", f"The topic{shown} is none this connector knows."


def _read_action(kind: str, event: str, content: dict[str, Any]) -> Resource:
    resource_id = _id(content.get("arg")) if content.get("action") == event else None
    problem = "" if resource_id is not None else "The action names no id."
    return _partial(kind, event, resource_id=resource_id, problem=problem)


def _read_object(kind: str, event: str, content: dict[str, Any]) -> Resource:
    resource_id = _id(content.get("id"))
    if resource_id is None:
        return _partial(kind, event, resource_id=None, problem=_why_no_id(content))
    if event == "deleted":
        return _partial(kind, event, resource_id=resource_id, problem="")
    wrong = [key for key, types in _FULL[kind].items() if key not in content or not isinstance(content[key], types)]
    if wrong:
        text = f"The body is no whole {kind}: missing or of another type: {', '.join(wrong)}."
        return _partial(kind, event, resource_id=resource_id, problem=text)
    try:
        stamp = content["date_modified_gmt"]
        modified_at = read_instant(stamp) if stamp is not None else None
        digest = content_hash(content)
    except ValueError as error:
        text = f"The body is no whole {kind}: date_modified_gmt or a number is wrong ({error})."
        return _partial(kind, event, resource_id=resource_id, problem=text)
    return Resource(kind, event, resource_id, is_full=True, modified_at=modified_at, content_hash=digest, problem="")


def _why_no_id(content: dict[str, Any]) -> str:
    code = content.get("code")
    if isinstance(code, str) and "message" in content:
        shown = code if _CODE.fullmatch(code) else "with an unreadable code"
        return f"The shop sent an error object instead of the resource: {shown}."
    return "The body has no usable id."


def _partial(kind: str, event: str, *, resource_id: int | None, problem: str) -> Resource:
    return Resource(kind, event, resource_id, is_full=False, modified_at=None, content_hash=None, problem=problem)


def _id(value: object) -> int | None:
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST_ID
    return int(value) if usable and isinstance(value, int) else None
