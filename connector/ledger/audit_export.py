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

    `keys` are ids of the shop and numbers of M3 as given, for a customer also the digest of the e-mail address: whatever key the
    store's rules made of it, what was carried names it (`named_person`).
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
    *("issues_to_m3", "discards_to_woo"),
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
    # All that named the e-mail address, and what was done about its numbers in M3: accounts, and all orders posted to them.
    About.CUSTOMER: f"""
WITH {_GIVEN}, theirs AS (
    SELECT e.id, e.flow, e.scope, e.business_key FROM given g JOIN named_person n ON n.email = g.key
    JOIN exchange e ON e.id = n.exchange_id
    UNION SELECT e.id, e.flow, e.scope, e.business_key FROM exchange e
    WHERE e.flow = 'customers_to_m3' AND e.business_key IN (SELECT key FROM given)
), numbers AS (
    SELECT key AS number FROM given
    UNION SELECT b.m3_key FROM binding b JOIN theirs ON b.exchange_id = theirs.id WHERE b.kind = :kind
), own AS (
    SELECT id FROM theirs WHERE flow = 'customers_to_m3'
    UNION SELECT b.exchange_id FROM binding b JOIN numbers n ON b.m3_key = n.number WHERE b.kind = :kind
    UNION SELECT x.id FROM binding b JOIN numbers n ON b.m3_key = n.number
          JOIN exchange x ON x.flow = 'customers_to_m3' AND x.scope = b.shop_scope AND x.business_key = b.shop_key
          WHERE b.kind = 'account'
    UNION SELECT x.id FROM exchange x WHERE x.flow = 'customers_to_m3' AND EXISTS (
          SELECT FROM audit a JOIN numbers n ON n.number = a.key WHERE a.exchange_id = x.id)
), named (key, store) AS (
    SELECT business_key, scope FROM theirs WHERE flow = 'orders_to_m3'
    UNION SELECT e.business_key, e.scope FROM document d JOIN numbers n ON d.cuno = n.number
          JOIN exchange e ON e.id = d.exchange_id WHERE e.flow = 'orders_to_m3'
)
SELECT id FROM own WHERE id IS NOT NULL UNION {_OF_ORDERS}""",
}
_QUERIES = {about: text(query) for about, query in _EXCHANGES.items()}
_ACCOUNTS = text("""
SELECT DISTINCT x.scope || '/' || x.business_key FROM exchange x JOIN store s ON s.name = x.scope
WHERE x.flow = 'customers_to_m3' AND x.id = ANY(CAST(:ids AS bigint[]))
UNION SELECT shop_scope || '/' || shop_key FROM binding WHERE kind = 'account' AND m3_key IN (
    SELECT m3_key FROM binding WHERE kind = 'customer' AND exchange_id = ANY(CAST(:ids AS bigint[])))
""")
_BOUNDS = text("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM audit")
_PAGE = text("""
SELECT a.id, a.at, a.store, e.flow, e.business_key, a.exchange_id, a.claim_no AS attempt, t.worker, a.who, a.system, a.action,
       a.key, a.before, a.after, a.why
FROM audit a LEFT JOIN exchange e ON e.id = a.exchange_id
LEFT JOIN attempt t ON t.exchange_id = a.exchange_id AND t.claim_no = a.claim_no
WHERE a.id BETWEEN :first AND :last AND (CAST(:store AS varchar) IS NULL OR a.store = :store)
  AND (CAST(:since AS timestamptz) IS NULL OR a.at >= :since) AND (CAST(:until AS timestamptz) IS NULL OR a.at < :until)
  AND (NOT :is_of_some OR a.exchange_id = ANY(CAST(:ids AS bigint[]))
       OR e.flow = 'customers_to_woo' AND a.store || '/' || a.key = ANY(CAST(:accounts AS varchar[])))
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
        is_of_customer = wanted.subject is not None and wanted.subject.about is About.CUSTOMER
        accounts = list(connection.execute(_ACCOUNTS, {"ids": ids}).scalars()) if is_of_customer else []
        first, newest = connection.execute(_BOUNDS).one()
    values: dict[str, Any] = {"store": wanted.store, "since": wanted.since, "until": wanted.until}
    values |= {"is_of_some": wanted.subject is not None, "ids": ids, "accounts": accounts}
    if wanted.subject is not None and not ids:
        return
    for start in range(first, newest + 1, PAGE_IDS):
        with transaction(engine) as connection:
            rows = connection.execute(_PAGE, {**values, "first": start, "last": min(start + PAGE_IDS - 1, newest)})
            page = [Line(**row) for row in rows.mappings()]
        yield from page
