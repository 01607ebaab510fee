"""Decides which exchanges get a message: expired leases, due work, what waited. Called by workers/sweeper.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from connector.ledger.tables import State
from connector.ledger.trail import TELL_LEFT_OPEN

CRASHES_UNTIL_DEAD_LETTER = 3
RESEND_AFTER_S = 60
RESEND_EMPTY_AFTER_S = 15
"""How soon a message is sent again: while its queue holds others, and when it holds none."""


@dataclass(frozen=True)
class DueMessage:
    """A message to send: it carries the exchange id alone; the claim number only makes its task id readable."""

    exchange_id: int
    pool: str
    claim_no: int


_TAKE_BACK = text(f"""
WITH taken AS (
UPDATE exchange SET
    -- A dead letter that was only to be cleared up after stays what it was.
    state = CASE WHEN tidy_rev = wanted_rev OR crashes + 1 >= :crashes THEN 'dead_letter' ELSE 'ready' END,
    -- It keeps the time it was due at, and so its place before all that came since.
    crashes = crashes + 1, lease_until = NULL, worker = NULL,
    sent_at = CASE WHEN tidy_rev = wanted_rev OR crashes + 1 >= :crashes THEN NULL ELSE ledger_now() END,
    sends = sends + 1,
    alerted_at = CASE WHEN tidy_rev = wanted_rev THEN alerted_at END, recheck_at = NULL,
    reason_code = CASE WHEN tidy_rev = wanted_rev THEN reason_code
                       WHEN crashes + 1 >= :crashes THEN 'crashed' ELSE 'lease_expired' END,
    reason = CASE WHEN tidy_rev = wanted_rev THEN reason
                  WHEN crashes + 1 >= :crashes THEN 'The worker died three times in a row while it ran this exchange.'
                  ELSE 'The worker that ran it died or hung; it is run again.' END,
    resolution = CASE WHEN tidy_rev = wanted_rev THEN resolution WHEN crashes + 1 >= :crashes
        THEN 'Look at the log of the pool around the last attempts, then: connector dead-letters release ' || id
        ELSE '' END,
    tidy_rev = NULL
WHERE id IN (
    SELECT id FROM exchange WHERE state = 'running' AND (lease_until < ledger_now() OR worker = ANY(:gone))
    FOR UPDATE SKIP LOCKED
) AND state = 'running' AND (lease_until < ledger_now() OR worker = ANY(:gone))
RETURNING id, store, claim_no, pool, state
), left_open AS (
    SELECT s.id, s.claim_no, s.told, t.store, t.id AS exchange_id FROM taken t JOIN document d ON d.exchange_id = t.id
    JOIN step s ON s.document_id = d.id WHERE s.state = 'intended' AND s.told <> '[]'
), closed AS (
    UPDATE step s SET told = '[]' FROM left_open o WHERE s.id = o.id
), told AS ({TELL_LEFT_OPEN}), cut_off AS (
    UPDATE attempt a SET ended_at = ledger_now(), outcome = 'cut_off', code = 'lease_expired',
        message = 'The worker died or hung; nothing more is known of this attempt.'
    FROM taken t WHERE a.exchange_id = t.id AND a.claim_no = t.claim_no
)
SELECT id, pool, claim_no, state FROM taken
""")


@dataclass(frozen=True)
class TakenBack:
    """Exchanges of workers that are gone or hung: all of them, and the messages for those that are to run again at once."""

    exchange_ids: list[int]
    messages: list[DueMessage]


def take_back_expired(connection: Connection, *, gone: Sequence[str] = ()) -> TakenBack:
    """Takes exchanges back whose lease ran out or whose worker is gone; the third crash in a row makes a dead letter.

    The audit trail is told of the writes their runs had intended, once: nobody else may ever look at them.
    The messages are stamped as sent: send them before all others, for each may hold something half made in M3.
    """
    rows = connection.execute(_TAKE_BACK, {"crashes": CRASHES_UNTIL_DEAD_LETTER, "gone": list(gone)}).all()
    due = [DueMessage(row.id, row.pool, row.claim_no) for row in rows if row.state == State.READY]
    return TakenBack([row.id for row in rows], due)


_RUNNING = text("SELECT DISTINCT worker FROM exchange WHERE state = 'running' AND worker IS NOT NULL")


def running_workers(connection: Connection) -> list[str]:
    """Returns the names of the workers that hold an exchange."""
    return list(connection.execute(_RUNNING).scalars())


_REVIVE = text("""
UPDATE exchange SET state = 'ready', recheck_at = NULL, next_attempt_at = ledger_now(), sent_at = NULL
WHERE state = 'dead_letter' AND recheck_at <= ledger_now() RETURNING id
""")


def revive_dead_letters(connection: Connection) -> list[int]:
    """Makes dead letters due that may have cured themselves (an item now known, a batch order released in OIS275)."""
    return list(connection.execute(_REVIVE).scalars())


_DUE = text("""
WITH due AS (
    SELECT e.id, row_number() OVER (PARTITION BY e.store ORDER BY e.next_attempt_at, e.id) AS turn, e.next_attempt_at
    FROM exchange e JOIN store s ON s.name = e.store AND s.paused_by IS NULL
    WHERE e.pool = :pool AND e.state IN ('ready', 'waiting', 'blocked')
      AND NOT EXISTS (SELECT FROM flow_pause p WHERE p.store = e.store AND p.flow = e.flow)
      AND e.next_attempt_at <= ledger_now() AND coalesce(e.not_before <= ledger_now(), true)
      AND coalesce(e.sent_at < ledger_now() - make_interval(secs => :resend), true)
), chosen AS (
    -- The row of a worker that froze between its claim and its commit is locked: it must not hold up all others.
    SELECT e.id, due.turn FROM due JOIN exchange e ON e.id = due.id
    WHERE coalesce(e.sent_at < ledger_now() - make_interval(secs => :resend), true)
    ORDER BY due.turn, due.next_attempt_at, e.id LIMIT :most FOR UPDATE OF e SKIP LOCKED
)
UPDATE exchange e SET sent_at = ledger_now(), sends = e.sends + 1
FROM chosen c WHERE e.id = c.id AND coalesce(e.sent_at < ledger_now() - make_interval(secs => :resend), true)
RETURNING e.id, e.claim_no, e.next_attempt_at, c.turn
""")


def stamp_due(
    connection: Connection, pool: str, *, most: int, resend_after_s: float = RESEND_AFTER_S
) -> list[DueMessage]:
    """Chooses at most `most` due exchanges of a pool, oldest first, in turn over running stores; stamps them sent.

    None is chosen again within `resend_after_s`, also by a second beat.
    """
    rows = connection.execute(_DUE, {"pool": pool, "most": most, "resend": resend_after_s}).all()
    in_turn = sorted(rows, key=lambda row: (row.turn, row.next_attempt_at, row.id))
    return [DueMessage(row.id, pool, row.claim_no) for row in in_turn]


_LEAVE = text("""
UPDATE exchange SET sent_at = NULL, sends = sends - 1
WHERE id = ANY(:ids) AND state IN ('ready', 'waiting', 'blocked') AND sends > 0
""")


def leave_to_sweeper(connection: Connection, exchange_ids: list[int]) -> None:
    """Takes back the stamp of messages that were not sent, so that the sweeper sends them in their turn."""
    connection.execute(_LEAVE, {"ids": exchange_ids})


_FORGET_SENT = text("""
UPDATE exchange SET sent_at = NULL WHERE id IN (
    SELECT id FROM exchange
    WHERE state IN ('ready', 'waiting', 'blocked') AND next_attempt_at <= ledger_now() AND sent_at IS NOT NULL
    FOR UPDATE SKIP LOCKED
)
""")


def forget_sent(connection: Connection) -> int:
    """Takes back the stamps of all messages, since the broker lost them; returns how many are to be sent again."""
    return int(connection.execute(_FORGET_SENT).rowcount)


@dataclass(frozen=True)
class Waiting:
    """A due exchange that nobody runs, and whose it is."""

    exchange_id: int
    store: str
    pool: str


_WAITING = text("""
SELECT id, store, pool FROM exchange WHERE id = :id AND state IN ('ready', 'waiting', 'blocked')
  AND next_attempt_at <= ledger_now() AND coalesce(not_before <= ledger_now(), true)
