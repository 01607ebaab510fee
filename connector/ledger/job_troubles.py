"""Which periodic jobs fail for which store, or as a whole, since when, and when they are tried again.

Called by workers/troubles.py, the sweeper, alerts and `connector status`.

A job that asks a shop or M3 has no exchange that could wait or become a dead letter; this row is its place to say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

INSTALLATION = ""
"""In place of a store: the job itself fails, whatever the store."""

LASTING = timedelta(minutes=15)
"""What goes away by itself is told to people when it has not for so long."""


@dataclass(frozen=True, kw_only=True)
class JobTrouble:
    """One job that fails for a store, or as a whole (INSTALLATION)."""

    store: str
    job: str
    since: datetime
    last_at: datetime
    count: int  # in a row
    code: str
    reason: str
    resolution: str
    next_at: datetime
    is_lasting: bool  # a person has to look


@dataclass(frozen=True)
class TroubleGroup:
    """Jobs of one store that fail, or failed, for the same kind of reason; the words are those of the newest."""

    store: str
    code: str
    jobs: tuple[str, ...]
    since: datetime
    count: int
    reason: str
    resolution: str


_NOTE = text("""
INSERT INTO job_trouble AS t (store, job, code, reason, resolution, needs_person, next_at)
VALUES (:store, :job, :code, :reason, :resolution, :needs_person, ledger_now() + make_interval(secs => :next_in_s))
ON CONFLICT (store, job) DO UPDATE SET
    since = CASE WHEN t.well_at IS NULL THEN t.since ELSE excluded.since END,
    count = CASE WHEN t.well_at IS NULL THEN t.count + 1 ELSE 1 END,
    -- Told once, and once more when it turns out to be nothing that goes away by itself.
    told_at = CASE WHEN t.well_at IS NULL AND (t.needs_person OR NOT excluded.needs_person) THEN t.told_at END,
    needs_person = excluded.needs_person OR (t.well_at IS NULL AND t.needs_person),
    last_at = excluded.last_at, code = excluded.code, reason = excluded.reason, resolution = excluded.resolution,
    next_at = excluded.next_at, well_at = NULL
""")
_WELL = text("""
UPDATE job_trouble SET well_at = ledger_now() WHERE store = :store AND job = :job AND well_at IS NULL RETURNING count
""")
_FORGET = text("DELETE FROM job_trouble WHERE store = :store AND job = :job")
_BEFORE = text("SELECT count AS times, code FROM job_trouble WHERE store = :store AND job = :job AND well_at IS NULL")
_WAITING = text("SELECT store, job FROM job_trouble WHERE well_at IS NULL AND next_at > ledger_now()")
_DUE = text("""
SELECT job FROM job_trouble WHERE store = '' AND well_at IS NULL AND next_at <= ledger_now() ORDER BY job
""")
_NOW = text("UPDATE job_trouble SET next_at = ledger_now() WHERE store = :store AND well_at IS NULL")
_IS_LASTING = "(t.needs_person OR t.since <= ledger_now() - make_interval(secs => :lasting_s))"
_LIST = text(f"""
SELECT t.store, t.job, t.since, t.last_at, t.count, t.code, t.reason, t.resolution, t.next_at, {_IS_LASTING} AS is_lasting
FROM job_trouble t WHERE t.well_at IS NULL ORDER BY t.store, t.job
""")
_GROUPED = """
SELECT store, code, array_agg(job ORDER BY job) AS jobs, min(since) AS since, max(count) AS count,
       (array_agg(reason ORDER BY last_at DESC, job))[1] AS reason,
       (array_agg(resolution ORDER BY last_at DESC, job))[1] AS resolution
