"""The addresses of the receiver: deliveries of shops, and what a platform asks a process for. Used by app.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from flask import Blueprint, Request, Response, jsonify, request

from connector.errors import ConnectorError
from connector.ledger.inbox import KEPT_BODY_BYTES, Received, Recorded
from connector.stores.config import STORE_CODE
from connector.woocommerce.webhooks import is_ping
from webhook_receiver.body import BodyRefusedError, read_signed, read_start
from webhook_receiver.intake import FlowForTopic, delivery
from webhook_receiver.metrics import Metrics

LOG = structlog.get_logger()
MOST_UNSIGNED_BYTES = 1024  # a ping has about 20


@dataclass(frozen=True)
class Parts:
    """What the routes need; the entry point makes it once per process.

    Attributes:
        secret: The webhook secret of a store, or None for an unknown store.
        record: Stores a delivery durably.
        offer: Hands an exchange to the publisher, without waiting.
        flow_for_topic: The flow that listens to a topic.
        check_ledger: Raises ConnectorError if the database does not answer.
        check_broker: Raises ConnectorError if the broker does not answer.
    """

    secret: Callable[[str], str | None]
    record: Callable[[Received], Recorded]
    offer: Callable[[Recorded], bool]
    flow_for_topic: FlowForTopic
    check_ledger: Callable[[], object]
    check_broker: Callable[[], object]


def make_routes(parts: Parts, metrics: Metrics) -> Blueprint:
    """Returns the routes of one app."""
    routes = Blueprint("receiver", __name__)

    # Without automatic options, everything but the named method is 405.
    @routes.post("/webhooks/woocommerce/<store>", provide_automatic_options=False)
    def woocommerce(store: str) -> Response:
        """Takes a delivery. Anything signed rightly is stored and answered 200: the shop counts other answers."""
        try:
            return _receive(store, request, parts=parts, metrics=metrics)
        except BodyRefusedError as error:
            return _refuse(error.status, error.reason, metrics=metrics)
        except ConnectorError as error:  # the ledger is away, or our keys are wrong: nothing could be stored
            LOG.error("delivery_not_taken", store=store, error=error.code, message=error.message)
            return _refuse(503, error.code, metrics=metrics)

    @routes.get("/healthz", provide_automatic_options=False)
    def health() -> Response:
        """Says that this process answers; asks nothing else."""
        return jsonify(status="ok")

    @routes.get("/readyz", provide_automatic_options=False)
    def readiness() -> Response:
        """Says if deliveries can be taken: 503 without the database. Without the broker they can (degraded, 200)."""
        ledger, broker = _problem(parts.check_ledger), _problem(parts.check_broker)
        status = "unavailable" if ledger else "degraded" if broker else "ok"
        answer = jsonify(status=status, database=ledger or "ok", broker=broker or "ok")
        answer.status_code = 503 if ledger else 200
        return answer

    @routes.get("/metrics", provide_automatic_options=False)
    def figures() -> Response:
        """Gives the counters to Prometheus."""
        return Response(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


def _receive(store: str, received: Request, *, parts: Parts, metrics: Metrics) -> Response:
    secret = parts.secret(store) if STORE_CODE.fullmatch(store) else None
    if secret is None:
        return _refuse(404, "unknown_store", metrics=metrics)
    signature = received.headers.get("X-WC-Webhook-Signature")
    if not signature:
        return _answer_unsigned(received, metrics=metrics)
    body = read_signed(received.stream, secret=secret, signature=signature)
    if not body.is_genuine:
        return _refuse(401, "wrong_signature", metrics=metrics)
    facts = delivery(store, received.headers, body=body, flow_for_topic=parts.flow_for_topic)
    recorded = parts.record(facts)  # committed when it returns
    parts.offer(recorded)
    metrics.stored(store, topic=facts.topic, has_flow=facts.flow is not None)
    return Response(status=200)


def _answer_unsigned(received: Request, *, metrics: Metrics) -> Response:
    if (received.content_length or 0) > KEPT_BODY_BYTES:
        raise BodyRefusedError(413, "too_large")
    start = read_start(received.stream, most=MOST_UNSIGNED_BYTES + 1)
    if len(start) <= MOST_UNSIGNED_BYTES and is_ping(start, received.content_type or ""):
        metrics.ping()
        return Response(status=200)
    raise BodyRefusedError(401, "unsigned")


def _refuse(status: int, reason: str, *, metrics: Metrics) -> Response:
    """Answers without saying which part was wrong; the reason is counted and logged only."""
    metrics.refused(reason)
    LOG.info("request_refused", status=status, reason=reason)
    answer = Response(status=status)
    answer.headers["Connection"] = "close"  # the rest of the body may still be on its way
    return answer


def _problem(check: Callable[[], object]) -> str:
    try:
        check()
    except ConnectorError as error:
        return error.message
    return ""
