"""Turns a genuine delivery into what the ledger stores; called by webhook_receiver/routes.py."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

from werkzeug.datastructures import Headers

from connector.ledger.inbox import Received
from connector.woocommerce.card_data import without_card_data
from connector.woocommerce.webhooks import Resource, read_resource
from webhook_receiver.body import SignedBody

MAX_TOPIC = 100  # characters; the longest published topic has 20
MAX_HEADER = 300
KEPT_HEADERS = (
    "Content-Type",
    "User-Agent",
    "X-WC-Webhook-Source",
    "X-WC-Webhook-Topic",
    "X-WC-Webhook-Resource",
    "X-WC-Webhook-Event",
    "X-WC-Webhook-Signature",
    "X-WC-Webhook-ID",
    "X-WC-Webhook-Delivery-ID",
)


class FlowEntry(Protocol):
    """What is needed of an entry of connector.flows.registry."""

    @property
    def name(self) -> str:
        """The flow's name."""

    @property
    def pool(self) -> str:
        """The queue it runs in."""


FlowForTopic = Callable[[str], FlowEntry | None]


def delivery(store: str, headers: Headers, *, body: SignedBody, flow_for_topic: FlowForTopic) -> Received:
    """Returns the delivery with the flow that listens to it.

    Without a flow it is stored all the same, with a note that says why nothing is to be done. Of a topic that nobody listens to
    size and hash are kept alone: it may be about a person, whom no erasure would find there.

    Args:
        store: The store's code.
        headers: Those of the request.
        body: The genuine body.
        flow_for_topic: The flow that listens to a topic, or None.
    """
    topic = _plain(headers.get("X-WC-Webhook-Topic", ""))[:MAX_TOPIC]
    content = None if body.content is None else without_card_data(body.content)
    resource = None if content is None else read_resource(topic, content)
    entry = flow_for_topic(topic)
    kept = content if entry is not None else None
    digest = body.sha256 if content is None or kept is not None else hashlib.sha256(content).hexdigest()
    key = None if resource is None or resource.resource_id is None else str(resource.resource_id)
    listening = entry if key is not None else None  # an odd body with an id still says: look again
    return Received(
        store=store,
        source="webhook",
        topic=topic,
        kind=resource.kind if resource else topic.partition(".")[0],
        resource_id=key,
        flow=listening.name if listening else None,
        business_key=key if listening else None,
        pool=listening.pool if listening else None,
        headers={name: _plain(value)[:MAX_HEADER] for name in KEPT_HEADERS if (value := headers.get(name))},
        body=kept,
        body_size=body.size if content is None else len(content),
        body_sha256=digest,
        content_hash=resource.content_hash if resource else None,
        modified_at=resource.modified_at if resource else None,
        is_full=resource.is_full if resource and kept is not None else False,
        note=_note(resource, body=body, topic=topic, is_known=entry is not None),
    )


def _note(resource: Resource | None, *, body: SignedBody, topic: str, is_known: bool) -> str:
    if not is_known:
        return f"Nothing listens to the topic {topic!r}; its body was not kept."
    if resource is None:
        return f"The body has {body.size} bytes, more than is kept; only its hash was stored."
    return resource.problem


def _plain(text: str) -> str:
    """Leaves control characters out; PostgreSQL refuses NUL in text."""
    return text if text.isprintable() else "".join(letter for letter in text if letter.isprintable())
