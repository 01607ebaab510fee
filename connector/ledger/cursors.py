"""How far polls have surely read, and whose turn a periodic job is. Called by workers/schedule.py and the polls."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

_READ = text("SELECT value FROM cursor WHERE store = :store AND name = :name")
_MOVE = text("""
INSERT INTO cursor (store, name, value) VALUES (:store, :name, :value)
ON CONFLICT (store, name) DO UPDATE SET value = excluded.value, moved_at = ledger_now()
""")
_TURN = text("""
INSERT INTO slot AS s (job, slot, worker, lease_until)
SELECT :job, to_timestamp(floor(extract(epoch FROM ledger_now()) / :every_s) * :every_s), :worker,
       ledger_now() + make_interval(secs => :lease_s)
ON CONFLICT (job, slot) DO UPDATE SET worker = excluded.worker, lease_until = excluded.lease_until
WHERE s.done_at IS NULL AND s.lease_until < ledger_now()
RETURNING slot
""")
_FINISH = text("UPDATE slot SET done_at = ledger_now() WHERE job = :job AND slot = :slot AND worker = :worker")
_FORGET = text("DELETE FROM slot WHERE slot < ledger_now() - interval '2 days'")


def read_cursor(connection: Connection, store: str, *, name: str) -> str | None:
    """Returns a cursor's value, or None if the poll never finished."""
    return connection.execute(_READ, {"store": store, "name": name}).scalar_one_or_none()


def move_cursor(connection: Connection, store: str, *, name: str, value: str) -> None:
    """Stages a new cursor value; only to what is surely stored."""
    connection.execute(_MOVE, {"store": store, "name": name, "value": value})


def take_turn(connection: Connection, job: str, *, every_s: int, worker: str, lease_s: int) -> datetime | None:
    """Takes the present turn of a job: one worker per turn; a dead one's turn is taken over when its lease ends.

    Returns:
        The turn to pass to `finish_turn`, or None if it is done or another worker's.
    """
    values = {"job": job, "every_s": every_s, "worker": worker, "lease_s": lease_s}
    return connection.execute(_TURN, values).scalar_one_or_none()


def finish_turn(connection: Connection, job: str, *, turn: datetime, worker: str) -> None:
    """Stages that the turn is done."""
    connection.execute(_FINISH, {"job": job, "slot": turn, "worker": worker})
    connection.execute(_FORGET)


_NOW = text("SELECT ledger_now()")
_OPEN_ORDERS = text("""
SELECT CAST(business_key AS bigint) FROM exchange
WHERE store = :store AND flow = 'orders_to_m3' AND first_seen_at > ledger_now() - interval '60 days'
  AND (state <> 'done' OR settled_at > ledger_now() - interval '14 days') ORDER BY id DESC LIMIT 2000
""")


def now(connection: Connection) -> datetime:
    """Returns the ledger's time, by which everything is decided."""
    moment: datetime = connection.execute(_NOW).scalar_one()
    return moment


def open_order_ids(connection: Connection, store: str) -> list[int]:
    """Returns the shop ids of orders that may still change: not settled, or settled in the last two weeks."""
    return [int(one) for one in connection.execute(_OPEN_ORDERS, {"store": store}).scalars()]
