"""How the items of a store stand, for people: counts per flow, and those that could not be carried. Read by the CLI."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class OfferCount:
    """The items of one store and flow: how many are known, due (and since when the oldest is), and have a problem."""

    store: str
    flow: str
    known: int
    due: int
    oldest_due_s: float
    problems: int


@dataclass(frozen=True)
class ProblemRow:
    """An item that a flow could not carry: what is wrong and what to do; `retry_at`: when it is tried again by itself."""

    store: str
    flow: str
    item_number: str
    sku: str | None
    product_id: int | None
    code: str
    problem: str
    remedy: str
    since: datetime
    retry_at: datetime | None


_COUNTS = text("""
SELECT store, flow, count(*) AS known, count(*) FILTER (WHERE wanted_rev > done_rev) AS due,
       coalesce(extract(epoch FROM ledger_now() - min(due_at) FILTER (WHERE wanted_rev > done_rev)), 0)::float
           AS oldest_due_s,
       count(*) FILTER (WHERE problem_code IS NOT NULL) AS problems
FROM offer GROUP BY store, flow ORDER BY store, flow
""")
_PROBLEMS = text("""
SELECT o.store, o.flow, o.item_number, p.sku, p.product_id, o.problem_code AS code, o.problem,
       coalesce(o.remedy, '') AS remedy, o.problem_since AS since,
       CASE WHEN o.wanted_rev > o.done_rev THEN o.retry_at END AS retry_at
FROM offer o LEFT JOIN product p ON p.store = o.store AND p.item_number = o.item_number
WHERE o.problem_code IS NOT NULL AND (CAST(:store AS varchar) IS NULL OR o.store = :store)
  AND (CAST(:flow AS varchar) IS NULL OR o.flow = :flow)
ORDER BY o.store, o.flow, o.item_number LIMIT :most
""")


def offer_counts(connection: Connection) -> list[OfferCount]:
    """Returns the counts of every store and flow that has items."""
    return [OfferCount(**row) for row in connection.execute(_COUNTS).mappings()]


def list_problems(connection: Connection, *, store: str | None, flow: str | None, most: int) -> list[ProblemRow]:
    """Returns at most `most` items that could not be carried, by store, flow and number; None = all stores, all flows."""
    values = {"store": store, "flow": flow, "most": most}
    return [ProblemRow(**row) for row in connection.execute(_PROBLEMS, values).mappings()]
