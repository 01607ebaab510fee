"""A person says that an account of a shop is not the customer of M3 it is bound to. Called by `connector customers unbind`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from connector.errors import PermanentError
from connector.ledger.account_listing import list_accounts


@dataclass(frozen=True)
class Unbound:
    """The customer an account was bound to, and the accounts of the same shop whose login has that customer's address."""

    number: str
    claimants: list[int]


_UNBIND = text("""
WITH gone AS (
    DELETE FROM binding WHERE kind = 'account' AND shop_scope = :store AND shop_key = CAST(:account AS varchar)
    RETURNING m3_key, exchange_id
), kept AS (
    INSERT INTO unbound_account (store, account, number) SELECT :store, :account, m3_key FROM gone
    ON CONFLICT DO NOTHING
)
INSERT INTO audit (store, exchange_id, who, system, action, key, before, why)
SELECT :store, coalesce(x.id, gone.exchange_id), :who, 'ledger', 'account_unbound', CAST(:account AS varchar),
       jsonb_build_object('customer', gone.m3_key), :why
FROM gone LEFT JOIN exchange x
  ON x.scope = :store AND x.flow = 'customers_to_m3' AND x.business_key = CAST(:account AS varchar)
""")


def unbind(connection: Connection, store: str, *, account: int, who: str, why: str) -> Unbound:
    """Stages that an account is no customer of M3 any more, and never this one again by itself.

    M3's customer stays as it is, and so does what the shop shows on the account.

    Raises:
        PermanentError: No reason is given, or the account is bound to none.
    """
    if not why.strip():
        raise PermanentError(
            "An account is unbound only with a reason.", resolution='Add --reason "why it is not this customer".'
        )
    bound = [one for one in list_accounts(connection, store=store, key=str(account)) if one.account == str(account)]
    if not bound:
        raise PermanentError(
            f"Account {account} of store {store} is not bound to a customer of M3.",
            resolution=f"`connector customers bindings --store {store}` lists those that are.",
        )
    connection.execute(_UNBIND, {"store": store, "account": account, "who": who, "why": why})
    return Unbound(bound[0].number, [int(one.partition("/")[2]) for one in bound[0].claimants])
