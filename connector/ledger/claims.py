"""Gives an exchange to one worker and takes it back: claim, lease, settle. Called by workers/base.py and the heartbeat.

`claim_no` is the fencing token: it rises with every claim and never falls; every write of a run names it, so that a
worker whose lease ran out changes nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from connector.characters import legible
from connector.ledger.discards import Discard
from connector.ledger.document_records import DocumentRecord, document_of
from connector.ledger.prepared import Prepared
from connector.ledger.session import transaction
from connector.ledger.tables import DocumentState, State
from connector.ledger.trail import TELL_LEFT_OPEN

LEASE_S = 45
CRASHES_UNTIL_DEAD_LETTER = 3


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


_RENEW = text("""
UPDATE exchange SET lease_until = ledger_now() + make_interval(secs => :lease_s)
WHERE id = :id AND claim_no = :claim_no AND state = 'running'
""")


def renew(connection: Connection, exchange_id: int, *, claim_no: int) -> bool:
    """Lengthens the lease of a claim; False means that it is no longer ours."""
    values = {"id": exchange_id, "claim_no": claim_no, "lease_s": LEASE_S}
    return connection.execute(_RENEW, values).rowcount == 1


def renew_in_own_transaction(engine: Engine, held: Claim) -> bool:
    """Does the same from the heartbeat thread, beside the run's own transaction."""
    with transaction(engine) as connection:
        return renew(connection, held.exchange_id, claim_no=held.claim_no)


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """How a run ends. News that came meanwhile turns any of these into `ready`; `not_before` is kept all the same."""

    state: State
    reason_code: str = ""
    reason: str = ""
    resolution: str = ""
    fingerprint: str | None = None
    next_in_s: float = 0
    not_before_in_s: float | None = None
    gives_try_back: bool = False
    blocked_on: tuple[str, str] | None = None
    recheck_in_s: float | None = None  # for a dead letter that may cure itself
    detail: str | None = None  # kept with the attempt: the traceback of a bug


SETTLE = Prepared(
    "exchange_settle",
    """
WITH settled AS (
    UPDATE exchange e SET
        state = CASE WHEN e.wanted_rev > :revision THEN 'ready' ELSE :state END,
        done_rev = CASE WHEN :state = 'done' THEN greatest(e.done_rev, :revision) ELSE e.done_rev END,
        fingerprint = CASE WHEN :state = 'done' THEN coalesce(:fingerprint, e.fingerprint) ELSE e.fingerprint END,
        tries = CASE WHEN :state IN ('done', 'dead_letter') THEN 0
                     WHEN :gives_try_back THEN greatest(e.tries - 1, 0) ELSE e.tries END,
        crashes = 0, lease_until = NULL, worker = NULL,
        -- An open breaker and a paused store are waited for without a deadline, and start it anew. To be blocked has one of
        -- its own: it lasts for weeks of looks, of which one or the other meets a sick M3, and stays with what is shown for it.
        waiting_since = CASE WHEN :gives_try_back AND :state <> 'done'
                             AND :reason_code NOT IN ('breaker_open', 'configuration', 'missing_dependency')
                             THEN coalesce(e.waiting_since, ledger_now()) END,
        blocked_since = CASE WHEN :reason_code = 'missing_dependency' THEN coalesce(e.blocked_since, ledger_now())
                             WHEN :state NOT IN ('done', 'dead_letter') THEN e.blocked_since END,
        next_attempt_at = CASE WHEN e.wanted_rev > :revision THEN ledger_now()
                               ELSE ledger_now() + make_interval(secs => :next_in_s) END,
        not_before = ledger_now() + make_interval(secs => :not_before_in_s),
        blocked_kind = CASE WHEN e.wanted_rev > :revision THEN NULL ELSE CAST(:blocked_kind AS varchar) END,
        blocked_key = CASE WHEN e.wanted_rev > :revision THEN NULL ELSE CAST(:blocked_key AS varchar) END,
        rebuild = CASE WHEN :state = 'done' THEN false ELSE e.rebuild END, tidy_rev = NULL,
        reason_code = :reason_code, reason = :reason, resolution = :resolution,
        recheck_at = ledger_now() + make_interval(secs => :recheck_in_s),
        alerted_at = CASE WHEN :state = 'dead_letter' AND e.reason = :reason THEN e.alerted_at END,
        sent_at = CASE WHEN e.wanted_rev > :revision THEN ledger_now() END,
        sends = CASE WHEN e.wanted_rev > :revision THEN 1 ELSE 0 END,
        settled_at = ledger_now()
    WHERE e.id = :id AND e.claim_no = :claim_no AND e.state = 'running'
    RETURNING e.state
), ended AS (
    UPDATE attempt SET
        ended_at = ledger_now(), outcome = :state, code = :reason_code, message = :reason, detail = :detail
    WHERE exchange_id = :id AND claim_no = :claim_no
)
SELECT state FROM settled
""",
    types={
        "id": "bigint",
        "claim_no": "bigint",
        "revision": "bigint",
        "gives_try_back": "boolean",
        "next_in_s": "float8",
        "not_before_in_s": "float8",
        "recheck_in_s": "float8",
    },
)
"""Ends a run: one fenced UPDATE that chooses the given state, or ready again if news came meanwhile; no row: not ours."""


def settle_values(held: Claim, settlement: Settlement) -> dict[str, Any]:
    """Returns the values SETTLE is run with."""
    kind, key = settlement.blocked_on or (None, None)
    return {
        "id": held.exchange_id,
        "claim_no": held.claim_no,
        "revision": held.revision,
        "blocked_kind": kind,
        "blocked_key": key,
        **{name: _storable(getattr(settlement, name)) for name in _SETTLE_FIELDS},
    }


def _storable(value: object) -> object:
    """Leaves out of a text what PostgreSQL refuses: reasons quote the other side, and a run must end all the same."""
    return legible(value) if isinstance(value, str) else value


_SETTLE_FIELDS = (
    "state",
    "reason_code",
    "reason",
    "resolution",
    "fingerprint",
    "next_in_s",
    "not_before_in_s",
    "gives_try_back",
    "recheck_in_s",
    "detail",
)
