"""What becomes of a periodic job that fails, for a store or as a whole: noted, tried again later, told. Used by rounds.py.

As an exchange, a job ends well, waits with a time, or waits for a person with a reason and a remedy; the note is
connector/ledger/job_troubles.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from connector.errors import ConfigurationError, ConnectorError, PermanentError, WaitingError
from connector.ledger.job_troubles import INSTALLATION, failures_before, note_trouble, note_well
from connector.ledger.session import transaction
from connector.ledger.stores import pause_store
from connector.logs import places_of
from workers.fates import LONGEST_BATCH_PAUSE_S, jitter, where_it_failed
from workers.process import Process

PAUSES_S = (60, 120, 300)
"""After a bug, which may lie in reading the store, and for a store whose own entry (`retry.backoff_s`) cannot be read."""

log = structlog.get_logger()


@dataclass(frozen=True)
class _Words:
    code: str
    reason: str
    resolution: str
    needs_person: bool
    wait_s: float = 0.0


def job_went_well(process: Process, store: str, *, job: str) -> None:
    """Notes it, if the job failed before."""
    with transaction(process.runtime.engine) as connection:
        failed = note_well(connection, store, job=job)
    if failed:
        log.info("job_well_again", store=store, job=job, failed=failed)


def job_failed(process: Process, store: str, *, job: str, error: Exception) -> None:
    """Notes why, and when it is tried again: after growing pauses with equal jitter, as exchanges are.

    Without a store (INSTALLATION) it is the job itself that failed.

    A wrong configuration pauses the store. If shop and M3 answered the probe and the same job fails so again, it is the job
    that waits for a person, not the store.
    """
    words = _words(error)
    if not isinstance(error, ConnectorError):  # its text may hold a person's data
        log.error("job_bug", store=store, job=job, error=type(error).__name__, where=places_of(error))
    pauses = _pauses_s(process, store) if isinstance(error, ConnectorError) else PAUSES_S
    with transaction(process.runtime.engine) as connection:
        count, last_code = failures_before(connection, store, job=job)
        is_pause = bool(store) and isinstance(error, ConfigurationError) and last_code != words.code
        note_trouble(
            connection,
            store,
            job=job,
            code=words.code,
            reason=words.reason,
            resolution=words.resolution,
            needs_person=words.needs_person and not is_pause,
            next_in_s=max(words.wait_s, min(jitter(pauses[min(count, len(pauses) - 1)]), LONGEST_BATCH_PAUSE_S)),
        )
        if is_pause:
            pause_store(connection, store, by="connector", reason=f"{words.reason} {words.resolution}")
    log.warning("job_failed", store=store, job=job, code=words.code, reason=words.reason, in_a_row=count + 1)
    if is_pause:
        log.error("store_paused", store=store, reason=words.reason)


def _words(error: Exception) -> _Words:
    if not isinstance(error, ConnectorError):
        report = "Report it with the log line job_bug; it is tried again by itself, and works after the update."
        return _Words("bug", where_it_failed(error), report, needs_person=True)
    return _Words(
        error.code,
        error.message or error.code,
        error.resolution,
        needs_person=isinstance(error, PermanentError | ConfigurationError),
        wait_s=(error.retry_after_s or 0.0) if isinstance(error, WaitingError) else 0.0,
    )


def _pauses_s(process: Process, store: str) -> tuple[float, ...]:
    if store == INSTALLATION:
        return PAUSES_S
    try:
        return process.runtime.store(store).config.retry.backoff_s
    except ConnectorError:
        return PAUSES_S
