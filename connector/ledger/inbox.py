"""Takes in what we are told: a delivery and its exchange in one statement. Called by the receiver, the polls and flows.

A delivery only says "look again": the exchange's wanted revision rises unless the body is a full resource equal to the
newest one stored. A body without a full resource makes the stored bodies doubtful, so that the next run asks the shop.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from connector.errors import LedgerUnavailableError
from connector.ledger.prepared import Prepared, run_alone

KEPT_BODY_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Received:
    """One thing we were told. `flow`, `business_key`, `pool` and `scope` are empty if no flow listens to it."""

    store: str
    source: str  # webhook, poll, order, m3, poll_m3 or cli
    topic: str
    kind: str
    resource_id: str | None
    flow: str | None
    business_key: str | None
    pool: str | None
    body: bytes | None
    body_size: int
    body_sha256: str
    is_full: bool
    content_hash: str | None = None
    modified_at: datetime | None = None
    headers: dict[str, str] = field(default_factory=dict)
    note: str = ""
    scope: str | None = None  # defaults to the store


@dataclass(frozen=True)
class Recorded:
    """What became of it. `due` says that a message should be sent; `claim_no` is the exchange's last claim."""

    delivery_id: int | None  # None: a poll found nothing new
    exchange_id: int | None
    due: bool
    pool: str | None
    claim_no: int = 0


_EXCHANGE = """
next AS (SELECT nextval('delivery_id_seq') AS id, ledger_now() AS now),
x AS (
    INSERT INTO exchange AS e (store, scope, flow, business_key, pool, doubt_rev, due_delivery_id,
                               newest_delivery_id, newest_hash, newest_modified_at, sent_at, sends,
                               next_attempt_at, first_seen_at)
    SELECT :store, :scope, :flow, :business_key, :pool, CASE WHEN :is_full THEN 0 ELSE 1 END, next.id,
           CASE WHEN :is_full THEN next.id END, CASE WHEN :is_full THEN :content_hash END,
           CASE WHEN :is_full THEN CAST(:modified_at AS timestamptz) END, next.now, 1, next.now, next.now
    FROM next
    ON CONFLICT (scope, flow, business_key) DO UPDATE SET
        -- A shared fact is carried by the store that asked last: it surely runs.
        store = CASE WHEN e.state = 'running' THEN e.store ELSE excluded.store END,
        wanted_rev = e.wanted_rev + 1,
        doubt_rev = CASE
            WHEN NOT :is_full OR e.newest_modified_at = excluded.newest_modified_at THEN e.wanted_rev + 1
            ELSE e.doubt_rev END,
        newest_delivery_id = CASE WHEN {newer} THEN excluded.newest_delivery_id ELSE e.newest_delivery_id END,
        newest_hash = CASE WHEN {newer} THEN excluded.newest_hash ELSE e.newest_hash END,
        newest_modified_at = CASE WHEN {newer} THEN excluded.newest_modified_at ELSE e.newest_modified_at END,
        state = CASE WHEN e.state = 'running' THEN e.state ELSE 'ready' END,
        due_delivery_id = CASE WHEN e.state = 'running' THEN e.due_delivery_id ELSE excluded.due_delivery_id END,
        next_attempt_at = CASE WHEN e.state = 'running' THEN e.next_attempt_at ELSE excluded.sent_at END,
        tries = CASE WHEN e.state IN ('done', 'dead_letter') THEN 0 ELSE e.tries END,
        crashes = CASE WHEN e.state IN ('done', 'dead_letter') THEN 0 ELSE e.crashes END,
        waiting_since = CASE WHEN e.state IN ('done', 'dead_letter') THEN NULL ELSE e.waiting_since END,
        blocked_since = CASE WHEN e.state IN ('done', 'dead_letter') THEN NULL ELSE e.blocked_since END,
        alerted_at = CASE WHEN e.state = 'dead_letter' THEN NULL ELSE e.alerted_at END,
        blocked_kind = NULL,
        blocked_key = NULL,
        sent_at = CASE WHEN e.state = 'running' THEN e.sent_at ELSE excluded.sent_at END,
        sends = CASE WHEN e.state = 'running' THEN e.sends ELSE e.sends + 1 END
    WHERE NOT (:is_full AND e.newest_hash IS NOT DISTINCT FROM CAST(:content_hash AS varchar))
    RETURNING e.id, e.claim_no, e.state, e.due_delivery_id, e.not_before
)"""

