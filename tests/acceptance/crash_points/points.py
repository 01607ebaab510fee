"""What a crash point is and what can happen at one; used by every module of this package."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What the connector does at a point."""

    COMMIT = "commit"
    M3 = "M3"
    SHOP = "shop"


@dataclass(frozen=True)
class Point:
    """One commit or one remote write of a flow or job. Points of the same name are one row of the table."""

    kind: Kind
    flow: str
    name: str


class Fault(StrEnum):
    """What can go wrong at a point."""

    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"  # it took effect; nothing was kept of what came back
    LEDGER_LOST_BEFORE = "ledger lost before"  # the database is gone before the commit reaches it
    LEDGER_LOST_AFTER = "ledger lost after"  # the commit took effect, and the answer is lost
    LOST_NOT_DONE = "lost, not done"
    LOST_DONE = "lost, done"
    LATE = "late"  # the gateway gave up (504); executed within the settle time
    VERY_LATE = "very late"  # we gave up; executed after the connector looked, which no settle time covers
    REFUSED = "refused"
    LOCKED = "locked"
    STOPPED = "stopped"  # the bulk was stopped before it (notProcessed)
    HTTP_429 = "429"
    HTTP_503 = "503"
    HTTP_504 = "504"
    HTTP_401 = "401"


ON_COMMIT = (Fault.KILLED_BEFORE, Fault.KILLED_AFTER, Fault.LEDGER_LOST_BEFORE, Fault.LEDGER_LOST_AFTER)
ON_M3 = (
    *(Fault.KILLED_BEFORE, Fault.KILLED_AFTER, Fault.LOST_NOT_DONE, Fault.LOST_DONE, Fault.LATE, Fault.VERY_LATE),
    *(Fault.REFUSED, Fault.LOCKED, Fault.STOPPED),
    *(Fault.HTTP_429, Fault.HTTP_503, Fault.HTTP_504, Fault.HTTP_401),
)
ON_SHOP = (
    *(Fault.KILLED_BEFORE, Fault.KILLED_AFTER, Fault.LOST_DONE, Fault.LATE, Fault.REFUSED),
    *(Fault.HTTP_429, Fault.HTTP_503, Fault.HTTP_504, Fault.HTTP_401),
)
FAULTS = {Kind.COMMIT: ON_COMMIT, Kind.M3: ON_M3, Kind.SHOP: ON_SHOP}
"""What can happen at a point of each kind."""

AGAIN = {
    Kind.COMMIT: (Fault.KILLED_AFTER,),
    Kind.M3: (Fault.KILLED_AFTER, Fault.LOST_DONE, Fault.LATE),
    Kind.SHOP: (Fault.KILLED_AFTER, Fault.LOST_DONE),
}
"""What is played at a point that an earlier story had, too: the context is another, the answers are read by the same code.

A process killed before a point leaves what one killed after the point before it leaves, so that is not told again.
"""

IN_M3 = {
    Fault.LOST_NOT_DONE: "drop_before_commit",
    Fault.LOST_DONE: "drop_after_commit",
    Fault.REFUSED: "nok",
    Fault.LOCKED: "lock",
    Fault.STOPPED: "terminate",
    Fault.HTTP_429: "http_429",
    Fault.HTTP_503: "http_503",
    Fault.HTTP_504: "http_504",
    Fault.HTTP_401: "token_revoke",
}
"""The faults the sandbox M3 plays, by its names. What comes late is held back on the way to it."""

IN_SHOP = {
    Fault.LOST_DONE: "drop_after_commit",
    Fault.LATE: "late_answer",
    Fault.REFUSED: "http_400",
    Fault.HTTP_429: "http_429",
    Fault.HTTP_503: "http_503",
    Fault.HTTP_504: "http_504",
    Fault.HTTP_401: "http_401",
}
"""The faults the sandbox shop plays, by its names."""

SHOWS_AS = {
    Fault.LOST_NOT_DONE: "ConnectionError",
    Fault.LOST_DONE: "ConnectionError",
    Fault.LATE: "504",
    Fault.REFUSED: "200",
    Fault.LOCKED: "200",
    Fault.STOPPED: "200",
    Fault.HTTP_429: "429",
    Fault.HTTP_503: "503",
    Fault.HTTP_504: "504",
    Fault.HTTP_401: "401",
}
"""What the connector sees of a fault on the wire: a status or the end of the connection. The shop refuses with 400."""