FROM told GROUP BY store, code ORDER BY store, code
"""
_UNTOLD = f"""
t.well_at IS NULL AND t.told_at IS NULL AND {_IS_LASTING}
AND NOT EXISTS (SELECT FROM store s WHERE s.name = t.store AND s.paused_by IS NOT NULL)
"""  # of a paused store people know already, and nothing is tried
_IS_WELL_UNTOLD = "t.well_at IS NOT NULL AND t.told_at IS NOT NULL"
_TAKE = text(f"WITH told AS (UPDATE job_trouble t SET told_at = ledger_now() WHERE {_UNTOLD} RETURNING t.*) {_GROUPED}")
_TAKE_WELL = text(
    f"WITH told AS (UPDATE job_trouble t SET told_at = NULL WHERE {_IS_WELL_UNTOLD} RETURNING t.*) {_GROUPED}"
)
_UNTELL = text("UPDATE job_trouble SET told_at = NULL WHERE store = :store AND job = ANY(:jobs) AND well_at IS NULL")
_UNTELL_WELL = text(
    "UPDATE job_trouble SET told_at = ledger_now() WHERE store = :store AND job = ANY(:jobs) AND well_at IS NOT NULL"
)
_COUNT = text(f"SELECT count(*) FROM job_trouble t WHERE ({_UNTOLD}) OR ({_IS_WELL_UNTOLD})")
_LASTING = {"lasting_s": LASTING.total_seconds()}


def note_trouble(
    connection: Connection,
    store: str,
    *,
    job: str,
    code: str,
    reason: str,
    resolution: str,
    needs_person: bool,
    next_in_s: float,
) -> None:
    """Stages that a job failed for a store, and in how many seconds it is tried again."""
    values = {"store": store, "job": job, "code": code, "reason": reason, "resolution": resolution}
    connection.execute(_NOTE, values | {"needs_person": needs_person, "next_in_s": next_in_s})


def note_well(connection: Connection, store: str, *, job: str) -> int:
    """Stages that a job went well; returns how often it had failed before."""
    return int(connection.execute(_WELL, {"store": store, "job": job}).scalar_one_or_none() or 0)


def forget_trouble(connection: Connection, store: str, *, job: str) -> None:
    """Stages that a job which the store does not ask for any more has no trouble; nobody is told that it is well again."""
    connection.execute(_FORGET, {"store": store, "job": job})


def failures_before(connection: Connection, store: str, *, job: str) -> tuple[int, str]:
    """Returns how often a job failed in a row, and the code of its last failure; (0, "") if it last went well."""
    row = connection.execute(_BEFORE, {"store": store, "job": job}).one_or_none()
    return (0, "") if row is None else (row.times, row.code)


def waiting_jobs(connection: Connection) -> set[tuple[str, str]]:
    """Returns (store, job) of those that are not tried yet again."""
    return {(row.store, row.job) for row in connection.execute(_WAITING)}


def due_jobs(connection: Connection) -> list[str]:
    """Returns the jobs that failed as a whole and whose pause is over: beat may send them only tomorrow."""
    return list(connection.execute(_DUE).scalars())


def try_again_now(connection: Connection, store: str) -> None:
    """Stages that the failing jobs of a store are tried at their next turn: a person mended something."""
    connection.execute(_NOW, {"store": store})


def list_troubles(connection: Connection) -> list[JobTrouble]:
    """Returns the jobs that fail now."""
    return [JobTrouble(**row) for row in connection.execute(_LIST, _LASTING).mappings()]


def take_untold_troubles(connection: Connection) -> list[TroubleGroup]:
    """Stamps the failing jobs people have to be told of and returns them; `untell_troubles` takes the stamps back."""
    return [_group(**row) for row in connection.execute(_TAKE, _LASTING).mappings()]


def take_untold_wells(connection: Connection) -> list[TroubleGroup]:
    """Takes the stamps of jobs that are well again after people were told; `untell_wells` puts them back."""
    return [_group(**row) for row in connection.execute(_TAKE_WELL).mappings()]


def untell_troubles(connection: Connection, groups: Sequence[TroubleGroup]) -> None:
    """Takes the stamps back of troubles nobody could be told of."""
    for one in groups:
        connection.execute(_UNTELL, {"store": one.store, "jobs": list(one.jobs)})


def untell_wells(connection: Connection, groups: Sequence[TroubleGroup]) -> None:
    """Puts the stamps back of jobs of whose being well nobody could be told."""
    for one in groups:
        connection.execute(_UNTELL_WELL, {"store": one.store, "jobs": list(one.jobs)})


def untold_troubles(connection: Connection) -> int:
    """Returns how many jobs people have to be told of: that they fail, or that they are well again."""
    return int(connection.execute(_COUNT, _LASTING).scalar_one())


def _group(*, jobs: Sequence[str], **values: object) -> TroubleGroup:
    return TroubleGroup(jobs=tuple(jobs), **values)  # type: ignore[arg-type] # the columns of _GROUPED are its fields
