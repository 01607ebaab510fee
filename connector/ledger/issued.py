"""What the ledger knows of units booked out of M3's stock for direct invoices: asked to explain a difference, never to find one.

Called by connector/flows/reconciling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

FLOW = "issues_to_m3"

_FIND = text("""
SELECT e.business_key, d.plan FROM exchange e JOIN document d ON d.exchange_id = e.id AND d.state <> 'abandoned'
WHERE e.scope = :store AND e.flow = :flow AND e.business_key = ANY(:keys)
""")


def find_issued(connection: Connection, store: str, *, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Returns what the document of each of these orders keeps, by the order's key."""
    rows = connection.execute(_FIND, {"store": store, "flow": FLOW, "keys": list(keys)})
    return {row.business_key: row.plan for row in rows}