""")


def find_waiting(connection: Connection, exchange_id: int) -> Waiting | None:
    """Returns an exchange if it is due and free."""
    row = connection.execute(_WAITING, {"id": exchange_id}).one_or_none()
    return None if row is None else Waiting(*row)


_OLDEST_DUE = text("""
SELECT e.id, s.name, :pool FROM store s CROSS JOIN LATERAL (
    SELECT id, next_attempt_at FROM exchange
    WHERE store = s.name AND pool = :pool AND state IN ('ready', 'waiting', 'blocked')
      AND NOT EXISTS (SELECT FROM flow_pause p WHERE p.store = exchange.store AND p.flow = exchange.flow)
      AND next_attempt_at <= ledger_now() AND coalesce(not_before <= ledger_now(), true)
    ORDER BY next_attempt_at, id LIMIT 1
) e WHERE s.paused_by IS NULL AND s.name <> ALL(:besides) ORDER BY e.next_attempt_at, e.id LIMIT 1
""")


def oldest_due(connection: Connection, pool: str, *, besides: list[str]) -> Waiting | None:
    """Returns the oldest due exchange of a pool, of the running stores that are not named."""
    row = connection.execute(_OLDEST_DUE, {"pool": pool, "besides": besides}).one_or_none()
    return None if row is None else Waiting(*row)


_WAKE = text("""
UPDATE exchange SET next_attempt_at = ledger_now(), sent_at = ledger_now(), sends = sends + 1
WHERE state = 'blocked' AND blocked_kind = :kind AND blocked_key = :key RETURNING id, pool, claim_no
""")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:kind || '/' || :key, 0))")


def wake_blocked(connection: Connection, kind: str, *, key: str) -> list[DueMessage]:
    """Makes the exchanges due that waited for `key` of `kind`; stage it with the settlement of the awaited one."""
    connection.execute(_LOCK, {"kind": kind, "key": key})
    rows = connection.execute(_WAKE, {"kind": kind, "key": key}).all()
    return [DueMessage(row.id, row.pool, row.claim_no) for row in rows]


_IS_DONE = text("""
SELECT EXISTS (SELECT 1 FROM exchange WHERE flow = :kind AND scope || '/' || business_key = :key AND state = 'done')
""")


def is_settled(connection: Connection, kind: str, *, key: str) -> bool:
    """Tells whether the exchange waited for is done, under the lock of `wake_blocked`, so that neither misses."""
    connection.execute(_LOCK, {"kind": kind, "key": key})
    return bool(connection.execute(_IS_DONE, {"kind": kind, "key": key}).scalar_one())


_OLDEST = text("""
SELECT pool, count(*) AS due, extract(epoch FROM ledger_now() - min(next_attempt_at)) AS oldest_s
FROM exchange WHERE state IN ('ready', 'waiting', 'blocked') AND next_attempt_at <= ledger_now()
  AND coalesce(not_before <= ledger_now(), true) GROUP BY pool
""")


def due_by_pool(connection: Connection) -> dict[str, tuple[int, float]]:
    """Returns per pool how many exchanges are due and the age of the oldest in seconds."""
    return {row.pool: (row.due, float(row.oldest_s)) for row in connection.execute(_OLDEST)}
