"""The addresses of the receiver for M3: messages of ION and events of M3's own subscriber. Used by app.py.

What is answered decides what ION does (reference: ion/delivery.md section 5): 202 only for what is stored, 503 for whatever
is our own trouble, 401 for wrong credentials, 400 for an envelope that cannot be read, 413 above the limit; nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from flask import Blueprint, Request, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from connector.errors import ConnectorError, InvalidPayloadError
from connector.flows.event_intake import BodMessage, EventMessage, TakenIn
from connector.ion import ims
from connector.ion.access import Asked, IonSecrets, RememberNonce, may_deliver
from connector.ion.payload import open_payload
from connector.ledger.dispatch import DueMessage
from connector.ledger.inbox import KEPT_BODY_BYTES
from connector.logs import places_of
from connector.stores.config import STORE_CODE
from webhook_receiver.body import BodyRefusedError
from webhook_receiver.envelope import Body, Envelope, read_multipart, read_single
from webhook_receiver.metrics import Metrics

LOG = structlog.get_logger()
LONGEST_TENANT = 100
SAID = {
    400: "the request cannot be read",
    401: "not authorised",
    413: "the message is too large",
    503: "the message cannot be stored now; send it again",
}
"""What the sender is told by status; the reason itself is counted and logged only."""
PREFIXES = ("", "service/")
"""ION's documentation writes the addresses below `service`, public receivers serve them without."""


@dataclass(frozen=True)
class IonParts:
    """What the routes need; the entry point makes it once per process.

    Attributes:
        secrets: What senders of a store may show, or None for an unknown store.
        api_key_header: The header that carries an API key.
        remember_nonce: Keeps a signed request from being sent a second time.
        most_bytes: The largest document that is taken, and the largest it may inflate to.
        take_bod: Stores a message durably and makes due what it calls for.
        take_event: Does the same with an event.
        send: Hands messages to the publisher, without waiting.
    """

    secrets: Callable[[str], IonSecrets | None]
    api_key_header: str
    remember_nonce: RememberNonce
    most_bytes: int
    take_bod: Callable[[BodMessage], TakenIn]
    take_event: Callable[[EventMessage], TakenIn]
    send: Callable[[Sequence[DueMessage]], object]


class IonDoor:
    """Takes requests for one app."""

    def __init__(self, parts: IonParts, metrics: Metrics) -> None:
        self._parts = parts
        self._metrics = metrics

    def answer(self, store: str, work: Callable[[], Response]) -> Response:
        """Runs `work` for a sender who may deliver, and answers what it raises."""
        try:
            self._require_sender(store)
            answer = work()
        except BodyRefusedError as error:
            answer = self._refuse(error.status, error.reason)
        except InvalidPayloadError as error:
            answer = self._refuse(400, "unreadable_envelope", text=error.message)
        except ConnectorError as error:  # the ledger is away, or our configuration is wrong: nothing could be stored
            LOG.error("message_not_taken", store=store, error=error.code, message=error.message)
            answer = self._refuse(503, error.code)
        except OSError as error:  # no room for a temporary file
            LOG.error("message_not_taken", store=store, error=type(error).__name__)
            answer = self._refuse(503, "no_room")
        if tenant := _tenant(request):
            answer.headers["X-TenantId"] = tenant
        return answer

    def take_multipart(self, store: str, *, by_name: bool) -> Response:
        """Takes a multipart message."""
        content_type = request.headers.get("Content-Type", "")
        return self._take(store, read_multipart(self._body(), content_type, by_name=by_name))

    def take_single(self, store: str) -> Response:
        """Takes a message in one JSON body."""
        return self._take(store, read_single(self._body()))

    def take_event(self, store: str) -> Response:
        """Takes an event of M3's own subscriber."""
        body = b"".join(self._body(most_bytes=KEPT_BODY_BYTES).chunks())
        message = EventMessage(store, request.args.get("table", ""), body, hashlib.sha256(body).hexdigest())
        return self._stored(store, self._parts.take_event(message))

    def _take(self, store: str, envelope: Envelope) -> Response:
        payload = open_payload(envelope.document, most_bytes=self._parts.most_bytes)
        try:
            message = BodMessage(store, _tenant(request), envelope.parameters, payload)
            return self._stored(store, self._parts.take_bod(message))
        finally:
            payload.close()

    def _stored(self, store: str, taken: TakenIn) -> Response:
        self._parts.send(taken.messages)
        if not taken.is_usable:
            LOG.warning("message_unusable", store=store, topic=taken.topic)
        self._metrics.stored(store, topic=taken.topic, has_flow=taken.is_listened_to)
        return _answer(202, ims.accepted())

    def _body(self, *, most_bytes: int | None = None) -> Body:
        most = self._parts.most_bytes if most_bytes is None else most_bytes
        return Body(request.stream, declared=request.content_length, most_bytes=most)

    def _require_sender(self, store: str) -> None:
        """Lets nobody in who does not show a secret of the store; an unknown store is not told from a wrong secret."""
        known = self._parts.secrets(store) if STORE_CODE.fullmatch(store) else None
        if known is None or not known.are_there:
            raise BodyRefusedError(401, "unknown_store" if known is None else "no_ion_credentials")
        header, remember = self._parts.api_key_header, self._parts.remember_nonce
        if not may_deliver(_asked(request), known, api_key_header=header, remember_nonce=remember):
            raise BodyRefusedError(401, "wrong_credentials")

    def _refuse(self, status: int, reason: str, *, text: str = "") -> Response:
        self._metrics.refused(reason)
        LOG.info("request_refused", status=status, reason=reason)
        answer = _answer(status, ims.rejected(status, text or SAID[status]))
        answer.headers["Connection"] = "close"  # the rest of the body may still be on its way
        return answer