_NEWER = "(:is_full AND coalesce(excluded.newest_modified_at >= e.newest_modified_at, true))"

_DELIVERY = """
INSERT INTO delivery (id, store, exchange_id, source, topic, kind, resource_id, headers, body, body_size, body_sha256,
                      content_hash, modified_at, is_full, note, received_at)
SELECT next.id, :store, {exchange}, :source, :topic, :kind, :resource_id, CAST(:headers AS jsonb), :body, :body_size,
       :body_sha256, :content_hash, :modified_at, :is_full, :note, next.now
FROM next {join}
RETURNING id, exchange_id"""

_SAME_EXCHANGE = "(SELECT id FROM exchange WHERE scope = :scope AND flow = :flow AND business_key = :business_key)"

_TYPES = {"body": "bytea", "body_size": "bigint", "is_full": "boolean", "modified_at": "timestamptz"}

_WITH_EXCHANGE = Prepared(
    "intake_exchange",
    "WITH "
    + _EXCHANGE.format(newer=_NEWER)
    + _DELIVERY.format(exchange=f"coalesce(x.id, {_SAME_EXCHANGE})", join="LEFT JOIN x ON true")
    + ", (SELECT due_delivery_id = delivery.id AND coalesce(not_before <= received_at, true) FROM x) AS due"
    + ", (SELECT claim_no FROM x) AS claim_no",
    types=_TYPES,
)
_FROM_POLL = Prepared(
    "intake_poll",
    "WITH "
    + _EXCHANGE.format(newer=_NEWER)
    + _DELIVERY.format(exchange="x.id", join="JOIN x ON true")
    + ", (SELECT due_delivery_id = delivery.id AND coalesce(not_before <= received_at, true) FROM x) AS due"
    + ", (SELECT claim_no FROM x) AS claim_no",
    types=_TYPES,
)
_ALONE = Prepared(
    "intake_alone",
    "WITH next AS (SELECT nextval('delivery_id_seq') AS id, ledger_now() AS now)"
    + _DELIVERY.format(exchange="NULL", join="")
    + ", false AS due, 0 AS claim_no",
    types=_TYPES,
)


def record_delivery(engine: Engine, received: Received) -> Recorded:
    """Stores a delivery and raises its exchange, in one statement and one transaction.

    A second call with the same delivery stores it again and, if the content is the newest known, changes nothing else;
    so a lost connection is simply tried once more.

    Args:
        engine: The ledger.
        received: What was told; a body over KEPT_BODY_BYTES must already be left out.

    Raises:
        LedgerUnavailableError: The database is down; nobody may be told that the delivery is kept.
    """
    statement, values = _statement(received), _parameters(received)
    try:
        row = run_alone(engine, statement, values)
    except LedgerUnavailableError:
        row = run_alone(engine, statement, values)  # the pool may hold a connection from before a restart
    return _recorded(row, received)


def stage_delivery(connection: Connection, received: Received) -> Recorded:
    """Does the same inside the caller's transaction."""
    return _recorded(_statement(received).one_or_none(connection, _parameters(received)), received)


def _recorded(row: Any, received: Received) -> Recorded:
    if row is None:
        return Recorded(None, None, due=False, pool=received.pool)
    return Recorded(row.id, row.exchange_id, due=bool(row.due), pool=received.pool, claim_no=row.claim_no or 0)


def _statement(received: Received) -> Prepared:
    if received.flow is None:
        return _ALONE
    return _FROM_POLL if received.source == "poll" else _WITH_EXCHANGE


def _parameters(received: Received) -> dict[str, Any]:
    values = {name: getattr(received, name) for name in Received.__dataclass_fields__}
    values["scope"] = received.scope or received.store
    values["headers"] = json.dumps(received.headers)
    return values
