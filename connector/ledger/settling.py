"""Ends a run: takes the exchange back from its worker, in the state that workers/fates.py found for it. Used by the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector.characters import legible
from connector.ledger.claims import Claim
from connector.ledger.prepared import Prepared
from connector.ledger.tables import State


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
