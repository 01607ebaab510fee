"""Forgets what deliveries held of a person whose data were erased in the shop. Called by the flows that see it.

That something was told, when and with which digest is kept; what it said is not. The next run asks the shop.
"""

from __future__ import annotations

from connector.ledger.prepared import Prepared

FORGET_BODIES = Prepared(
    "bodies_forget",
    """
UPDATE delivery SET body = NULL, headers = '{}'
WHERE body IS NOT NULL AND exchange_id IN (
    SELECT id FROM exchange WHERE scope = :scope AND flow = :flow AND business_key = :business_key)
""",
    types={},
)
"""Drops the bodies of an exchange's deliveries; staged by the journal."""

FORGET_SHOPPER = Prepared(
    "shopper_forget",
    """
UPDATE delivery SET body = NULL, headers = '{}'
WHERE body IS NOT NULL AND exchange_id IN (
    SELECT x.id FROM exchange x JOIN binding b ON b.kind = 'customer' AND b.shop_scope = x.scope AND b.shop_key = x.business_key
    WHERE x.flow = 'customers_to_m3' AND x.scope = :m3_scope AND b.m3_key = :number)
""",
    types={},
)
"""Drops what orders told of the shopper who is this customer of M3; one that still waits for something ends with it."""
