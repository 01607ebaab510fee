"""Removes what is old and no longer needed, in small batches. Called by workers/purging.py and `connector purge`.

What stays whatever its age: everything of an exchange that is not done; the newest delivery of an exchange, with which the next
one is compared, and the one that a person discarded; an exchange's last attempt; documents that stand for something in M3, with
their steps, for they keep it from being made twice, and tell what a person settled; the newest batch of each posting to M3's
ledger; the audit trail, which audit_removal.py removes, if anybody.

See docs/decisions/0012.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Engine, TextClause, text

from connector.ledger.session import transaction

SOME = 500
"""Rows removed in one transaction: no lock is held for long, and an interrupted purge keeps what it did."""
WINDOW = 5000
"""Ids looked at by one statement."""


LEDGER_BATCH = "ledger_batch"
"""Kind of the documents of flows/books: the newest says which version of its KEY1 is the highest that was ever begun."""


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
            AND EXISTS (SELECT FROM delivery newer WHERE newer.exchange_id = x.exchange_id AND newer.id > x.id)
            AND NOT EXISTS (SELECT FROM discard k WHERE k.delivery_id = x.id AND k.accepted IS NULL)))""",
    Kind.ATTEMPT: f"""
        FROM attempt x JOIN exchange e ON e.id = x.exchange_id
        WHERE x.started_at < {_OLD} AND e.state = 'done' AND x.claim_no < e.claim_no""",
    Kind.DOCUMENT: f"""
        FROM document x JOIN exchange e ON e.id = x.exchange_id
        WHERE coalesce(x.ended_at, x.begun_at) < {_OLD} AND e.state = 'done' AND x.state = 'abandoned'
          AND NOT (x.kind = '{LEDGER_BATCH}' AND NOT EXISTS (
              SELECT FROM document n WHERE n.exchange_id = x.exchange_id AND n.kind = x.kind AND n.id > x.id))
          AND NOT EXISTS (SELECT FROM step s WHERE s.document_id = x.id AND s.state IN ('intended', 'unknown'))""",
    Kind.MESSAGE: f"FROM message x WHERE x.taken_at < {_OLD}",
}
_WITH_IDS = tuple(kind for kind in Kind if kind is not Kind.MESSAGE)
_BEFORE = {Kind.DOCUMENT: ", steps AS (DELETE FROM step USING old WHERE step.document_id = old.id)"}
_IN_WINDOW = "AND x.id > :after AND x.id <= :last"
_NEWEST: dict[Kind, TextClause] = {
    **{kind: text(f"SELECT coalesce(max(id), 0) FROM {kind}") for kind in _WITH_IDS},
    # By age, which has an index: younger ones are most of them.
    Kind.DELIVERY: text(f"SELECT coalesce(max(id), 0) FROM delivery WHERE received_at < {_OLD}"),
}
_COUNT = {kind: text(f"SELECT count(*) {_WHICH[kind]} {_IN_WINDOW}") for kind in _WITH_IDS}
_COUNT_MESSAGES = text(f"SELECT count(*) {_WHICH[Kind.MESSAGE]}")
_REMOVE: dict[Kind, TextClause] = {
    kind: text(f"""
WITH old AS (SELECT x.id {_WHICH[kind]} {_IN_WINDOW} ORDER BY x.id LIMIT :most){_BEFORE.get(kind, "")},
     gone AS (DELETE FROM {kind} USING old WHERE {kind}.id = old.id RETURNING {kind}.id)
SELECT count(*) AS count, max(id) AS last FROM gone
""")
    for kind in _WITH_IDS
}
_REMOVE_MESSAGES = text(f"""
WITH gone AS (
    DELETE FROM message WHERE ctid = ANY (ARRAY(SELECT x.ctid {_WHICH[Kind.MESSAGE]} LIMIT :most)) RETURNING 1
) SELECT count(*) FROM gone
""")
_PLACE = text("SELECT kind, after_id FROM purge_place")
_LEAVE = text("INSERT INTO purge_place (kind, after_id) VALUES (:kind, :after)")
_CLEAR = text("DELETE FROM purge_place")


