"""A person takes back that an account of a shop, or a shopper, is not a customer of M3. Called by `connector customers bind`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from connector.errors import PermanentError
from connector.ledger.unbinding import at_work, require_idle_account, require_reason

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
_UNBOUND = text("""
SELECT e.id, e.state, EXISTS (
    SELECT FROM document d JOIN step t ON t.document_id = d.id AND t.state IN ('intended', 'unknown')
    WHERE d.exchange_id = e.id AND d.state = 'building') AS is_being_made
FROM unbound_shopper u JOIN exchange e ON e.scope = u.m3_scope AND e.flow = 'customers_to_m3' AND e.business_key = u.shop_key
WHERE u.m3_scope = :scope AND u.number = :number ORDER BY u.unbound_at, e.id FOR UPDATE OF e
""")
_BIND_SHOPPER = text("""
WITH known AS (
    SELECT id, store, business_key FROM exchange WHERE id = :exchange_id
), said AS (
    DELETE FROM unbound_shopper u USING known
    WHERE u.m3_scope = :scope AND u.number = :number AND u.shop_key = known.business_key
), bound AS (
    INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key, exchange_id)
    SELECT 'customer', :scope, business_key, :scope, :number, id FROM known ON CONFLICT DO NOTHING RETURNING exchange_id
), given_up AS (
    -- A customer that an order of meanwhile asked for, and M3 refused.
    UPDATE document d SET state = 'abandoned', ended_at = ledger_now()
    FROM bound WHERE d.exchange_id = bound.exchange_id AND d.state = 'building'
), settled AS (
    -- Whatever it waits for is over: its next run sees the customer, and wakes the orders that wait for it.
    UPDATE exchange e SET fingerprint = :number,
        tries = 0, crashes = 0, waiting_since = NULL, blocked_since = NULL, recheck_at = NULL,
        state = CASE WHEN e.state = 'done' THEN e.state ELSE 'ready' END, next_attempt_at = ledger_now(), sent_at = NULL
    FROM bound WHERE e.id = bound.exchange_id
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
        PermanentError: No reason is given, nobody had said so, a run is at work, or one of the two is bound otherwise by now.
    """
    require_reason(why, what="bound again")
    require_idle_account(connection, store, account=account)
    values = {"store": store, "account": account, "number": number}
    if connection.execute(_FORGET_ACCOUNT, values).one_or_none() is None:
        raise _nothing_said(f"Account {account} of store {store}", number)
    more = {"scope": f"{m3_scope}/{store}", "who": who, "why": why}
    if connection.execute(_BIND, {**values, **more}).one_or_none() is None:
        raise _bound_otherwise(f"Account {account} or customer {number}", "connector customers unbind ACCOUNT")


def bind_shopper_again(
    connection: Connection, m3_scope: str, *, number: str, exchange_id: int | None, who: str, why: str
) -> None:
    """Stages that a shopper is the customer again of which a person had said that it is not.

    Args:
        connection: The transaction.
        m3_scope: Tenant and company of M3.
        number: Of the customer.
        exchange_id: Of the shopper; may be left out where only one was unbound from this customer.
        who: The person, for the audit trail.
        why: Their reason.

    Raises:
        PermanentError: No reason is given, nobody had said so, several shoppers may be meant, a run is at work, or the shopper has
            another customer by now.
    """
    require_reason(why, what="bound again")
    unbound = connection.execute(_UNBOUND, {"scope": m3_scope, "number": number}).all()
    shopper = _the_shopper(unbound, number, exchange_id)
    if shopper.state == "running" or shopper.is_being_made:
        raise at_work(f"The shopper of exchange {shopper.id}")
    values = {"scope": m3_scope, "number": number, "exchange_id": shopper.id, "who": who, "why": why}
    if connection.execute(_BIND_SHOPPER, values).one_or_none() is None:
        raise _bound_otherwise("The shopper", "connector customers unbind --customer NUMBER")


def _the_shopper(unbound: Sequence[Row[Any]], number: str, exchange_id: int | None) -> Row[Any]:
    meant = [one for one in unbound if exchange_id in (None, one.id)]
    if not meant:
        raise _nothing_said("The shopper" if exchange_id is None else f"The shopper of exchange {exchange_id}", number)
    if len(meant) > 1:
        raise PermanentError(
            f"{len(meant)} shoppers were unbound from customer {number}, and only one can be it.",
            resolution="Say which: "
            + " or ".join(f"--shopper {one.id}" for one in meant)
            + ". `connector customers unbound` "
            "tells when and why each was, `connector exchanges show` what is known of it.",
        )
    return meant[0]


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
