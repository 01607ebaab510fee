"""Reads the audit trail for export: of a window, a store, or all that was done about one order, customer or refund.

Called by `connector audit export`. A page is a range of ids and a transaction of its own, so a long trail holds nothing up,
no statement is long, and the memory stays flat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, text

from connector.ledger.session import transaction

PAGE_IDS = 5000
"""How many ids one page looks at; what it holds of them at most is what is in the memory."""


class About(StrEnum):
    """What a trail can be asked about."""

    ORDER = "order"
    CUSTOMER = "customer"
    REFUND = "refund"


@dataclass(frozen=True)
class Subject:
    """One fact, by any of the names people have for it.

    `keys` are ids of the shop and numbers of M3 as given, for a customer also the digest of the e-mail address.
    """

    about: About
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which lines are wanted; None = all. `since` is included, `until` is not (both aware)."""

    store: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    subject: Subject | None = None


@dataclass(frozen=True)
class Line:
    """One line of the trail, with what it was done for. `attempt` is the claim number of the run, None for a person."""

    id: int
    at: datetime
    store: str | None
    flow: str | None
    business_key: str | None
    exchange_id: int | None
    attempt: int | None
    worker: str | None
    who: str
    system: str
    action: str
    key: str
    before: dict[str, Any]
    after: dict[str, Any]
    why: str


OF_ORDERS = (
    *("orders_to_m3", "order_status_to_woo", "payments_to_m3", "invoices_to_m3", "settlements_to_m3"),
    "issues_to_m3",
)
"""Flows whose exchanges are keyed by the id of an order."""
OF_REFUNDS = ("refunds_to_m3", "credits_to_m3", "repayments_to_m3")
"""Flows whose exchanges are keyed by the ids of an order and of its refund."""

_GIVEN = "given AS (SELECT unnest(CAST(:keys AS varchar[])) AS key)"
_BOUND = "SELECT b.shop_key, b.shop_scope FROM binding b JOIN given g ON b.m3_key = g.key WHERE b.kind = :kind"
_OF_STORE = "(CAST(:store AS varchar) IS NULL OR e.store = :store) AND (n.store IS NULL OR n.store = e.scope)"
_OF_ORDERS = f"""
SELECT e.id FROM exchange e JOIN named n ON {_OF_STORE} AND (
    e.flow = ANY(CAST(:of_orders AS varchar[])) AND e.business_key = n.key
    OR e.flow = ANY(CAST(:of_refunds AS varchar[])) AND starts_with(e.business_key, n.key || '-'))
"""
_EXCHANGES = {
    # The id of the shop (also of an order whose id belongs to another one now), or the order's number in M3.
    About.ORDER: f"""
WITH {_GIVEN}, named (key, store) AS (
    SELECT key, NULL FROM given UNION {_BOUND}
    UNION SELECT e.business_key, e.scope FROM exchange e JOIN given g ON starts_with(e.business_key, g.key || '@')
) {_OF_ORDERS}""",
    # The refund's id or `order-refund` of the shop, or the number of the return in M3.
    About.REFUND: f"""
WITH {_GIVEN}, named (key, store) AS (SELECT key, NULL FROM given UNION {_BOUND})
SELECT e.id FROM exchange e JOIN named n ON {_OF_STORE} AND n.key IN (e.business_key, split_part(e.business_key, '-', 2))
WHERE e.flow = ANY(CAST(:of_refunds AS varchar[]))""",
    # The customer's own exchanges, and all that was done for the orders posted to its number.
    About.CUSTOMER: f"""
WITH {_GIVEN}, own AS (
    SELECT e.id FROM exchange e WHERE e.flow IN ('customers_to_m3', 'customers_to_woo') AND (
        e.business_key IN (SELECT key FROM given)
        OR EXISTS (SELECT FROM binding b JOIN given g ON g.key IN (b.m3_key, b.shop_key)
                   WHERE b.kind = :kind AND b.exchange_id = e.id))
), numbers AS (
    SELECT key AS number FROM given UNION SELECT b.m3_key FROM binding b JOIN own ON b.exchange_id = own.id
), named (key, store) AS (
    SELECT e.business_key, e.scope FROM document d JOIN numbers n ON d.cuno = n.number JOIN exchange e ON e.id = d.exchange_id
    WHERE e.flow = 'orders_to_m3'
)
SELECT id FROM own UNION {_OF_ORDERS}""",
}
_QUERIES = {about: text(query) for about, query in _EXCHANGES.items()}
_BOUNDS = text("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM audit")
_PAGE = text("""
SELECT a.id, a.at, a.store, e.flow, e.business_key, a.exchange_id, a.claim_no AS attempt, t.worker, a.who, a.system, a.action,
       a.key, a.before, a.after, a.why
FROM audit a LEFT JOIN exchange e ON e.id = a.exchange_id
LEFT JOIN attempt t ON t.exchange_id = a.exchange_id AND t.claim_no = a.claim_no
WHERE a.id BETWEEN :first AND :last AND (CAST(:store AS varchar) IS NULL OR a.store = :store)
  AND (CAST(:since AS timestamptz) IS NULL OR a.at >= :since) AND (CAST(:until AS timestamptz) IS NULL OR a.at < :until)
  AND (NOT :is_of_some OR a.exchange_id = ANY(CAST(:ids AS bigint[])))
ORDER BY a.id
""")


def find_exchanges(connection: Connection, subject: Subject, *, store: str | None) -> list[int]:
    """Returns the exchanges that a subject's lines belong to; none: nothing was ever carried of it."""
    values = {"keys": list(subject.keys), "kind": str(subject.about), "store": store}
    flows = {"of_orders": list(OF_ORDERS), "of_refunds": list(OF_REFUNDS)}
    bound = {name: one for name, one in (values | flows).items() if name in _QUERIES[subject.about].compile().params}
    return sorted(connection.execute(_QUERIES[subject.about], bound).scalars())


def export_audit(engine: Engine, wanted: Wanted) -> Iterator[Line]:
    """Yields the wanted lines, oldest first."""
    with transaction(engine) as connection:
        ids = find_exchanges(connection, wanted.subject, store=wanted.store) if wanted.subject else []
        first, newest = connection.execute(_BOUNDS).one()
    values: dict[str, Any] = {"store": wanted.store, "since": wanted.since, "until": wanted.until}
    values |= {"is_of_some": wanted.subject is not None, "ids": ids}
    if wanted.subject is not None and not ids:
        return
    for start in range(first, newest + 1, PAGE_IDS):
        with transaction(engine) as connection:
            rows = connection.execute(_PAGE, {**values, "first": start, "last": min(start + PAGE_IDS - 1, newest)})
            page = [Line(**row) for row in rows.mappings()]
        yield from page
