"""Gives an exchange to one worker, with all that a run is to know of it. Called by the journal (steps.py).

`claim_no` is the fencing token: it rises with every claim and never falls; every write of a run names it, so that a
worker whose lease ran out changes nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from connector.ledger.discards import Discard
from connector.ledger.document_records import DocumentRecord, document_of
from connector.ledger.leases import LEASE_S
from connector.ledger.prepared import Prepared
from connector.ledger.tables import DocumentState
from connector.ledger.trail import TELL_LEFT_OPEN


@dataclass(frozen=True)
class Claim:
    """An exchange as it was when this run took it. `revision` was read before the body."""

    exchange_id: int
    store: str
    scope: str
    store_version: int
    flow: str
    business_key: str
    pool: str
    claim_no: int
    revision: int
    done_rev: int
    tries: int
    is_doubtful: bool
    fingerprint: str | None
    waiting_since: datetime | None
    blocked_since: datetime | None
    first_seen_at: datetime
    rebuild: bool
    last_code: str  # reason code of the last settlement
    was_resent: bool  # a message or a worker was lost since it was last settled
    body: bytes | None
    body_received_at: datetime | None
    now: datetime
    documents: tuple[DocumentRecord, ...]
    is_tidy: bool = False  # a dead letter that is only run to clear up in M3, and stays what it was
    is_replay: bool = False  # a person doubts that the other side holds it: it is asked before anything is written
    last_reason: str = ""
    last_resolution: str = ""
    newest_delivery_id: int | None = None  # of a whole resource; `body` is its body
    discard: Discard | None = None  # a person said that it shall not be carried, and nobody took that back

    @property
    def is_accepted(self) -> bool:
        """Whether a person discarded its last dead letter, after the other side had the document."""
        return (self.fingerprint or "").startswith("accepted:")

    @property
    def live_document(self) -> DocumentRecord | None:
        """The one document that is not abandoned, if any."""
        return next((one for one in self.documents if one.state is not DocumentState.ABANDONED), None)


_CLAIM = Prepared(
    "exchange_claim",
    f"""
WITH claimed AS (
    UPDATE exchange e SET
        state = 'running', claim_no = e.claim_no + 1, tries = e.tries + 1, worker = :worker,
        lease_until = ledger_now() + make_interval(secs => :lease_s),
        blocked_kind = NULL, blocked_key = NULL
    FROM store s
    WHERE e.id = :id AND s.name = e.store AND s.paused_by IS NULL
      AND NOT EXISTS (SELECT FROM flow_pause p WHERE p.store = e.store AND p.flow = e.flow)
      AND e.state IN ('ready', 'waiting', 'blocked')
      AND e.next_attempt_at <= ledger_now() AND coalesce(e.not_before <= ledger_now(), true)
    RETURNING e.id, e.store, e.scope, s.version AS store_version, e.flow, e.business_key, e.pool, e.claim_no, e.wanted_rev,
              e.done_rev, e.doubt_rev, e.tries, e.crashes, e.sends, e.fingerprint, e.waiting_since, e.first_seen_at,
              e.blocked_since, e.rebuild, e.worker, e.newest_delivery_id, e.reason_code, e.reason, e.resolution,
              coalesce(e.tidy_rev = e.wanted_rev, false) AS is_tidy,
              coalesce(e.replay_rev > e.done_rev, false) AS is_replay
), begun AS (
    INSERT INTO attempt (exchange_id, claim_no, revision, worker)
    SELECT id, claim_no, wanted_rev, worker FROM claimed
), left_open AS (
    SELECT t.id, t.claim_no, t.told, c.store, c.id AS exchange_id
    FROM claimed c JOIN document m ON m.exchange_id = c.id JOIN step t ON t.document_id = m.id AND t.state = 'intended'
), closed AS (
    -- Whoever intended these is gone and can tell no more; this run sees them as they were left.
    UPDATE step t SET state = 'unknown', told = '[]', finished_at = ledger_now() FROM left_open o WHERE t.id = o.id
), told AS ({TELL_LEFT_OPEN})
SELECT c.*, d.body, d.received_at AS body_received_at, ledger_now() AS now, (
    SELECT jsonb_agg(to_jsonb(m) || jsonb_build_object('steps', (
        SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.id), '[]') FROM step t WHERE t.document_id = m.id
    )) ORDER BY m.id)
    FROM document m WHERE m.exchange_id = c.id) AS documents,
    (SELECT to_jsonb(k) FROM discard k WHERE k.exchange_id = c.id) AS discard
FROM claimed c LEFT JOIN delivery d ON d.id = c.newest_delivery_id
""",
    types={"id": "bigint", "lease_s": "float8"},
)


def claim(connection: Connection, exchange_id: int, *, worker: str) -> Claim | None:
    """Takes a due exchange, with its newest body and its documents, in one round trip.

    Returns:
        The claim, or None if the exchange is not due, is somebody else's, or its store or flow is paused.
    """
    row = _CLAIM.one_or_none(connection, {"id": exchange_id, "worker": worker, "lease_s": LEASE_S})
    return None if row is None else _claim_of(row)


def _claim_of(row: Row[Any]) -> Claim:
    return Claim(
        exchange_id=row.id,
        store=row.store,
        scope=row.scope,
        store_version=row.store_version,
        flow=row.flow,
        business_key=row.business_key,
        pool=row.pool,
        claim_no=row.claim_no,
        revision=row.wanted_rev,
        done_rev=row.done_rev,
        tries=row.tries,
        is_doubtful=row.doubt_rev > row.done_rev,
        fingerprint=row.fingerprint,
        waiting_since=row.waiting_since,
        blocked_since=row.blocked_since,
        first_seen_at=row.first_seen_at,
        rebuild=row.rebuild,
        last_code=row.reason_code,
        last_reason=row.reason,
        last_resolution=row.resolution,
        is_tidy=row.is_tidy,
        is_replay=row.is_replay,
        was_resent=row.sends > 1 or row.crashes > 0,
        body=None if row.body is None else bytes(row.body),
        body_received_at=row.body_received_at,
        now=row.now,
        documents=tuple(document_of(one) for one in row.documents or ()),
        newest_delivery_id=row.newest_delivery_id,
        discard=None if row.discard is None else _discard_of(row.discard),
    )


def _discard_of(values: dict[str, Any]) -> Discard:
    return Discard(
        who=values["who"],
        why=values["why"],
        at=datetime.fromisoformat(values["discarded_at"]),
        delivery_id=values["delivery_id"],
        accepted=values["accepted"],
        shown=values["shown"],
        entered_as=values["entered_as"],
    )
