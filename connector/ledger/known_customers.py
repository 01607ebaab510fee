"""Which customer of M3 a shopper or an account of a shop is, and which company it stands for. Called by flows.

A shopper is bound by the digest of the e-mail address, within tenant and company of M3; an account by the shop's number, within
its store: a customer of M3 has one account in a store at most.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from connector.ledger.prepared import Prepared

CUSTOMER, ACCOUNT = "customer", "account"
"""Kinds of bindings."""

_FIND = text("""
SELECT b.m3_key AS number, coalesce(i.company, '') AS company, coalesce(i.vat_number, '') AS vat_number
FROM binding b LEFT JOIN customer_identity i ON i.m3_scope = :m3_scope AND i.number = b.m3_key
WHERE b.kind = :kind AND b.shop_scope = :scope AND b.shop_key = :key
""")
_BY_LOGIN = text("""
SELECT DISTINCT b.m3_key AS number, coalesce(i.company, '') AS company, coalesce(i.vat_number, '') AS vat_number
FROM shop_account a
JOIN binding b ON b.kind = 'account' AND b.shop_scope = a.store AND b.shop_key = CAST(a.account AS varchar)
  AND b.m3_scope = :m3_scope || '/' || a.store
LEFT JOIN customer_identity i ON i.m3_scope = :m3_scope AND i.number = b.m3_key
WHERE a.store = ANY(ARRAY(SELECT name FROM store)) AND a.login = :login LIMIT 2
""")
_NAMED_BY_ACCOUNT = text("""
SELECT EXISTS (SELECT FROM binding b
    JOIN exchange x ON x.scope = b.shop_scope AND x.flow = 'customers_to_m3' AND x.business_key = b.shop_key
    JOIN named_person n ON n.exchange_id = x.id AND n.email = :email
    WHERE b.kind = 'account' AND b.m3_key = :number AND b.m3_scope = :m3_scope || '/' || b.shop_scope)
""")
_TAKEN = text("SELECT m3_key FROM binding WHERE kind = 'customer' AND m3_scope = :scope AND m3_key = ANY(:numbers)")
_BIND = text("""
INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key, exchange_id)
SELECT 'account', :store, :account, :scope, :number, :exchange_id
WHERE NOT EXISTS (SELECT FROM unbound_account
                  WHERE store = :store AND account = CAST(:account AS bigint) AND number = :number)
ON CONFLICT DO NOTHING RETURNING id
""")
_UNBIND = text("DELETE FROM binding WHERE kind = 'account' AND shop_scope = :store AND shop_key = :account")
_ACCOUNTS = text("""
SELECT m3_key AS number, CAST(shop_key AS bigint) AS account FROM binding
WHERE kind = 'account' AND shop_scope = :store AND (CAST(:numbers AS varchar[]) IS NULL OR m3_key = ANY(:numbers))
ORDER BY m3_key
""")

KEEP_IDENTITY = Prepared(
    "customer_identity_keep",
    """
INSERT INTO customer_identity AS i (m3_scope, number, company, vat_number) VALUES (:m3_scope, :number, :company, :vat_number)
ON CONFLICT (m3_scope, number) DO UPDATE SET
    company = excluded.company, vat_number = excluded.vat_number, learnt_at = ledger_now()
WHERE (i.company, i.vat_number) IS DISTINCT FROM (excluded.company, excluded.vat_number)
""",
    types={},
)
"""Keeps which company a customer stands for; staged by the journal."""
FORGET_IDENTITY = Prepared(
    "customer_identity_forget",
    """
DELETE FROM customer_identity i WHERE m3_scope = :m3_scope AND number = :number AND NOT EXISTS (
    SELECT FROM binding b
    WHERE b.kind = 'account' AND b.m3_key = i.number AND b.m3_scope = i.m3_scope || '/' || b.shop_scope)
""",
    types={},
)
"""Forgets what a shopper said of a customer that was unbound from it, and is another one's now; staged by the journal."""


@dataclass(frozen=True)
class KnownCustomer:
    """A customer of M3 that is bound, and the company it stands for, as digests."""

    number: str
    company: str
    vat_number: str


@dataclass(frozen=True)
class BoundAccount:
    """An account of a shop and its customer in M3."""

    number: str
    account: int


def find_shopper(connection: Connection, m3_scope: str, *, key: str) -> KnownCustomer | None:
    """Returns the customer of a shopper, by the shopper's key, or None."""
    row = connection.execute(
        _FIND, {"kind": CUSTOMER, "scope": m3_scope, "m3_scope": m3_scope, "key": key}
    ).one_or_none()
    return None if row is None else KnownCustomer(*row)


def bound_elsewhere(connection: Connection, m3_scope: str, *, numbers: Collection[str]) -> set[str]:
    """Returns which customers of M3 are a shopper's already."""
    values = {"scope": m3_scope, "numbers": list(numbers)}
    return set(connection.execute(_TAKEN, values).scalars())


def find_account(connection: Connection, store: str, *, m3_scope: str, account: int) -> KnownCustomer | None:
    """Returns the customer of an account of a shop, or None."""
    row = connection.execute(
        _FIND, {"kind": ACCOUNT, "scope": store, "m3_scope": m3_scope, "key": str(account)}
    ).one_or_none()
    return None if row is None else KnownCustomer(*row)


def find_by_login(connection: Connection, m3_scope: str, *, login: str) -> KnownCustomer | None:
    """Returns the customer of whoever logs in with an e-mail address (its digest), in any store of the company of M3.

    None where that is nobody, or accounts of several customers do.
    """
    rows = connection.execute(_BY_LOGIN, {"m3_scope": m3_scope, "login": login}).all()
    return KnownCustomer(*rows[0]) if len(rows) == 1 else None


def is_address_of_account(connection: Connection, m3_scope: str, *, number: str, email: str) -> bool:
    """Tells whether an account that is this customer of M3 has named an e-mail address (its digest)."""
    values = {"m3_scope": m3_scope, "number": number, "email": email}
    return bool(connection.execute(_NAMED_BY_ACCOUNT, values).scalar_one())


def bind_account(
    connection: Connection, store: str, *, account: int, m3_scope: str, number: str, exchange_id: int
) -> bool:
    """Stages that an account is a customer of M3; False where either is bound already, or a person said that it is not."""
    scope = f"{m3_scope}/{store}"
    values = {"store": store, "account": str(account), "scope": scope, "number": number, "exchange_id": exchange_id}
    return connection.execute(_BIND, values).one_or_none() is not None


def unbind_account(connection: Connection, store: str, *, account: int) -> None:
    """Stages that an account is no customer of M3 any more."""
    connection.execute(_UNBIND, {"store": store, "account": str(account)})


def bound_accounts(
    connection: Connection, store: str, *, numbers: Collection[str] | None = None
) -> Sequence[BoundAccount]:
    """Returns the accounts of a store that are these customers of M3, or all of them, by M3's number."""
    values = {"store": store, "numbers": None if numbers is None else list(numbers)}
    return [BoundAccount(*row) for row in connection.execute(_ACCOUNTS, values)]
