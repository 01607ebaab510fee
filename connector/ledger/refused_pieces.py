"""Which pieces of an account the shop has refused, of what the ledger keeps with a customer's offer.

Read by the dry run; forgotten by the command line, for a person who asks for it wants it tried again, and by erasing.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.prepared import Prepared

REFUSED = "refused"
"""Where they stand in `written` of the offer."""

FORGET_REFUSED = Prepared(
    "offers_forget_refused",
    f"""
UPDATE offer SET written = written - '{REFUSED}'
WHERE store = :store AND flow = 'customers_to_woo'
  AND item_number IN (SELECT jsonb_array_elements_text(CAST(:items AS jsonb)))
""",
    types={},
)
"""Values: `of_customers`."""


def of_customers(store: str, numbers: Collection[str]) -> dict[str, Any]:
    """Returns the values of FORGET_REFUSED for customers of M3 by their numbers."""
    return {"store": store, "items": json.dumps(sorted(numbers))}


_WITH_REFUSED = text(f"""
SELECT item_number, written FROM offer WHERE store = :store AND flow = 'customers_to_woo' AND written ? '{REFUSED}'
""")


def with_refused(connection: Connection, store: str) -> dict[str, dict[str, Any]]:
    """Returns what was last written of each customer of which the shop has refused something, by its number in M3."""
    rows = connection.execute(_WITH_REFUSED, {"store": store})
    return {row.item_number: row.written for row in rows}
