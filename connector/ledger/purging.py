"""Removes what is old and no longer needed, in small batches. Called by workers/purging.py and `connector purge`.

What stays whatever its age: everything of an exchange that is not done; the newest delivery of an exchange, with which the next
one is compared, and one whose content a person accepted; an exchange's last attempt; documents that stand for something in M3,
with their steps, for they keep it from being made twice; the audit trail, whose lines are sealed one over the other.

See docs/decisions/0012.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, Engine, TextClause, text

from connector.ledger.session import transaction

SOME = 500
"""Rows removed in one transaction: no lock is held for long, and an interrupted purge keeps what it did."""


class Kind(StrEnum):
    """What is removed by age; each is a table."""

    DELIVERY = "delivery"  # with their bodies, that hold people's data
    ATTEMPT = "attempt"
    DOCUMENT = "document"  # abandoned ones, with their steps
    MESSAGE = "message"  # ids of messages of ION by which a repetition is told


@dataclass
class Purged:
    """How many rows of each kind were removed, or would be; not finished: the time was over."""

    counts: dict[Kind, int] = field(default_factory=dict)
    is_finished: bool = True


Tell = Callable[[Kind, int], None]

_OLD = "ledger_now() - make_interval(days => :days)"
_WHICH = {
    Kind.DELIVERY: f"""
        FROM delivery x LEFT JOIN exchange e ON e.id = x.exchange_id
        WHERE x.received_at < {_OLD} AND (e.id IS NULL OR (
            e.state = 'done' AND x.id IS DISTINCT FROM e.newest_delivery_id AND x.id IS DISTINCT FROM e.due_delivery_id
            AND e.fingerprint IS DISTINCT FROM 'accepted:' || x.id
            AND EXISTS (SELECT FROM delivery newer WHERE newer.exchange_id = x.exchange_id AND newer.id > x.id)))""",
    Kind.ATTEMPT: f"""
        FROM attempt x JOIN exchange e ON e.id = x.exchange_id
        WHERE x.started_at < {_OLD} AND e.state = 'done' AND x.claim_no < e.claim_no""",
    Kind.DOCUMENT: f"""
        FROM document x JOIN exchange e ON e.id = x.exchange_id
        WHERE coalesce(x.ended_at, x.begun_at) < {_OLD} AND e.state = 'done' AND x.state = 'abandoned'
          AND NOT EXISTS (SELECT FROM step s WHERE s.document_id = x.id AND s.state IN ('intended', 'unknown'))""",
    Kind.MESSAGE: f"FROM message x WHERE x.taken_at < {_OLD}",
}
_COUNT = {kind: text(f"SELECT count(*) {which}") for kind, which in _WHICH.items()}
_BEFORE = {Kind.DOCUMENT: ", steps AS (DELETE FROM step USING old WHERE step.document_id = old.id)"}
_REMOVE: dict[Kind, TextClause] = {
    kind: text(f"""
WITH old AS (SELECT x.id {which} AND x.id > :after ORDER BY x.id LIMIT :most){_BEFORE.get(kind, "")},
     gone AS (DELETE FROM {kind} USING old WHERE {kind}.id = old.id RETURNING {kind}.id)
SELECT count(*) AS count, max(id) AS last FROM gone
""")
    for kind, which in _WHICH.items()
    if kind is not Kind.MESSAGE
}
_REMOVE[Kind.MESSAGE] = text(f"""
WITH gone AS (
    DELETE FROM message WHERE ctid = ANY (ARRAY(SELECT x.ctid {_WHICH[Kind.MESSAGE]} LIMIT :most)) AND :after = 0 RETURNING 1
) SELECT count(*) AS count, 0 AS last FROM gone
""")


def count_purgeable(connection: Connection, *, days: int) -> Purged:
    """Returns how many rows of each kind a purge would remove now."""
    return Purged({kind: connection.execute(_COUNT[kind], {"days": days}).scalar_one() for kind in Kind})


def purge(engine: Engine, *, days: int, for_s: float = math.inf, tell: Tell | None = None) -> Purged:
    """Removes what is old, batch by batch.

    Args:
        engine: The ledger.
        days: How old what is removed has to be.
        for_s: After so many seconds it stops at the end of a batch; the next call goes on.
        tell: Is told after each batch how many rows of a kind were removed so far.
    """
    deadline = time.monotonic() + for_s
    done = Purged(dict.fromkeys(Kind, 0))
    for kind in done.counts:
        last, count = 0, SOME
        while count == SOME:
            if time.monotonic() > deadline:
                done.is_finished = False
                return done
            with transaction(engine) as connection:
                values = {"days": days, "after": last, "most": SOME}
                count, last = connection.execute(_REMOVE[kind], values).one()
            done.counts[kind] += count
            if tell:
                tell(kind, done.counts[kind])
    return done
