"""Reads the ledger for times and for progress, never for the verdict. Used by run.py, nemesis.py and person.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from connector.errors import LedgerUnavailableError
from connector.ledger.session import transaction

ORDERS = "orders_to_m3"
OPEN_STATES = ("ready", "waiting", "running", "blocked")
AFTER_CONFIRM = "Batch order % is at status %"
"""How the reason of an exchange begins that waits for a person in OIS275."""


@dataclass(frozen=True)
class Look:
    """The ledger at one moment: exchanges by state, orders known to be in M3, what waits for the person."""

    states: Counter[str] = field(default_factory=Counter)
    in_m3: int = 0
    held: int = 0

    @property
    def is_open(self) -> bool:
        """Tells whether anything is under way."""
        return any(self.states[state] for state in OPEN_STATES) or self.held > 0


def look(ledger: Engine) -> Look | None:
    """Takes one look; None while the database is away."""
    rows = _rows(ledger, "SELECT state, count(*) AS many FROM exchange GROUP BY state")
    bound = _rows(ledger, "SELECT count(*) AS many FROM binding WHERE kind = 'order'")
    held = _rows(
        ledger,
        "SELECT count(*) AS many FROM exchange"
        " WHERE state = 'dead_letter' AND (reason LIKE :reason OR reason_code = 'crashed')",
        reason=AFTER_CONFIRM,
    )
    if rows is None or bound is None or held is None:
        return None
    return Look(Counter({row["state"]: row["many"] for row in rows}), bound[0]["many"], held[0]["many"])


def busy_workers(ledger: Engine) -> list[str]:
    """Returns the workers that hold an exchange now; none while the database is away."""
    rows = _rows(ledger, "SELECT worker FROM exchange WHERE state = 'running' AND worker IS NOT NULL")
    return [row["worker"] for row in rows or ()]


def moment(ledger: Engine) -> datetime | None:
    """Returns the ledger's time; None while the database is away."""
    rows = _rows(ledger, "SELECT ledger_now() AS now")
    return rows[0]["now"] if rows else None


def was_polled_since(ledger: Engine, since: datetime) -> bool:
    """Tells whether a poll of the orders began and ended after `since`."""
    rows = _rows(
        ledger,
        "SELECT 1 AS one FROM slot WHERE job = 'poll_orders' AND slot >= :since AND done_at IS NOT NULL LIMIT 1",
        since=since,
    )
    return bool(rows)


@dataclass(frozen=True)
class CutOff:
    """An attempt that ended with its worker, and when another took the exchange up again (None: nobody did)."""

    exchange_id: int
    worker: str
    started_at: datetime
    next_at: datetime | None


def cut_off_attempts(ledger: Engine, workers: Sequence[str]) -> list[CutOff]:
    """Returns the attempts of these workers that were cut off."""
    rows = _rows(
        ledger,
        "SELECT a.exchange_id, a.worker, a.started_at,"
        " (SELECT min(b.started_at) FROM attempt b"
        "  WHERE b.exchange_id = a.exchange_id AND b.claim_no > a.claim_no) AS next_at"
        " FROM attempt a WHERE a.worker = ANY(:workers) AND (a.ended_at IS NULL OR a.outcome = 'cut_off')",
        workers=list(workers),
    )
    return [CutOff(**row) for row in rows or ()]


def counted(ledger: Engine, statement: str) -> Counter[str]:
    """Returns the rows (what, many) of a statement."""
    return Counter({row["what"]: row["many"] for row in _rows(ledger, statement) or ()})


def _rows(ledger: Engine, statement: str, **values: Any) -> list[dict[str, Any]] | None:
    try:
        with transaction(ledger) as connection:
            return [dict(row._mapping) for row in connection.execute(text(statement), values)]
    except LedgerUnavailableError:
        return None
