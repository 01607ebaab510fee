"""The stored pairs of shop ids and M3 keys, unique both ways. Called by flows and the command line."""

from __future__ import annotations

from sqlalchemy import Connection, text

from connector.errors import PermanentError

ORDER = "order"
CUSTOMER = "customer"
REFUND = "refund"
ISSUE = "issue"  # an order carried as an invoice, and its units booked out of M3's stock

_FIND = text("SELECT m3_key FROM binding WHERE kind = :kind AND shop_scope = :shop_scope AND shop_key = :shop_key")
_BIND = text("""
INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key, exchange_id)
VALUES (:kind, :shop_scope, :shop_key, :m3_scope, :m3_key, :exchange_id)
ON CONFLICT DO NOTHING RETURNING id
""")


def find_m3_key(connection: Connection, kind: str, *, shop_scope: str, shop_key: str) -> str | None:
    """Returns the M3 key bound to a shop id, or None."""
    values = {"kind": kind, "shop_scope": shop_scope, "shop_key": shop_key}
    return connection.execute(_FIND, values).scalar_one_or_none()


_ORDER = text("""
SELECT b.m3_key, d.yref FROM binding b
LEFT JOIN document d ON d.exchange_id = b.exchange_id AND d.state = 'confirmed'
WHERE b.kind = 'order' AND b.shop_scope = :shop_scope AND b.shop_key = :shop_key
""")


def find_order(connection: Connection, *, shop_scope: str, shop_key: str) -> tuple[str, str | None] | None:
    """Returns M3's number of an order of the shop with the reference it was sent under, or None if it is not bound."""
    row = connection.execute(_ORDER, {"shop_scope": shop_scope, "shop_key": shop_key}).one_or_none()
    return None if row is None else (row.m3_key, row.yref)


def bind(
    connection: Connection, kind: str, *, shop_scope: str, shop_key: str, m3_scope: str, m3_key: str, exchange_id: int
) -> None:
    """Binds a pair; binding the same pair again does nothing.

    Raises:
        PermanentError: Either side is already bound to something else.
    """
    values = {"kind": kind, "shop_scope": shop_scope, "shop_key": shop_key, "m3_scope": m3_scope, "m3_key": m3_key}
    if connection.execute(_BIND, {**values, "exchange_id": exchange_id}).one_or_none() is not None:
        return
    bound_to = find_m3_key(connection, kind, shop_scope=shop_scope, shop_key=shop_key)
    if bound_to == m3_key:
        return
    raise PermanentError(
        f"The {kind} {shop_scope}/{shop_key} cannot be bound to {m3_key} in M3: "
        + (f"it is bound to {bound_to}." if bound_to else f"{m3_key} is bound to another {kind} of a shop."),
        resolution="Compare both in M3 and the shop; two facts must not share one M3 document.",
    )
