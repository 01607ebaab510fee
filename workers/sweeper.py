"""Makes sure that what is due gets a message, whatever the broker lost; run by beat every ten seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog

from connector.broker import (
    NOT_OF_EXCHANGES,
    QUEUES,
    TARGET_DEPTH,
    enqueue_alert,
    enqueue_first,
    enqueue_job,
    mark,
    queue_room,
    was_emptied,
)
from connector.errors import RemoteUnavailableError
from connector.ledger import dispatch
from connector.ledger.alerts import untold_count
from connector.ledger.job_troubles import due_jobs
from connector.ledger.offers import wake_due
from connector.ledger.session import OpenLedger, transaction, tried_twice
from workers.base import send_all
from workers.process import Process
from workers.schedule import queue_of
from workers.signature import is_gone

GOES_ON_S = 8.0  # less than beat waits before the next sweep
LOOK_EVERY_S = 0.5

log = structlog.get_logger()


def sweep(process: Process) -> str:
    """Takes back the leases of workers that are gone and expired ones, revives dead letters, tops the queues up.

    Returns:
        A line for Flower.
    """
    # Twice: each process has a connection from before a restart of the database, and the next sweep may run in another.
    found = tried_twice(process.runtime.engine, _look)
    if found.taken_back.exchange_ids:
        log.warning("leases_expired", exchange_ids=found.taken_back.exchange_ids, workers_gone=found.workers_gone)
        _send_first(process, found.taken_back.messages)
    send_all(process, found.woken)
    _notice_emptied(process)
    sent = _fill(process)
    with transaction(process.runtime.engine) as connection:
        due = dispatch.due_by_pool(connection)
        untold = untold_count(connection)
        failed = due_jobs(connection)
    if untold:
        _have_people_told(process)
    for job in failed:
        _have_tried_again(process, job)
    for pool, (count, oldest_s) in due.items():
        log.info("due", pool=pool, count=count, oldest_s=round(oldest_s))
    return f"expired {len(found.taken_back.exchange_ids)}, revived {found.revived}, sent {sent}"


@dataclass(frozen=True)
class _Found:
    """What a sweep set free."""

    workers_gone: int
    taken_back: dispatch.TakenBack
    revived: int
    woken: list[dispatch.DueMessage]


def _look(connection: OpenLedger) -> _Found:
    gone = [worker for worker in dispatch.running_workers(connection) if is_gone(worker)]
    return _Found(
        workers_gone=len(gone),
        taken_back=dispatch.take_back_expired(connection, gone=gone),
        revived=len(dispatch.revive_dead_letters(connection)),
        woken=wake_due(connection),
    )


def _notice_emptied(process: Process) -> None:
    """Sends everything due again, once, after the broker lost its messages; without that each waits for its own minute."""
    try:
        if not was_emptied(process.runtime.redis):
            return
        with transaction(process.runtime.engine) as connection:
            lost = dispatch.forget_sent(connection)
        mark(process.runtime.redis)
    except RemoteUnavailableError:
        return
    log.warning("broker_was_emptied", due=lost)


def _send_first(process: Process, messages: list[dispatch.DueMessage]) -> None:
    """Sends what killed workers were at; what the broker does not take is sent again with the rest."""
    try:
        enqueue_first(process.app, process.runtime.redis, messages)
    except RemoteUnavailableError as error:
        log.warning("messages_not_sent", count=len(messages), code=error.code)


def _fill(process: Process) -> int:
    """Fills all queues, and goes on with those that took as much as they could.

    Once every ten seconds alone, short work would drain twenty exchanges a second, however many the pools can run.
    """
    deadline = time.monotonic() + GOES_ON_S
    pools = [pool for pool in QUEUES if pool not in NOT_OF_EXCHANGES]
    total = 0
    while True:
        topped_up = {pool: _top_up(process, pool) for pool in pools}
        total += sum(sent for sent, _ in topped_up.values())
        pools = [pool for pool, (_, is_full) in topped_up.items() if is_full]
        if not pools or time.monotonic() > deadline:
            return total
        time.sleep(LOOK_EVERY_S)


def _top_up(process: Process, pool: str) -> tuple[int, bool]:
    """Returns how many messages it sent, and whether the queue is full now: then more may be due."""
    try:
        room = queue_room(process.runtime.redis, pool)
    except RemoteUnavailableError:
        return 0, False
    if room == 0:
        return 0, False
    # Of an empty queue no message is on its way: what was sent before is lost, or with a worker that will soon ask for it.
    resend_after_s = dispatch.RESEND_EMPTY_AFTER_S if room == TARGET_DEPTH else dispatch.RESEND_AFTER_S
    with transaction(process.runtime.engine) as connection:
        messages = dispatch.stamp_due(connection, pool, most=room, resend_after_s=resend_after_s)
    send_all(process, messages)
    return len(messages), len(messages) == room


def _have_tried_again(process: Process, job: str) -> None:
    """Sends a job that failed, unless its queue has work: beat sends some jobs once a day only."""
    queue = queue_of(job)
    try:
        if queue_room(process.runtime.redis, queue) == TARGET_DEPTH:
            enqueue_job(process.app, job, queue=queue)
    except RemoteUnavailableError as error:
        log.warning("job_not_sent", job=job, code=error.code)


def _have_people_told(process: Process) -> None:
    """Leaves the telling to the pool that may wait for others, unless it has that to do already."""
    try:
        if queue_room(process.runtime.redis, "dead_letter") == TARGET_DEPTH:
            enqueue_alert(process.app, 0)
    except RemoteUnavailableError as error:
        log.warning("alert_not_sent", code=error.code)