def count_purgeable(engine: Engine, *, days: int) -> Purged:
    """Returns how many rows of each kind a purge would remove now; looked at window by window, as the purge does."""
    counted = Purged(dict.fromkeys(Kind, 0))
    for kind in _WITH_IDS:
        for after, last in _windows(engine, kind, days=days, after=0):
            with transaction(engine) as connection:
                values = {"days": days, "after": after, "last": last}
                counted.counts[kind] += connection.execute(_COUNT[kind], values).scalar_one()
    with transaction(engine) as connection:
        counted.counts[Kind.MESSAGE] = connection.execute(_COUNT_MESSAGES, {"days": days}).scalar_one()
    return counted


def purge(
    engine: Engine, *, days: int, for_s: float = math.inf, tell: Tell | None = None, goes_on: bool = False
) -> Purged:
    """Removes what is old, batch by batch.

    What stays for ever is walked over too, so each statement looks at a window of ids: none gets long with the years.

    Args:
        engine: The ledger.
        days: How old what is removed has to be.
        for_s: After so many seconds it stops at the end of a batch.
        tell: Is told after each batch how many rows of a kind were removed so far.
        goes_on: Begin where the last call stopped that had no time left, not at the beginning.
    """
    deadline = time.monotonic() + for_s
    done = Purged(dict.fromkeys(Kind, 0))
    begin, after = _begin(engine) if goes_on else (_WITH_IDS[0], 0)
    for kind in _WITH_IDS[_WITH_IDS.index(begin) :]:
        for first, last in _windows(engine, kind, days=days, after=after):
            if not _purge_window(engine, kind, (first, last), days=days, until=deadline, done=done, tell=tell):
                return done
        after = 0
    _purge_messages(engine, days=days, done=done, tell=tell)
    with transaction(engine) as connection:
        connection.execute(_CLEAR)
    return done


def _begin(engine: Engine) -> tuple[Kind, int]:
    with transaction(engine) as connection:
        row = connection.execute(_PLACE).one_or_none()
    return (_WITH_IDS[0], 0) if row is None else (Kind(row.kind), row.after_id)


def _windows(engine: Engine, kind: Kind, *, days: int, after: int) -> Iterator[tuple[int, int]]:
    with transaction(engine) as connection:
        newest = connection.execute(_NEWEST[kind], {"days": days} if kind is Kind.DELIVERY else {}).scalar_one()
    for start in range(after, newest, WINDOW):
        yield start, min(start + WINDOW, newest)


def _purge_window(
    engine: Engine,
    kind: Kind,
    window: tuple[int, int],
    *,
    days: int,
    until: float,
    done: Purged,
    tell: Tell | None,
) -> bool:
    """Removes what is old among a window of ids; False if the time was over before, and where to go on is kept."""
    after, last = window
    count = SOME
    while count == SOME:
        if time.monotonic() > until:
            with transaction(engine) as connection:
                connection.execute(_CLEAR)
                connection.execute(_LEAVE, {"kind": kind, "after": after})
            done.is_finished = False
            return False
        with transaction(engine) as connection:
            values = {"days": days, "after": after, "last": last, "most": SOME}
            count, newest = connection.execute(_REMOVE[kind], values).one()
        after = newest or after
        _tell(done, kind, count, tell)
    return True


def _purge_messages(engine: Engine, *, days: int, done: Purged, tell: Tell | None) -> None:
    count = SOME
    while count == SOME:
        with transaction(engine) as connection:
            count = connection.execute(_REMOVE_MESSAGES, {"days": days, "most": SOME}).scalar_one()
        _tell(done, Kind.MESSAGE, count, tell)


def _tell(done: Purged, kind: Kind, count: int, tell: Tell | None) -> None:
    done.counts[kind] += count
    if tell:
        tell(kind, done.counts[kind])
