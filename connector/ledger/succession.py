"""Lets another order of the shop take over an id, when a restored shop gives one a second time. Called by the order flow.

What was carried for the order before keeps its documents, its binding and its story under the key `<id>@<creation>`; the
plain id always means the order that has it now.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_FLOWS = (
    *("orders_to_m3", "order_status_to_woo", "payments_to_m3", "settlements_to_m3", "invoices_to_m3"),
    *("issues_to_m3", "discards_to_woo"),
)
"""Flows whose exchanges are keyed by the id of an order."""

_RENAME_EXCHANGES = text("""
UPDATE exchange SET business_key = :new WHERE scope = :store AND business_key = :old AND flow = ANY(:flows)
""")
_RENAME_BINDING = text("""
UPDATE binding SET shop_key = :new WHERE kind IN ('order', 'issue') AND shop_scope = :store AND shop_key = :old
""")
_MARK = "@"


def key_set_aside(order_id: str, epoch: int | str) -> str:
    """Returns the key of an order whose id belongs to another one now."""
    return f"{order_id}{_MARK}{epoch}"


def is_set_aside(business_key: str) -> bool:
    """Tells whether the id in a key belongs to another order now."""
    return _MARK in business_key


def hand_over(connection: Connection, store: str, *, order_id: str, from_epoch: int, to_epoch: int) -> None:
    """Stages that an id belongs to the order created at `to_epoch`, no longer to the one created at `from_epoch`.

    If that order had the id before and was set aside, it comes back with all that was carried for it.

    Args:
        connection: The run's transaction.
        store: The store code.
        order_id: The id both were given.
        from_epoch: Creation of the order it belonged to, seconds since 1970.
        to_epoch: Creation of the order that has it now.
    """
    renames = (
        (order_id, key_set_aside(order_id, from_epoch)),
        (key_set_aside(order_id, to_epoch), order_id),
    )
    for old, new in renames:
        connection.execute(_RENAME_EXCHANGES, {"store": store, "old": old, "new": new, "flows": list(_FLOWS)})
        connection.execute(_RENAME_BINDING, {"store": store, "old": old, "new": new})
