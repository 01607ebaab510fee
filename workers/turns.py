"""Decides what the turn of a message is used for, so that no store holds a whole pool. Called by workers/tasks.py.

A message gives its exchange a turn. If the exchange's store has all the processes it may have, the process that got the message
waits for a place, and meanwhile runs what other stores have due: their messages may be far behind in the queue.
"""

from __future__ import annotations

import time

import structlog

from connector.errors import LedgerUnavailableError
from connector.ledger import dispatch
from connector.ledger.session import transaction
from workers.base import Ended, run_exchange
from workers.process import Process

LONGEST_WAIT_S = 5.0  # well within the time a pool has to stop
LOOK_EVERY_S = 0.25

log = structlog.get_logger()


def run_message(process: Process, exchange_id: int) -> Ended:
    """Runs the exchange of a message, or leaves it to the sweeper if its store got no place in time.

    Args:
        process: What this worker process owns.
        exchange_id: The number the message carries.

    Returns:
        What became of it. Nothing is raised but what kills the process.
    """
    try:
        if not process.runtime.has_many_stores():
            return run_exchange(process, exchange_id)
        with transaction(process.runtime.engine) as connection:
            waiting = dispatch.find_waiting(connection, exchange_id)
        return _in_turn(process, waiting) if waiting else run_exchange(process, exchange_id)
    except LedgerUnavailableError as error:
        log.error("ledger_unavailable", code=error.code)
        return Ended(None, error.message)


def _in_turn(process: Process, waiting: dispatch.Waiting) -> Ended:
    deadline = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < deadline:
        with process.places.held(waiting.store) as has_place:
            if has_place:
                return run_exchange(process, waiting.exchange_id)
        if not _run_of_another(process, waiting):
            time.sleep(LOOK_EVERY_S)
    with transaction(process.runtime.engine) as connection:
        dispatch.leave_to_sweeper(connection, [waiting.exchange_id])
    return Ended(None, f"{waiting.store} has all the processes it may have here; it is sent again")


def _run_of_another(process: Process, waiting: dispatch.Waiting) -> bool:
    """Runs the oldest due exchange of a pool among the other stores that have a place; says if one was run."""
    full = [waiting.store]
    while True:
        with transaction(process.runtime.engine) as connection:
            other = dispatch.oldest_due(connection, waiting.pool, besides=full)
        if other is None:
            return False
        with process.places.held(other.store) as has_place:
            if has_place:
                return run_exchange(process, other.exchange_id).state is not None
        full.append(other.store)
