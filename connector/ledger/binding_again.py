"""A person takes back that an account of a shop, or a shopper, is not a customer of M3. Called by `connector customers bind`."""

from __future__ import annotations

from sqlalchemy import Connection, text

from connector.errors import PermanentError
from connector.ledger.unbinding import list_unbound, require_reason

_FORGET_ACCOUNT = text("""
DELETE FROM unbound_account WHERE store = :store AND account = :account AND number = :number RETURNING number
""")
_BIND = text("""
WITH bound AS (
    INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key)
    VALUES ('account', :store, CAST(:account AS varchar), :scope, :number) ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO audit (store, exchange_id, who, system, action, key, after, why)
SELECT :store, x.id, :who, 'ledger', 'account_bound', CAST(:account AS varchar),
       jsonb_build_object('customer', CAST(:number AS varchar)), :why
FROM bound LEFT JOIN exchange x
  ON x.scope = :store AND x.flow = 'customers_to_m3' AND x.business_key = CAST(:account AS varchar)
RETURNING id
""")
_BIND_SHOPPER = text("""
WITH said AS (
    DELETE FROM unbound_shopper WHERE m3_scope = :scope AND number = :number RETURNING shop_key
), known AS (
    SELECT e.id, e.store, e.business_key FROM exchange e JOIN said ON e.business_key = said.shop_key
    WHERE e.scope = :scope AND e.flow = 'customers_to_m3'
), bound AS (
    INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key, exchange_id)
    SELECT 'customer', :scope, business_key, :scope, :number, id FROM known ON CONFLICT DO NOTHING RETURNING exchange_id
), settled AS (
    UPDATE exchange e SET fingerprint = :number FROM bound WHERE e.id = bound.exchange_id
)
INSERT INTO audit (store, exchange_id, who, system, action, key, after, why)
SELECT known.store, known.id, :who, 'ledger', 'shopper_bound', :number,
       jsonb_build_object('customer', CAST(:number AS varchar)), :why
FROM known JOIN bound ON bound.exchange_id = known.id RETURNING id
""")


def bind_again(
    connection: Connection, store: str, *, account: int, m3_scope: str, number: str, who: str, why: str
) -> None:
    """Stages that an account is the customer again of which a person had said that it is not.

    Raises:
        PermanentError: No reason is given, nobody had said so, or one of the two is bound otherwise by now.
    """
    require_reason(why, what="bound again")
    values = {"store": store, "account": account, "number": number}
    if connection.execute(_FORGET_ACCOUNT, values).one_or_none() is None:
        raise _nothing_said(f"Account {account} of store {store}", number)
    more = {"scope": f"{m3_scope}/{store}", "who": who, "why": why}
    if connection.execute(_BIND, {**values, **more}).one_or_none() is None:
        raise _bound_otherwise(f"Account {account} or customer {number}", "connector customers unbind ACCOUNT")


def bind_shopper_again(connection: Connection, m3_scope: str, *, number: str, who: str, why: str) -> None:
    """Stages that a shopper is the customer again of which a person had said that it is not.

    Raises:
        PermanentError: No reason is given, nobody had said so, or the shopper has another customer by now.
    """
    require_reason(why, what="bound again")
    said = [
        one
        for one in list_unbound(connection, store=None, m3_scope=m3_scope)
        if one.number == number and not one.account
    ]
    if not said:
        raise _nothing_said("The shopper", number)
    values = {"scope": m3_scope, "number": number, "who": who, "why": why}
    if connection.execute(_BIND_SHOPPER, values).one_or_none() is None:
        raise _bound_otherwise("The shopper", "connector customers unbind --customer NUMBER")


def _nothing_said(who: str, number: str) -> PermanentError:
    return PermanentError(
        f"{who} was not unbound from customer {number}.",
        resolution="`connector customers unbound` lists what was. Other pairs are bound by an order, or by the address of a login.",
    )


def _bound_otherwise(who: str, command: str) -> PermanentError:
    return PermanentError(
        f"{who} is bound otherwise by now.",
        resolution=f"`connector customers bindings` and `show` tell how. Unbind that first: {command}; then bind again.",
    )
