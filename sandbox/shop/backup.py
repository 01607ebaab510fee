"""Copies of the shop's database, and the shop put back to one; `control` keeps the copies by name.

After a restore the numbers drawn since the copy are drawn again, for other orders and customers.
"""

from copy import deepcopy
from typing import Any

from sandbox.shop.entities import Order
from sandbox.shop.state import Shop

TABLES = (
    *("products", "terms", "attributes", "images", "coupons", "customers", "orders", "refunds", "webhooks"),
    "counters",
)


def make_backup(shop: Shop) -> dict[str, Any]:
    """Copy what a database of a shop holds: not its settings, nor what the sandbox counts for checkers."""
    return {table: deepcopy(getattr(shop, table)) for table in TABLES}


def restore_backup(shop: Shop, backup: dict[str, Any]) -> None:
    """Put the shop back to a copy; orders that the copy does not have are kept for checkers as gone."""
    known = [*shop.gone, *shop.orders.values()]
    for table, content in backup.items():
        setattr(shop, table, deepcopy(content))
    restored = {order.order_key: order for order in shop.orders.values()}
    shop.gone = [order for order in known if order.order_key not in restored]
    for order in known:
        if order.order_key in restored:
            _remember_statuses(restored[order.order_key], order)


def _remember_statuses(restored: Order, known: Order) -> None:
    """What the order was meanwhile has been seen by others, though the shop does not know it any more."""
    restored.past_statuses += [*known.past_statuses[len(restored.past_statuses) :], known.status]
