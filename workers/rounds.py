"""Lets every running store have its share of a periodic job, in rounds. Used by workers/jobs.py and workers/pulls.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from connector.errors import ConfigurationError, ConnectorError, LedgerUnavailableError
from connector.flows.context import StoreContext
from connector.ledger.session import transaction
from connector.ledger.stores import StoreRow, list_stores, pause_store
from workers.process import Process

TURN_S = 240.0
"""After this a turn is left for the next run, well before the time limit of a task."""
SHARE_S = 20.0
"""How long one store's part may go on before the next store has its share."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Turned:
    """What a turn did, for Flower; not finished: the next run goes on at once."""

    text: str
    is_finished: bool = True


@dataclass(frozen=True)
class Part:
    """One store's part of a job. `go_on` works for SHARE_S at most and tells whether the part is finished."""

    store: str
    go_on: Callable[[], bool]


def in_rounds(process: Process, parts: list[Part], *, for_s: float) -> Turned:
    """Does the parts in rounds until all are finished or the time is over, so that a long one does not hold up the others.

    A part that fails is left for the next turn; one store's trouble leaves the others alone.
    """
    deadline = time.monotonic() + for_s
    count, failed = len({part.store for part in parts}), 0
    while parts and time.monotonic() < deadline:
        unfinished: list[Part] = []
        for part in parts:
            failed += not is_done(process, part.store, partial(_go_on, part, unfinished))
        parts = unfinished
    text = f"{count} stores, {failed} failed" + (f", {len(parts)} go on" if parts else "")
    return Turned(text, is_finished=not parts)


def _go_on(part: Part, unfinished: list[Part]) -> None:
    if not part.go_on():
        unfinished.append(part)


def each_store(process: Process, work: Callable[[StoreContext], None]) -> Turned:
    """Does the work for every running store; one store's trouble leaves the others alone."""
    rows = running_stores(process)
    failed = sum(not is_done(process, row.name, partial(_work_for, process, row, work)) for row in rows)
    return Turned(f"{len(rows)} stores, {failed} failed")


def running_stores(process: Process) -> list[StoreRow]:
    """Returns the stores that are not paused."""
    with transaction(process.runtime.engine) as connection:
        return [row for row in list_stores(connection) if row.paused_by is None]


def _work_for(process: Process, row: StoreRow, work: Callable[[StoreContext], None]) -> None:
    work(process.runtime.store(row.name, version=row.version))


def is_done(process: Process, name: str, work: Callable[[], None]) -> bool:
    """Does one store's part of a job; tells whether it went well.

    Raises:
        LedgerUnavailableError: The database is away, so that no store's part can be done.
    """
    try:
        work()
    except LedgerUnavailableError:
        raise
    except ConnectorError as error:
        _store_failed(process, name, error)
        return False
    except Exception as error:  # noqa: BLE001 - one store's bug must not stop the jobs of all others
        log.error("job_bug", store=name, error=type(error).__name__)
        return False
    return True


def _store_failed(process: Process, name: str, error: ConnectorError) -> None:
    log.warning("job_failed", store=name, code=error.code, reason=error.message)
    if isinstance(error, ConfigurationError):
        with transaction(process.runtime.engine) as connection:
            pause_store(connection, name, by="connector", reason=f"{error.message} {error.resolution}")
        log.error("store_paused", store=name, reason=error.message)
