"""Lists which accounts are which customers of M3, and which of these pairs are in doubt. Called by the command line.

Bound is what was made for an account's order, or what the address of its login finds (decision 13). In doubt is the first kind once
another login turns out to have the address of that customer, or once the same customer has two accounts with two addresses.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

MANY = 100_000

_LISTED = text("""
WITH bound AS (
    SELECT b.*, left(b.m3_scope, length(b.m3_scope) - length(b.shop_scope) - 1) AS company,
           CAST(b.shop_key AS bigint) AS account
    FROM binding b WHERE b.kind = 'account' AND (CAST(:store AS varchar) IS NULL OR b.shop_scope = :store)
      AND (CAST(:key AS varchar) IS NULL OR b.shop_key = :key OR b.m3_key = :key)
), known AS (
    SELECT b.*, a.login, ARRAY(
        SELECT n.email FROM binding c JOIN named_person n ON n.exchange_id = c.exchange_id
        WHERE c.kind = 'customer' AND c.m3_scope = b.company AND c.m3_key = b.m3_key) AS addresses
    FROM bound b LEFT JOIN shop_account a ON a.store = b.shop_scope AND a.account = b.account AND a.login <> ''
), judged AS (
    SELECT k.*, CASE WHEN k.addresses <> '{}' THEN k.login = ANY(k.addresses) END AS is_proved,
           CASE WHEN k.login IS NULL OR k.login = ANY(k.addresses) THEN '{}' ELSE ARRAY(
        SELECT r.store || '/' || r.account FROM shop_account r
        WHERE r.store = k.shop_scope AND r.login = ANY(k.addresses) ORDER BY r.account) END AS claimants,
           CASE WHEN k.login IS NULL OR k.login = ANY(k.addresses) THEN '{}' ELSE ARRAY(
        SELECT o.shop_scope || '/' || o.shop_key FROM binding o
        JOIN shop_account r ON r.store = o.shop_scope AND r.account = CAST(o.shop_key AS bigint)
        WHERE o.kind = 'account' AND o.m3_key = k.m3_key AND o.m3_scope = k.company || '/' || o.shop_scope AND o.id <> k.id
          AND r.login NOT IN ('', k.login) ORDER BY o.id) END AS others
    FROM known k
)
SELECT b.shop_scope AS store, b.shop_key AS account, b.m3_key AS number, b.bound_at, x.state AS account_state,
       o.wanted_rev > o.done_rev AS is_due, o.problem, b.is_proved, b.claimants, b.others
FROM judged b
LEFT JOIN exchange x ON x.scope = b.shop_scope AND x.flow = 'customers_to_m3' AND x.business_key = b.shop_key
LEFT JOIN offer o ON o.store = b.shop_scope AND o.flow = 'customers_to_woo' AND o.item_number = b.m3_key
WHERE NOT :doubtful OR b.claimants <> '{}' OR b.others <> '{}'
ORDER BY b.shop_scope, b.id LIMIT :most
""")
_SHOPPERS = text("""
SELECT x.id AS exchange_id, x.store, x.state, x.reason, b.bound_at,
       coalesce(i.company, '') <> '' AS is_company, coalesce(i.vat_number, '') <> '' AS has_vat_number
FROM binding b JOIN exchange x ON x.id = b.exchange_id
LEFT JOIN customer_identity i ON i.m3_scope = b.m3_scope AND i.number = b.m3_key
WHERE b.kind = 'customer' AND b.m3_key = ANY(:numbers) ORDER BY b.id
""")


@dataclass(frozen=True)
class AccountRow:
    """An account that is a customer of M3: how its own exchange stands, and what is to be shown there of M3.

    `is_proved`: its login has the customer's e-mail address; None where one of the two is not known. `claimants`: accounts of the
    same shop, as `store/account`, whose login has it instead. `others`: accounts of other shops of the same M3 company that are
    this customer and log in with another address.
    """

    store: str
    account: str
    number: str
    bound_at: datetime
    account_state: str | None
    is_due: bool | None
    problem: str | None
    is_proved: bool | None
    claimants: list[str]
    others: list[str]

    @property
    def doubt(self) -> str:
        """Why the two may not belong together, in words; empty where nothing speaks against it."""
        told = [f"account {one} logs in with its address" for one in self.claimants]
        told += [f"account {one} is it too, with another address" for one in self.others]
        return "; ".join(told)


@dataclass(frozen=True)
class ShopperRow:
    """The exchange that made or found a customer, and what is known of it; no name and no address."""

    exchange_id: int
    store: str
    state: str
    reason: str
    bound_at: datetime
    is_company: bool
    has_vat_number: bool


def list_accounts(
    connection: Connection,
    *,
    store: str | None = None,
    key: str | None = None,
    most: int = MANY,
    doubtful: bool = False,
) -> list[AccountRow]:
    """Returns accounts with their customers.

    Args:
        connection: For reading.
        store: Of this store alone.
        key: An account's number or one of M3.
        most: At most so many.
        doubtful: Those in doubt alone.
    """
    values = {"store": store, "key": key, "most": most, "doubtful": doubtful}
    return [AccountRow(*row) for row in connection.execute(_LISTED, values)]


def list_shoppers(connection: Connection, *, numbers: Collection[str]) -> list[ShopperRow]:
    """Returns the exchanges by which customers of M3 were bound."""
    return [ShopperRow(*row) for row in connection.execute(_SHOPPERS, {"numbers": list(numbers)})]
