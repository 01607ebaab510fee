"""The daily job that removes what is old. Called by jobs.py; how long things are kept is a setting of the deployment."""

from __future__ import annotations

import structlog

from connector.ledger.audit_removal import Removed, remove_audit
from connector.ledger.people import note_decision
from connector.ledger.purging import Purged, purge
from connector.ledger.session import transaction
from workers.process import Process
from workers.rounds import Turned

TURN_S = 60.0
"""What waits in the same queue comes in between."""

log = structlog.get_logger()


def purge_daily(process: Process) -> Turned:
    """Removes what is older than CONNECTOR_KEEP_DAYS, and lines of the audit trail older than CONNECTOR_KEEP_AUDIT_DAYS.

    Goes on at once in another run if there is much.
    """
    days = process.runtime.settings.keep_days
    purged = purge(process.runtime.engine, days=days, for_s=TURN_S, goes_on=True) if days else Purged()
    _note(process, purged)
    if not purged.is_finished:
        return Turned(f"removed {sum(purged.counts.values())}", is_finished=False)
    removed = _purge_audit(process)
    if not days:
        return Turned(f"removed {removed.lines} lines of the audit trail, all else is kept (CONNECTOR_KEEP_DAYS is 0)")
    return Turned(f"removed {sum(purged.counts.values()) + removed.lines}", is_finished=removed.is_finished)


def _note(process: Process, purged: Purged) -> None:
    counts = {str(kind): count for kind, count in purged.counts.items() if count}
    if counts:
        log.info("purged", **counts)
        told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        with transaction(process.runtime.engine) as connection:
            note_decision(connection, "purged", store=None, key="ledger", who="connector", why=told)


def _purge_audit(process: Process) -> Removed:
    days = process.runtime.settings.keep_audit_days
    if not days:
        return Removed(0)
    why = f"older than {days} days (CONNECTOR_KEEP_AUDIT_DAYS)"
    removed = remove_audit(process.runtime.engine, days=days, who="connector", why=why, for_s=TURN_S)
    if removed.lines:
        log.info("audit_removed", lines=removed.lines)
    return removed
