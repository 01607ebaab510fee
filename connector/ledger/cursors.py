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

    A turn that takes longer than `every_s` is not joined by the next one: there is none while another worker is at it.

    Returns:
        The turn to pass to `finish_turn`, or None if it is done, or another worker has it or is still at an earlier one.
    """
    values = {"job": job, "every_s": every_s, "worker": worker, "lease_s": lease_s}
    return connection.execute(_TURN, values).scalar_one_or_none()


def finish_turn(connection: Connection, job: str, *, turn: datetime, worker: str) -> None:
    """Stages that the turn is done."""
    connection.execute(_FINISH, {"job": job, "slot": turn, "worker": worker})
    connection.execute(_FORGET)


_NOW = text("SELECT ledger_now()")
_CREATED = text("SELECT created_at FROM store WHERE name = :store")
_OPEN_ORDERS = text("""
SELECT CAST(x.business_key AS bigint) FROM exchange x
WHERE x.store = :store AND x.flow = 'orders_to_m3' AND x.first_seen_at > ledger_now() - interval '60 days'
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
