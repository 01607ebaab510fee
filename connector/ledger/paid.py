"""How orders were paid in M3's ledgers, as far as anything of that is posted, begun or decided. Called by flows/books/prepaid.py
and flows/reconciling.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

PAYMENTS, SETTLEMENTS = "payments_to_m3", "settlements_to_m3"
ONTO_INVOICE = "onto_invoice"
"""The reason code of a payment of which nothing is posted at once."""
ONTO_INVOICE_REASON = "paid onto its invoice, and no fee of the gateway is stated"
"""Its reason, by which exchanges of former versions are known."""


@dataclass(frozen=True, kw_only=True)
class PaidSo:
    """What is known of an order's payment: the plans of its posting at once and of that of its invoices, if there are any."""

    payment: dict[str, Any] | None
    settlement: dict[str, Any] | None
    is_onto_invoice: bool  # it was decided so once


_READ = text("""
SELECT e.flow, e.business_key, m.plan, e.flow = :payments AND (e.reason_code = :code OR e.reason = :reason OR EXISTS (
    SELECT FROM attempt a WHERE a.exchange_id = e.id AND (a.code = :code OR a.message = :reason))) AS is_onto_invoice
FROM exchange e LEFT JOIN document m ON m.exchange_id = e.id AND m.state <> 'abandoned'
WHERE e.scope = :scope AND e.flow IN (:payments, :settlements) AND e.business_key = ANY(:keys)
""")


def read_paid(connection: Connection, scope: str, order_ids: Collection[int]) -> dict[int, PaidSo]:
    """Returns how each of some orders is paid, by its id."""
    keys = {id_: str(id_) for id_ in order_ids}
    names = {"payments": PAYMENTS, "settlements": SETTLEMENTS, "code": ONTO_INVOICE, "reason": ONTO_INVOICE_REASON}
    rows = connection.execute(_READ, {"scope": scope, "keys": list(keys.values()), **names})
    found = {(row.flow, row.business_key): row for row in rows}
    return {
        id_: PaidSo(
            payment=_plan(found.get((PAYMENTS, key))),
            settlement=_plan(found.get((SETTLEMENTS, key))),
            is_onto_invoice=(PAYMENTS, key) in found and found[PAYMENTS, key].is_onto_invoice,
        )
        for id_, key in keys.items()
    }


def _plan(row: Any) -> dict[str, Any] | None:
    return None if row is None else row.plan
