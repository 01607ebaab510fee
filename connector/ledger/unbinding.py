"""A person says that an account of a shop, or a shopper, is not the customer of M3 it is bound to.

Called by `connector customers unbind` and `unbound`; customers_to_m3 asks what was said of a shopper. binding_again.py takes it
back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from connector.errors import PermanentError
from connector.ledger.account_listing import list_accounts


@dataclass(frozen=True)
class Unbound:
    """The customer an account was bound to, and the accounts of the same shop whose login has that customer's address."""

    number: str
    claimants: list[int]


@dataclass(frozen=True)
class UnboundRow:
    """A pair that no machine binds again, who said so, when and why.

    `account` is None for a shopper, whoever that is; `exchange_id` is the exchange that looks for a customer of this shopper.
    """

    store: str | None
    account: int | None
    exchange_id: int | None
    number: str
    unbound_at: datetime
    who: str
    why: str


_UNBIND = text("""
WITH gone AS (
    DELETE FROM binding WHERE kind = 'account' AND shop_scope = :store AND shop_key = CAST(:account AS varchar)
    RETURNING m3_key, exchange_id
), kept AS (
    INSERT INTO unbound_account (store, account, number, who, why) SELECT :store, :account, m3_key, :who, :why FROM gone
    ON CONFLICT (store, account, number) DO UPDATE SET who = excluded.who, why = excluded.why, unbound_at = excluded.unbound_at
)
INSERT INTO audit (store, exchange_id, who, system, action, key, before, why)
SELECT :store, coalesce(x.id, gone.exchange_id), :who, 'ledger', 'account_unbound', CAST(:account AS varchar),
       jsonb_build_object('customer', gone.m3_key), :why
FROM gone LEFT JOIN exchange x
  ON x.scope = :store AND x.flow = 'customers_to_m3' AND x.business_key = CAST(:account AS varchar)
""")
_UNBIND_SHOPPER = text("""
WITH gone AS (
    DELETE FROM binding WHERE kind = 'customer' AND m3_scope = :scope AND m3_key = :number RETURNING shop_key
), kept AS (
    INSERT INTO unbound_shopper (m3_scope, shop_key, number, who, why) SELECT :scope, shop_key, :number, :who, :why FROM gone
    ON CONFLICT (m3_scope, shop_key, number) DO UPDATE SET
        who = excluded.who, why = excluded.why, unbound_at = excluded.unbound_at
), opened AS (
    -- The next order tells of the shopper anew, and the run looks in M3 as if nothing had been made for it.
    UPDATE exchange e SET fingerprint = NULL, newest_delivery_id = NULL, newest_hash = NULL, newest_modified_at = NULL,
        state = 'done', done_rev = wanted_rev,
        tries = 0, crashes = 0, waiting_since = NULL, blocked_since = NULL, recheck_at = NULL,
        reason_code = '', reason = 'a person said that customer ' || :number || ' is not this shopper', resolution = ''
    FROM gone WHERE e.scope = :scope AND e.flow = 'customers_to_m3' AND e.business_key = gone.shop_key RETURNING e.id, e.store
), given_up AS (
    UPDATE document d SET state = 'abandoned', ended_at = ledger_now()
    FROM opened WHERE d.exchange_id = opened.id AND d.state <> 'abandoned'
)
INSERT INTO audit (store, exchange_id, who, system, action, key, before, why)
SELECT opened.store, opened.id, :who, 'ledger', 'shopper_unbound', :number,
       jsonb_build_object('customer', CAST(:number AS varchar)), :why
FROM gone, opened RETURNING exchange_id
""")
_STATE = text("""
SELECT e.state FROM binding b JOIN exchange e ON e.scope = b.m3_scope AND e.flow = 'customers_to_m3' AND e.business_key = b.shop_key
WHERE b.kind = 'customer' AND b.m3_scope = :scope AND b.m3_key = :number FOR UPDATE OF e
""")
_ACCOUNT_STATE = text("""
SELECT state FROM exchange WHERE scope = :store AND flow = 'customers_to_m3' AND business_key = CAST(:account AS varchar) FOR UPDATE
""")
_ACCOUNTS = text("""
SELECT shop_scope || '/' || shop_key FROM binding
WHERE kind = 'account' AND m3_key = :number AND m3_scope = :scope || '/' || shop_scope ORDER BY id
""")
_UNBOUND_CUSTOMERS = text("SELECT number FROM unbound_shopper WHERE m3_scope = :scope AND shop_key = :key")
_LIST = text("""
SELECT store, account, NULL AS exchange_id, number, unbound_at, who, why FROM unbound_account
WHERE CAST(:store AS varchar) IS NULL OR store = :store
UNION ALL
SELECT NULL, NULL, e.id, u.number, u.unbound_at, u.who, u.why FROM unbound_shopper u
LEFT JOIN exchange e ON e.scope = u.m3_scope AND e.flow = 'customers_to_m3' AND e.business_key = u.shop_key
WHERE CAST(:scope AS varchar) IS NULL OR u.m3_scope = :scope
ORDER BY unbound_at, number
""")


