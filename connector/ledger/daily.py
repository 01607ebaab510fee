"""Which daily jobs of which stores were done, by slot: the moment each was due. Called by workers/pulls.py and workers/rates.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

_IS_DONE = text("SELECT EXISTS (SELECT 1 FROM slot WHERE job = :job AND slot >= :slot AND done_at IS NOT NULL)")
_FINISH = text("""
INSERT INTO slot (job, slot, worker, lease_until, done_at) VALUES (:job, :slot, :worker, ledger_now(), ledger_now())
ON CONFLICT (job, slot) DO UPDATE SET done_at = coalesce(slot.done_at, excluded.done_at)
""")


def is_slot_done(connection: Connection, job: str, *, slot: datetime) -> bool:
    """Tells whether a job was done for this slot or a later one; slots nobody was there for before it are not made up for."""
    done: bool = connection.execute(_IS_DONE, {"job": job, "slot": slot}).scalar_one()
    return done


def finish_slot(connection: Connection, job: str, *, slot: datetime, worker: str) -> None:
    """Stages that a job is done for this slot; any number of times."""
    connection.execute(_FINISH, {"job": job, "slot": slot, "worker": worker})
