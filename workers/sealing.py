"""The job that seals the audit trail. In the table of workers/jobs.py."""

from __future__ import annotations

import structlog

from connector.ledger.seals import seal
from workers.process import Process
from workers.rounds import Turned

MOST_SEALS = 20  # a turn; with more, the next one goes on at once

log = structlog.get_logger()


def seal_audit(process: Process) -> Turned:
    """Seals the lines that are old enough. The digest is logged: whoever keeps the log can prove the trail by it."""
    for count in range(MOST_SEALS):
        made = seal(process.runtime.engine)
        if made is None:
            return Turned(f"sealed {count}")
        log.info("audit_sealed", last_id=made.last_id, lines=made.lines, digest=made.digest)
    return Turned(f"sealed {MOST_SEALS}", is_finished=False)
