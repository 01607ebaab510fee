"""Whose e-mail address an exchange named, by its digest: so all that was carried of a person can be found, and what is begun ended.

Staged by the flows of orders and customers. A digest outlives the person's data: the audit trail is found by it.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from connector.ledger.prepared import Prepared

NAME_PERSON = Prepared(
    "person_name",
    "INSERT INTO named_person (email, exchange_id) VALUES (:email, :exchange_id) ON CONFLICT DO NOTHING",
    types={"exchange_id": "bigint"},
)
"""Says that an exchange named somebody."""

NAME_SHOPPER = Prepared(
    "person_name_shopper",
    """
INSERT INTO named_person (email, exchange_id)
SELECT :email, id FROM exchange WHERE scope = :m3_scope AND flow = 'customers_to_m3' AND business_key = :key
ON CONFLICT DO NOTHING
""",
    types={},
)
"""Says whose a shopper's exchange is that was just left."""

FORGET_SHOPPERS = Prepared(
    "shoppers_forget",
    """
WITH theirs AS (
    SELECT DISTINCT x.id, EXISTS (SELECT FROM binding b WHERE b.kind = 'customer' AND b.exchange_id = x.id) AS is_made
    FROM named_person mine JOIN named_person n ON n.email = mine.email
    JOIN exchange x ON x.id = n.exchange_id AND x.flow = 'customers_to_m3' AND x.scope = :m3_scope
    WHERE mine.exchange_id = :exchange_id
), emptied AS (
    UPDATE delivery d SET body = NULL, headers = '{}' FROM theirs WHERE d.exchange_id = theirs.id AND d.body IS NOT NULL
)
UPDATE exchange e SET newest_delivery_id = NULL, newest_hash = NULL, newest_modified_at = NULL
FROM theirs WHERE e.id = theirs.id AND NOT theirs.is_made
""",
    types={"exchange_id": "bigint"},
)
"""Drops what was told of shoppers whose address an exchange named: their data were erased.

One that M3 does not have yet is not made from it any more; another order that needs the same customer tells of it anew.
"""

_WAS_NAMED = text("SELECT EXISTS (SELECT FROM named_person WHERE email = :email AND exchange_id = :exchange_id)")


def was_named(connection: Connection, exchange_id: int, *, email: str) -> bool:
    """Tells whether an exchange has ever named an e-mail address, by its digest."""
    return bool(connection.execute(_WAS_NAMED, {"email": email, "exchange_id": exchange_id}).scalar_one())
