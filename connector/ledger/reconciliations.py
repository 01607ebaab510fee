"""What the daily comparisons with M3's books found, day by day. Called by workers/reconciling.py and the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

KEPT_DAYS = 400
"""Auditors ask for the last year."""


@dataclass(frozen=True)
class Reconciled:
    """One day of a store as it was last compared."""

    store: str
    day: date
    compared_at: datetime
    facts: int  # orders, refunds, payments, invoices
    equal: int
    unexplained: int
    figures: dict[str, Any]
    rows: list[dict[str, Any]]  # what differs, those nothing explains first


@dataclass(frozen=True)
class ReconciledStore:
    """How a store stood when it was last compared."""

    store: str
    compared_at: datetime
    age_s: float
    first: date
    last: date
    facts: int
    equal: int
    unexplained: int


_KEEP = text("""
INSERT INTO reconciliation (store, day, facts, equal, unexplained, figures, rows)
VALUES (:store, :day, :facts, :equal, :unexplained, CAST(:figures AS jsonb), CAST(:rows AS jsonb))
ON CONFLICT (store, day) DO UPDATE SET compared_at = excluded.compared_at, facts = excluded.facts, equal = excluded.equal,
    unexplained = excluded.unexplained, figures = excluded.figures, rows = excluded.rows
""")
_FORGET = text("DELETE FROM reconciliation WHERE store = :store AND day < :day")
_DONE = text("SELECT day FROM reconciliation WHERE store = :store AND compared_at >= :since")
_LIST = text("""
SELECT store, day, compared_at, facts, equal, unexplained, figures, rows FROM reconciliation
WHERE (CAST(:store AS varchar) IS NULL OR store = :store) AND day >= :since ORDER BY store, day DESC
""")
_STORES = text("""
WITH newest AS (SELECT store, max(compared_at) AS at FROM reconciliation GROUP BY store)
SELECT r.store, max(r.compared_at) AS compared_at, extract(epoch FROM ledger_now() - max(r.compared_at))::float AS age_s,
       min(r.day) AS first, max(r.day) AS last, sum(r.facts)::bigint AS facts, sum(r.equal)::bigint AS equal,
       sum(r.unexplained)::bigint AS unexplained
FROM reconciliation r JOIN newest n ON n.store = r.store AND r.compared_at > n.at - interval '12 hours'
GROUP BY r.store ORDER BY r.store
""")


def keep(
    connection: Connection,
    store: str,
    *,
    day: date,
    facts: int,
    equal: int,
    unexplained: int,
    figures: dict[str, Any],
    rows: Sequence[dict[str, Any]],
) -> None:
    """Stages what a comparison of one day found, in place of what an earlier one did."""
    values = {"store": store, "day": day, "facts": facts, "equal": equal, "unexplained": unexplained}
    connection.execute(_KEEP, {**values, "figures": json.dumps(figures), "rows": json.dumps(list(rows))})


def forget_before(connection: Connection, store: str, *, day: date) -> None:
    """Stages that days before this one are no longer kept."""
    connection.execute(_FORGET, {"store": store, "day": day})


def days_compared_since(connection: Connection, store: str, *, since: datetime) -> set[date]:
    """Returns the days that were compared at a moment or later."""
    return set(connection.execute(_DONE, {"store": store, "since": since}).scalars())


def list_kept(connection: Connection, store: str | None, *, since: date) -> list[Reconciled]:
    """Returns the days from one on, the newest first."""
    rows = connection.execute(_LIST, {"store": store, "since": since}).mappings()
    return [Reconciled(**row) for row in rows]


def reconciled_stores(connection: Connection) -> list[ReconciledStore]:
    """Returns how each store stood at its last comparison."""
    return [ReconciledStore(**row) for row in connection.execute(_STORES).mappings()]
