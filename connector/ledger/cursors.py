"""How far polls have surely read, and whose turn a periodic job is. Called by workers/jobs.py and the polls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

_READ = text("SELECT value FROM cursor WHERE store = :store AND name = :name")
_MOVE = text("""
INSERT INTO cursor (store, name, value) VALUES (:store, :name, :value)
ON CONFLICT (store, name) DO UPDATE SET value = excluded.value, progress = NULL, moved_at = ledger_now()
""")
_READ_POLL = text("SELECT value, progress, moved_at FROM cursor WHERE store = :store AND name = :name")
_KEEP_PROGRESS = text("""
INSERT INTO cursor AS c (store, name, value, progress) VALUES (:store, :name, :value, CAST(:after AS jsonb))
ON CONFLICT (store, name) DO UPDATE SET progress = excluded.progress
WHERE c.moved_at = CAST(:moved_at AS timestamptz) AND c.progress IS NOT DISTINCT FROM CAST(:before AS jsonb)
RETURNING value, progress, moved_at
""")
_LOCK_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended('turn/' || :job, 0))")
_TURN = text("""
INSERT INTO slot AS s (job, slot, worker, lease_until)
SELECT :job, present.slot, :worker, ledger_now() + make_interval(secs => :lease_s)
FROM (SELECT to_timestamp(floor(extract(epoch FROM ledger_now()) / :every_s) * :every_s) AS slot) AS present
WHERE NOT EXISTS (
    SELECT 1 FROM slot AS earlier
    WHERE earlier.job = :job AND earlier.slot < present.slot AND earlier.worker <> :worker
      AND earlier.done_at IS NULL AND earlier.lease_until > ledger_now()
)
ON CONFLICT (job, slot) DO UPDATE SET worker = excluded.worker, lease_until = excluded.lease_until
WHERE s.done_at IS NULL AND s.lease_until < ledger_now()
RETURNING slot
""")
_RENEW = text("""
UPDATE slot SET lease_until = ledger_now() + make_interval(secs => :lease_s)
WHERE job = :job AND slot = :slot AND worker = :worker AND done_at IS NULL
""")
_LEAVE = text("""
UPDATE slot SET lease_until = ledger_now()
WHERE job = :job AND slot = :slot AND worker = :worker AND done_at IS NULL
""")
_FINISH = text("UPDATE slot SET done_at = ledger_now() WHERE job = :job AND slot = :slot AND worker = :worker")
_FORGET = text("DELETE FROM slot WHERE slot < ledger_now() - interval '2 days'")


def read_cursor(connection: Connection, store: str, *, name: str) -> str | None:
    """Returns a cursor's value, or None if the poll never finished."""
    return connection.execute(_READ, {"store": store, "name": name}).scalar_one_or_none()


def move_cursor(connection: Connection, store: str, *, name: str, value: str) -> None:
    """Stages a new cursor value, only to what is surely stored; a poll under way has come to its end with it."""
    connection.execute(_MOVE, {"store": store, "name": name, "value": value})


@dataclass(frozen=True)
class PollState:
    """Where a poll stands: how far it has surely read, how far one under way has come, and when it last ended."""

    value: str | None = None
    progress: dict[str, Any] | None = None
    moved_at: datetime | None = None


def read_poll(connection: Connection, store: str, *, name: str) -> PollState:
    """Returns where a poll stands; everything is None if there never was one."""
    row = connection.execute(_READ_POLL, {"store": store, "name": name}).one_or_none()
    return PollState() if row is None else PollState(*row)


def keep_progress(
    connection: Connection, store: str, *, name: str, value: str, before: PollState, after: dict[str, Any]
) -> PollState | None:
    """Stages how far a poll has come, if it still stands where this worker left it.

    Args:
        connection: The transaction.
        store: Whose poll.
        name: Of the cursor.
        value: What the cursor gets in the store's first poll; later it stays until the poll ends.
        before: What this worker read or kept last.
        after: What is surely stored now.

    Returns:
        Where it stands now; None if another worker has gone on meanwhile: what this one stored is right, but it must stop.
    """
    values = {"store": store, "name": name, "value": value, "after": json.dumps(after), "moved_at": before.moved_at}
    progress = json.dumps(before.progress) if before.progress else None
    row = connection.execute(_KEEP_PROGRESS, values | {"before": progress}).one_or_none()
    return None if row is None else PollState(*row)


