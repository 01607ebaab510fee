"""The daily job that removes what is old. Called by jobs.py; how long things are kept is a setting of the deployment."""

from __future__ import annotations

import structlog

from connector.ledger.people import note_decision
from connector.ledger.purging import purge
from connector.ledger.session import transaction
from workers.process import Process
from workers.rounds import Turned

TURN_S = 60.0
"""What waits in the same queue comes in between."""

log = structlog.get_logger()


def purge_daily(process: Process) -> Turned:
    """Removes what is older than CONNECTOR_KEEP_DAYS; goes on at once in another run if there is much."""
    days = process.runtime.settings.keep_days
    if not days:
        return Turned("everything is kept (CONNECTOR_KEEP_DAYS is 0)")
    purged = purge(process.runtime.engine, days=days, for_s=TURN_S, goes_on=True)
    removed = {str(kind): count for kind, count in purged.counts.items() if count}
    if removed:
        log.info("purged", **removed)
        told = ", ".join(f"{count} {kind}" for kind, count in removed.items())
        with transaction(process.runtime.engine) as connection:
            note_decision(connection, "purged", store=None, key="ledger", who="connector", why=told)
    return Turned(f"removed {sum(purged.counts.values())}", is_finished=purged.is_finished)
