"""An order of the shop without what refunds took off it before M3 picked it: that is what M3 is to hold.

Called by the order flow and its preview for each order they read, and by the refunds flow. The shop does not change an order
when it is refunded; what a refund takes off is kept in the ledger, and counts as long as the shop lists the refund.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.flows.context import Run
from connector.flows.stock.selling import REDUCED
from connector.ledger import reductions
from connector.ledger.dispatch import wake_blocked
from connector.money.portions import from_json
from connector.money.reducing import less
from connector.woocommerce.models import LineItem, Order

ORDERS = "orders_to_m3"


def as_reduced(run: Run, order: Order) -> Order:
    """Returns the order as M3 is to hold it.

    Raises:
        AmountsDifferError: It was edited in the shop so that less is left than refunds took off.
    """
    if not order.refunds:
        return order
    listed = {one.id for one in order.refunds}
    rows = reductions.of_order(run.journal.connection, run.store.name, order_id=order.id)
    return without(order, [content for refund_id, content in rows.items() if refund_id in listed])


def without(order: Order, kept: list[dict[str, Any]]) -> Order:
    """Returns the order without what is kept of refunds; a line holds no more of the shop's stock than is left of it."""
    if not kept:
        return order
    smaller = less(order, (from_json(one["now"]) for one in kept), decimals=kept[0]["decimals"])
    lines = tuple(_holding_what_is_left(line) for line in smaller.line_items)
    return smaller.model_copy(update={"line_items": lines})


def _holding_what_is_left(line: LineItem) -> LineItem:
    rows = tuple(
        row.model_copy(update={"value": str(line.quantity)})
        if row.key == REDUCED and _is_more(row.value, line)
        else row
        for row in line.meta_data
    )
    return line.model_copy(update={"meta_data": rows})


def _is_more(value: Any, line: LineItem) -> bool:
    text = str(value)
    return text.isdecimal() and len(text) < 10 and Decimal(text) > line.quantity


def is_nothing(order: Order) -> bool:
    """Tells whether nothing is left of an order."""
    return not order.line_items and not order.total


def wake_refunds(run: Run, order: Order | None) -> None:
    """Stages that refunds go on which wait for this order to be made smaller."""
    if order is not None and order.refunds:
        key = f"{run.store.name}/{order.id}"
        run.messages += wake_blocked(run.journal.connection, ORDERS, key=key)
