"""Forgets which pieces of an account the shop has refused, of what the ledger keeps with a customer's offer.

Called by the command line, for a person who asks for it wants it tried again, and by erasing.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

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