def take_turn(connection: Connection, job: str, *, every_s: int, worker: str, lease_s: int) -> datetime | None:
    """Takes the present turn of a job: one worker per turn; a dead one's turn is taken over when its lease ends.

    A turn that takes longer than `every_s` is not joined by the next one: there is none while another worker is at it.
    However many turns nobody took, there is one to take: the present one.

    Returns:
        The turn to pass to the functions below, or None if it is done, or another worker has it or is still at an earlier one.
    """
    connection.execute(_LOCK_TURNS, {"job": job})  # else two that begin at the edge of a turn do not see each other
    values = {"job": job, "every_s": every_s, "worker": worker, "lease_s": lease_s}
    return connection.execute(_TURN, values).scalar_one_or_none()


def renew_turn(connection: Connection, job: str, *, turn: datetime, worker: str, lease_s: int) -> None:
    """Stages a longer lease of a turn that is still ours."""
    connection.execute(_RENEW, {"job": job, "slot": turn, "worker": worker, "lease_s": lease_s})


def leave_turn(connection: Connection, job: str, *, turn: datetime, worker: str) -> None:
    """Stages that the turn is not done, and anybody may go on with it at once."""
    connection.execute(_LEAVE, {"job": job, "slot": turn, "worker": worker})


def finish_turn(connection: Connection, job: str, *, turn: datetime, worker: str) -> None:
    """Stages that the turn is done."""
    connection.execute(_FINISH, {"job": job, "slot": turn, "worker": worker})
    connection.execute(_FORGET)


_NOW = text("SELECT ledger_now()")
_CREATED = text("SELECT created_at FROM store WHERE name = :store")
_OPEN_ORDERS = text("""
SELECT CAST(x.business_key AS bigint) FROM exchange x
WHERE x.store = :store AND x.flow = 'orders_to_m3' AND x.business_key NOT LIKE '%@%'
  AND x.first_seen_at > ledger_now() - interval '60 days'
  AND (x.state <> 'done' OR x.settled_at > ledger_now() - interval '14 days' AND EXISTS (
      SELECT 1 FROM document d WHERE d.exchange_id = x.id AND d.state = 'confirmed'))
ORDER BY x.id DESC LIMIT 2000
""")


def now(connection: Connection) -> datetime:
    """Returns the ledger's time, by which everything is decided."""
    moment: datetime = connection.execute(_NOW).scalar_one()
    return moment


def store_created_at(connection: Connection, store: str) -> datetime:
    """Returns when a store was added: what changed in its shop since then is ours to carry."""
    moment: datetime = connection.execute(_CREATED, {"store": store}).scalar_one()
    return moment


def open_order_ids(connection: Connection, store: str) -> list[int]:
    """Returns the shop ids of orders whose change still matters to M3: not settled, or posted in the last two weeks.

    Settled without a document (an abandoned checkout, an order deleted in the shop) they are nothing to M3.
    """
    return [int(one) for one in connection.execute(_OPEN_ORDERS, {"store": store}).scalars()]


_KNOWN_MISSING = text("""
SELECT CAST(e.business_key AS bigint) FROM exchange e
WHERE e.store = :store AND e.flow = 'orders_to_m3' AND e.business_key = ANY(:keys) AND 'poll_missing' = (
    SELECT d.source FROM delivery d WHERE d.exchange_id = e.id ORDER BY d.id DESC LIMIT 1)
""")


def known_missing(connection: Connection, store: str, order_ids: Sequence[int]) -> set[int]:
    """Returns those of the orders that were found missing before and of which nothing was heard since."""
    keys = [str(one) for one in order_ids]
    return {int(one) for one in connection.execute(_KNOWN_MISSING, {"store": store, "keys": keys}).scalars()}
