"""Lets every running store have its share of a periodic job, in rounds. Used by workers/jobs.py and workers/pulls.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from connector.errors import LedgerUnavailableError
from connector.flows.context import StoreContext
from connector.ledger.job_troubles import INSTALLATION, waiting_jobs
from connector.ledger.session import is_unavailable, transaction
from connector.ledger.stores import StoreRow, list_stores
from workers.process import Process
from workers.troubles import job_failed, job_went_well

TURN_S = 240.0
"""After this a turn is left for the next run, well before the time limit of a task."""
SHARE_S = 20.0
"""How long one store's part may go on before the next store has its share."""


@dataclass(frozen=True)
class Turned:
    """What a turn did, for Flower; not finished: the next run goes on at once."""

    text: str
    is_finished: bool = True


@dataclass(frozen=True)
class Part:
    """One store's part of a job. `go_on` works for SHARE_S at most and tells whether the part is finished.

    `job` is the name under which it is noted if it fails: that of the job, and of the part where a store has several.
    """

    store: str
    job: str
    go_on: Callable[[], bool]


def in_rounds(process: Process, parts: list[Part], *, for_s: float) -> Turned:
    """Does the parts in rounds until all are finished or the time is over, so that a long one does not hold up the others.

    However little time there is, each part has its share once: a slow ledger only makes a turn shorter.

    A part that fails is left for a later turn, when its pause is over; one store's trouble leaves the others alone.
    """
    deadline = time.monotonic() + for_s
    count, failed = len({part.store for part in parts}), 0
    parts, waiting = _due(process, parts)
    while parts:
        unfinished: list[Part] = []
        for part in parts:
            failed += not is_done(process, part.store, part.job, partial(_go_on, part, unfinished))
        parts = unfinished
        if time.monotonic() >= deadline:
            break
    text = _counted(count, failed, waiting) + (f", {len(parts)} go on" if parts else "")
    return Turned(text, is_finished=not parts)


def _due(process: Process, parts: list[Part]) -> tuple[list[Part], int]:
    """Returns the parts whose pause after a failure is over, and how many wait."""
    with transaction(process.runtime.engine) as connection:
        waiting = waiting_jobs(connection)
    due = [part for part in parts if (part.store, part.job) not in waiting]
    return due, len(parts) - len(due)


def _counted(count: int, failed: int, waiting: int) -> str:
    return f"{count} stores, {failed} failed" + (f", {waiting} wait" if waiting else "")


def _go_on(part: Part, unfinished: list[Part]) -> None:
    if not part.go_on():
        unfinished.append(part)


def each_store(process: Process, job: str, work: Callable[[StoreContext], None]) -> Turned:
    """Does the work for every running store; one store's trouble leaves the others alone."""
    parts = [Part(row.name, job, partial(_work_for, process, row, work)) for row in running_stores(process)]
    due, waiting = _due(process, parts)
    failed = sum(not is_done(process, part.store, job, part.go_on) for part in due)
    return Turned(_counted(len(parts), failed, waiting))


def running_stores(process: Process) -> list[StoreRow]:
    """Returns the stores that are not paused."""
    with transaction(process.runtime.engine) as connection:
        return [row for row in list_stores(connection) if row.paused_by is None]


def _work_for(process: Process, row: StoreRow, work: Callable[[StoreContext], None]) -> bool:
    work(process.runtime.store(row.name, version=row.version))
    return True


def as_a_whole(process: Process, job: str, work: Callable[[Process], Turned]) -> Turned | None:
    """Does a job and notes how it went, besides what is noted of its stores; None if it failed, or still waits after a failure.

    Raises:
        LedgerUnavailableError: The database is away, so that nothing can be done or noted.
    """
    with transaction(process.runtime.engine) as connection:
        if (INSTALLATION, job) in waiting_jobs(connection):
            return None
    turned: list[Turned] = []
    is_done(process, INSTALLATION, job, lambda: turned.append(work(process)))
    return turned[0] if turned else None


def is_done(process: Process, store: str, job: str, work: Callable[[], object]) -> bool:
    """Does one store's part of a job, or all of it, and notes how it went; tells whether it went well.

    Raises:
        LedgerUnavailableError: The database is away, so that no store's part can be done.
    """
    try:
        work()
    except LedgerUnavailableError:
        raise
    except Exception as error:
        if is_unavailable(error):
            raise LedgerUnavailableError("The ledger database dropped the connection of a job.") from error
        job_failed(process, store, job=job, error=error)  # a bug must not stop the jobs of other stores, nor other jobs
        return False
    job_went_well(process, store, job=job)
    return True