def make_ion_routes(parts: IonParts, metrics: Metrics) -> Blueprint:
    """Returns the routes of one app."""
    routes, door = Blueprint("ion", __name__), IonDoor(parts, metrics)

    def ping(store: str) -> Response:
        """Says that we are here and that the sender may deliver."""
        return door.answer(store, lambda: _answer(200, ims.PING))

    def protocol(store: str) -> Response:
        """Says which version of the protocol we speak."""
        return door.answer(store, lambda: _answer(200, ims.PROTOCOL))

    def message(store: str) -> Response:
        """Takes a message of v2 in one body."""
        return door.answer(store, lambda: door.take_single(store))

    def multipart_v2(store: str) -> Response:
        """Takes a multipart message of v2, whose parts have any names."""
        return door.answer(store, lambda: door.take_multipart(store, by_name=False))

    def multipart_v3(store: str) -> Response:
        """Takes a multipart message of v3."""
        return door.answer(store, lambda: door.take_multipart(store, by_name=True))

    def event(store: str) -> Response:
        """Takes an event of M3's own subscriber."""
        return door.answer(store, lambda: door.take_event(store))

    reads = {"ping": ping, "protocol": protocol}
    writes = {"v2/message": message, "v2/multipartMessage": multipart_v2, "v3/multipartMessage": multipart_v3}
    for prefix in PREFIXES:
        for method, views in (("GET", reads), ("POST", writes)):
            for path, view in views.items():
                routes.add_url_rule(
                    f"/ion/<store>/ims/{prefix}{path}",
                    endpoint=f"{prefix}{path}",
                    view_func=view,
                    methods=[method],
                    provide_automatic_options=False,
                )
    routes.add_url_rule("/m3-events/<store>", "event", event, methods=["POST"], provide_automatic_options=False)
    routes.register_error_handler(Exception, _answer_bug)
    return routes


def _answer_bug(error: Exception) -> Response:
    """Answers 503 for what is a mistake of ours: ION keeps the message and sends it again, also after an update."""
    if isinstance(error, HTTPException):
        return _answer(error.code or 400, ims.rejected(error.code or 400, "refused"))
    LOG.error("receiver_bug", error=type(error).__name__, exception=places_of(error))
    return _answer(503, ims.rejected(503, SAID[503]))


def _answer(status: int, content: object) -> Response:
    answer = jsonify(content)
    answer.status_code = status
    return answer


def _tenant(received: Request) -> str:
    text = received.headers.get("X-TenantId", "")[:LONGEST_TENANT]
    return text if text.isascii() and text.isprintable() else ""


def _asked(received: Request) -> Asked:
    """Returns the request as its sender may have signed it: behind a proxy, host and scheme are the proxy's to tell."""
    path = received.full_path if received.query_string else received.path
    hosts = [received.host, *received.headers.get("X-Forwarded-Host", "").split(",")]
    addresses = [f"{scheme}://{host.strip()}{path}" for host in hosts if host.strip() for scheme in ("https", "http")]
    return Asked(received.method, addresses[:6], dict(received.headers))
