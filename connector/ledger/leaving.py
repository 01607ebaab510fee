"""Makes what one exchange leaves for another flow, or has itself looked at again by: the one piece for all flows and polls.

Whoever leaves one stages it by `Run.leave` or stores it by `inbox.record_delivery`. The shop's own deliveries are made by the
receiver, rows of a list by flows/polling.py, messages of M3 by flows/event_intake.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from connector.ledger.inbox import Received


@dataclass(frozen=True, kw_only=True)
class Target:
    """Which exchange is meant, and which resource of the shop it is about; `scope` where stores share the fact."""

    flow: str
    pool: str
    key: str
    kind: str
    resource_id: str | None
    scope: str | None = None


def asked(store: str, target: Target, *, topic: str, source: str, note: str = "") -> Received:
    """Returns what makes an exchange look anew, whatever is known of it."""
    return _received(store, target, topic=topic, source=source, body=None, content_hash=None, note=note)


def noted(
    store: str,
    target: Target,
    *,
    topic: str,
    content: str,
    body: bytes | None = None,
    is_doubtful: bool = False,
) -> Received:
    """Returns what makes an exchange look if `content`, which holds nothing of a person, is new.

    Args:
        store: The store code.
        target: The exchange.
        topic: What happened.
        content: What it is told by; the same again is no news.
        body: What is kept with it.
        is_doubtful: It looks in any case, as if nothing were known.
    """
    hashed = None if is_doubtful else content
    return _received(store, target, topic=topic, source="order", body=body, content_hash=hashed)


def told(
    store: str,
    target: Target,
    *,
    topic: str,
    body: bytes,
    source: str = "order",
    modified_at: datetime | None = None,
) -> Received:
    """Returns what an exchange has to know, as its body; the same again is no news."""
    digest = hashlib.sha256(body).hexdigest()
    return _received(store, target, topic=topic, source=source, body=body, content_hash=digest, modified_at=modified_at)


def asked_again(store: str, order_id: int, *, flow: str, pool: str) -> Received:
    """Returns what makes an order's exchange look at the shop anew, for flows that found out it has to."""
    return asked(store, of_order(str(order_id), flow=flow, pool=pool), topic="order.id_reused", source="order")


def changed_in_m3(store: str, order_id: str, *, number: str, flow: str, pool: str, source: str) -> Received:
    """Returns what makes an order's exchange look at M3 anew.

    Args:
        store: The store code.
        order_id: Of the shop.
        number: Of M3.
        flow: Which exchange.
        pool: Its pool.
        source: Who says so: m3 (a message), poll_m3 or cli.
    """
    note = "" if source == "cli" else f"M3 has news of order {number}."
    target = of_order(order_id, flow=flow, pool=pool)
    return asked(store, target, topic="order.changed_in_m3", source=source, note=note)


def of_order(order_id: str, *, flow: str, pool: str) -> Target:
    """Returns the exchange of a flow that is keyed by the id of an order."""
    return Target(flow=flow, pool=pool, key=order_id, kind="order", resource_id=order_id)


def _received(
    store: str,
    target: Target,
    *,
    topic: str,
    source: str,
    body: bytes | None,
    content_hash: str | None,
    modified_at: datetime | None = None,
    note: str = "",
) -> Received:
    return Received(
        store=store,
        source=source,
        topic=topic,
        kind=target.kind,
        resource_id=target.resource_id,
        flow=target.flow,
        business_key=target.key,
        scope=target.scope,
        pool=target.pool,
        body=body,
        body_size=len(body or b""),
        body_sha256="" if body is None else hashlib.sha256(body).hexdigest(),
        content_hash=content_hash,
        modified_at=modified_at,
        is_full=content_hash is not None,
        note=note,
    )