def unbind(connection: Connection, store: str, *, account: int, who: str, why: str) -> Unbound:
    """Stages that an account is no customer of M3 any more, and never this one again by itself.

    M3's customer stays as it is, and so does what the shop shows on the account.

    Raises:
        PermanentError: No reason is given, the account is bound to none, or a run is at work with it.
    """
    require_reason(why, what="unbound")
    require_idle_account(connection, store, account=account)
    bound = [one for one in list_accounts(connection, store=store, key=str(account)) if one.account == str(account)]
    if not bound:
        raise PermanentError(
            f"Account {account} of store {store} is not bound to a customer of M3.",
            resolution=f"`connector customers bindings --store {store}` lists those that are.",
        )
    connection.execute(_UNBIND, {"store": store, "account": account, "who": who, "why": why})
    return Unbound(bound[0].number, [int(one.partition("/")[2]) for one in bound[0].claimants])


def unbind_shopper(connection: Connection, m3_scope: str, *, number: str, who: str, why: str) -> list[str]:
    """Stages that a customer of M3 is not the shopper it was taken for: the next order finds or makes another one.

    Returns:
        The accounts that are bound to the customer all the same, as `store/account`.

    Raises:
        PermanentError: No reason is given, no shopper is this customer, or a run is at work with it.
    """
    require_reason(why, what="unbound")
    state = connection.execute(_STATE, {"scope": m3_scope, "number": number}).scalar_one_or_none()
    if state is None:
        raise PermanentError(
            f"No shopper is bound to customer {number} of M3.",
            resolution="`connector customers show NUMBER` tells what is known of a customer.",
        )
    if state == "running":
        raise at_work(f"Customer {number}")
    connection.execute(_UNBIND_SHOPPER, {"scope": m3_scope, "number": number, "who": who, "why": why})
    return list(connection.execute(_ACCOUNTS, {"scope": m3_scope, "number": number}).scalars())


def unbound_customers(connection: Connection, m3_scope: str, *, key: str) -> set[str]:
    """Returns the customers of which a person said that they are not this shopper."""
    return set(connection.execute(_UNBOUND_CUSTOMERS, {"scope": m3_scope, "key": key}).scalars())


def list_unbound(connection: Connection, *, store: str | None, m3_scope: str | None) -> list[UnboundRow]:
    """Returns what people said are no pairs; of a store and its company of M3 alone, if they are given."""
    return [UnboundRow(*row) for row in connection.execute(_LIST, {"store": store, "scope": m3_scope})]


def require_idle_account(connection: Connection, store: str, *, account: int) -> None:
    """Lets nothing be decided about an account while a run is at work with it, and holds up the next one until the commit.

    Raises:
        PermanentError: One is.
    """
    values = {"store": store, "account": account}
    if connection.execute(_ACCOUNT_STATE, values).scalar_one_or_none() == "running":
        raise at_work(f"Account {account} of store {store}")


def at_work(who: str) -> PermanentError:
    """Returns the refusal to decide about somebody while a run is at work, which would go on with what it read before."""
    return PermanentError(f"{who} is being looked at just now.", resolution="Try again in a minute.")


def require_reason(why: str, *, what: str) -> None:
    """Lets nothing be decided about a pair without a reason.

    Raises:
        PermanentError: None is given.
    """
    if not why.strip():
        raise PermanentError(
            f"It is {what} only with a reason.", resolution='Add --reason "why", and name nobody in it.'
        )
