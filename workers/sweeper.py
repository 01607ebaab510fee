"""Makes sure that what is due gets a message, whatever the broker lost; run by beat every ten seconds."""

from __future__ import annotations

import structlog

from connector.broker import NOT_OF_EXCHANGES, QUEUES, TARGET_DEPTH, enqueue_alert, queue_room
from connector.errors import RemoteUnavailableError
from connector.ledger import dispatch
from connector.ledger.alerts import untold_count
from connector.ledger.session import transaction
from workers.base import send_all
from workers.process import Process

log = structlog.get_logger()


def sweep(process: Process) -> str:
    """Takes back expired leases, revives dead letters that may be cured, tops the queues up with what is due.

    Returns:
        A line for Flower.
    """
    with transaction(process.runtime.engine) as connection:
        expired = dispatch.take_back_expired(connection)
        revived = dispatch.revive_dead_letters(connection)
    if expired:
        log.warning("leases_expired", exchange_ids=expired)
    sent = sum(_top_up(process, pool) for pool in QUEUES if pool not in NOT_OF_EXCHANGES)
    with transaction(process.runtime.engine) as connection:
        due = dispatch.due_by_pool(connection)
        untold = untold_count(connection)
    if untold:
        _have_people_told(process)
    for pool, (count, oldest_s) in due.items():
        log.info("due", pool=pool, count=count, oldest_s=round(oldest_s))
    return f"expired {len(expired)}, revived {len(revived)}, sent {sent}"


def _top_up(process: Process, pool: str) -> int:
    try:
        room = queue_room(process.runtime.redis, pool)
    except RemoteUnavailableError:
        return 0
    if room == 0:
        return 0
    with transaction(process.runtime.engine) as connection:
        messages = dispatch.stamp_due(connection, pool, most=room)
    send_all(process, messages)
    return len(messages)


def _have_people_told(process: Process) -> None:
    """Leaves the telling to the pool that may wait for others, unless it has that to do already."""
    try:
        if queue_room(process.runtime.redis, "dead_letter") == TARGET_DEPTH:
            enqueue_alert(process.app, 0)
    except RemoteUnavailableError as error:
        log.warning("alert_not_sent", code=error.code)
