"""What is known of accounts of a shop that had an address: their logins and VAT numbers, and whether they were erased.

Called by the flows and polls of customers. Login and VAT number are kept as digests; an erasure empties them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from connector.ledger.prepared import Prepared


@dataclass(frozen=True)
class SeenAccount:
    """An account that had an address. `undecided`: M3's customer of which a person is to decide what stays.

    `vat_number`: digest of the last one it showed, as long as that matters; None if it was seen before this was kept.
    """

    erased_at: datetime | None = None
    undecided: str | None = None
    vat_number: str | None = ""


_FIND = text("SELECT erased_at, undecided, vat_number FROM shop_account WHERE store = :store AND account = :account")
_LEARN = text("""
INSERT INTO shop_account AS a (store, account, login)
SELECT :store, seen.account, seen.login
FROM unnest(CAST(:accounts AS bigint[]), CAST(:logins AS varchar[])) AS seen (account, login)
ON CONFLICT (store, account) DO UPDATE SET login = excluded.login WHERE a.login <> excluded.login AND a.erased_at IS NULL
""")
_HAD_ADDRESS = text("""
SELECT one.account FROM unnest(CAST(:accounts AS bigint[])) AS one (account)
WHERE EXISTS (SELECT FROM shop_account a WHERE a.store = :store AND a.account = one.account)
   OR EXISTS (SELECT FROM exchange e WHERE e.scope = :store AND e.flow = 'customers_to_m3'
              AND e.business_key = CAST(one.account AS varchar) AND e.fingerprint IS NOT NULL)
""")

SEE_ACCOUNT = Prepared(
    "shop_account_see",
    """
INSERT INTO shop_account AS a (store, account, login, vat_number) VALUES (:store, :account, :login, :vat_number)
ON CONFLICT (store, account) DO UPDATE SET
    login = excluded.login, erased_at = NULL, undecided = NULL,
    vat_number = coalesce(nullif(excluded.vat_number, ''), a.vat_number),
    is_number_asked = a.is_number_asked AND excluded.vat_number = ''
WHERE (a.login, a.erased_at) IS DISTINCT FROM (excluded.login, NULL)
   OR excluded.vat_number <> '' AND (a.vat_number, a.is_number_asked) IS DISTINCT FROM (excluded.vat_number, false)
""",
    types={"account": "bigint"},
)
"""Keeps what an account logs in with, as the shop itself shows it: one that was erased is back; and the VAT number it shows, if
it does. Staged by the journal."""

KEEP_NUMBER = Prepared(
    "shop_account_keep_number",
    """
UPDATE shop_account SET vat_number = :vat_number, is_number_asked = :is_asked
WHERE store = :store AND account = :account
  AND (vat_number, is_number_asked) IS DISTINCT FROM (CAST(:vat_number AS varchar), CAST(:is_asked AS boolean))
""",
    types={"account": "bigint", "is_asked": "boolean"},
)
"""Keeps what is left of the VAT number that an account does not show any more; staged by the journal."""

ERASE_ACCOUNT = Prepared(
    "shop_account_erase",
    """
INSERT INTO shop_account AS a (store, account, erased_at, undecided)
VALUES (:store, :account, ledger_now(), :undecided)
ON CONFLICT (store, account) DO UPDATE SET
    login = '', erased_at = coalesce(a.erased_at, excluded.erased_at), undecided = excluded.undecided,
    vat_number = '', is_number_asked = false
""",
    types={"account": "bigint"},
)
"""Forgets what an account logs in with and its VAT number, for good; staged by the journal."""

_SETTLE_NUMBER = text("""
UPDATE shop_account a SET vat_number = '', is_number_asked = false FROM exchange e
WHERE e.id = :exchange_id AND e.flow = 'customers_to_m3' AND a.store = e.scope AND e.business_key = CAST(a.account AS varchar)
  AND a.is_number_asked
""")


def find_seen(connection: Connection, store: str, *, account: int) -> SeenAccount | None:
    """Returns what is known of an account; None: it was never seen with an address."""
    row = connection.execute(_FIND, {"store": store, "account": account}).one_or_none()
    return None if row is None else SeenAccount(*row)


def settle_number(connection: Connection, exchange_id: int) -> None:
    """Stages that M3 keeps the VAT number that an account took off, if a person who discards its exchange was told of that."""
    connection.execute(_SETTLE_NUMBER, {"exchange_id": exchange_id})


def learn_logins(connection: Connection, store: str, logins: Mapping[int, str]) -> None:
    """Stages what accounts log in with, as a list shows them; an erased one stays erased."""
    values = {"store": store, "accounts": list(logins), "logins": list(logins.values())}
    connection.execute(_LEARN, values)


_CLAIMANTS = text("""
SELECT r.account FROM shop_account r
WHERE r.store = :store AND r.account <> :account AND r.login <> '' AND r.login IN (
    SELECT n.email FROM binding c JOIN named_person n ON n.exchange_id = c.exchange_id
    WHERE c.kind = 'customer' AND c.m3_scope = :m3_scope AND c.m3_key = :number)
ORDER BY r.account
""")


def claimants_of(connection: Connection, store: str, *, account: int, m3_scope: str, number: str) -> list[int]:
    """Returns the other accounts of a shop that log in with an address of a customer; `account` is the one that was it."""
    values = {"store": store, "account": account, "m3_scope": m3_scope, "number": number}
    return list(connection.execute(_CLAIMANTS, values).scalars())


def had_address(connection: Connection, store: str, *, accounts: Collection[int]) -> set[int]:
    """Returns which of these accounts were ever seen with an address."""
    return set(connection.execute(_HAD_ADDRESS, {"store": store, "accounts": list(accounts)}).scalars())
