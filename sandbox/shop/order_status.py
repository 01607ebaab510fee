"""Moves orders between statuses with stock, payment dates and notes; called by orders, refunds, checkout, control."""

from decimal import Decimal

from sandbox.shop.entities import STATUSES, LineItem, Meta, Note, Order, Refund
from sandbox.shop.errors import RestError
from sandbox.shop.order_json import needs_processing
from sandbox.shop.products import move_stock
from sandbox.shop.state import Shop

_NAMES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
    "trash": "Trash",
}
_TAKES_STOCK = {"processing", "on-hold", "completed"}
_GIVES_STOCK = {"cancelled", "pending"}


def add_note(shop: Shop, order: Order, text: str, *, is_for_customer: bool = False) -> Note:
    """Add a note; that triggers no delivery and does not move the date of the order."""
    note = Note(shop.next("note"), text, shop.clock(), is_for_customer)
    order.notes.append(note)
    return note


def change_status(shop: Shop, order: Order, status: str) -> None:
    """Move an order to a status with all that hangs on it; an unknown status counts as pending."""
    status = status if status in STATUSES else "pending"
    before = order.status
    if status == before:
        return
    order.status = status
    order.past_statuses.append(before)
    if status in _TAKES_STOCK:
        _take_stock(shop, order)
        _count_sales(shop, order, 1 if before not in _TAKES_STOCK else 0)
    elif status in _GIVES_STOCK:
        _give_stock(shop, order)
        _count_sales(shop, order, -1 if before in _TAKES_STOCK else 0)
    if before != "checkout-draft":
        add_note(
            shop, order, f"Order status changed from {_NAMES.get(before, before)} to {_NAMES.get(status, status)}."
        )
    _set_dates(shop, order)
    if status == "refunded":
        _refund_rest(shop, order)
    shop.emit(f"action.woocommerce_order_status_{status}", order.id)


def pay(shop: Shop, order: Order) -> None:
    """Complete the payment of an order: processing, or completed if nothing has to be sent."""
    if order.status not in {"on-hold", "pending", "failed", "cancelled"}:
        return
    order.paid = order.paid or shop.clock()
    change_status(shop, order, "processing" if needs_processing(shop, order) else "completed")
    order.modified = shop.clock()
    shop.emit("action.woocommerce_payment_complete", order.id)


def _set_dates(shop: Shop, order: Order) -> None:
    """Cash on delivery counts as paid only when completed."""
    now = shop.clock()
    paid_at = {"completed"} if order.payment_method == "cod" else {"processing", "completed"}
    if order.status in paid_at and order.paid is None:
        order.paid = now
    if order.status == "completed" and order.completed is None:
        order.completed = now
    if order.status in {"processing", "completed"}:
        _mark_paying(shop, order)
    order.modified = now


def _mark_paying(shop: Shop, order: Order) -> None:
    customer = shop.customers.get(order.customer_id)
    if customer and order.paid and not customer.is_paying:
        customer.is_paying = True
        customer.modified = shop.clock()
        shop.emit("customer.updated", customer.id)


def _take_stock(shop: Shop, order: Order) -> None:
    changes = []
    for line in order.lines:
        product = shop.products.get(line.variation_id or line.product_id)
        if product is None or line.reduced_stock:
            continue
        moved = move_stock(shop, product, -line.quantity)
        if moved:
            set_reduced(shop, line, line.quantity)
            changes.append(f"{line.name} ({product.sku or '#' + str(product.id)}) {moved[0]}&rarr;{moved[1]}")
    if changes:
        add_note(shop, order, "Stock levels reduced: " + ", ".join(changes))


def _give_stock(shop: Shop, order: Order) -> None:
    changes = []
    for line in order.lines:
        product = shop.products.get(line.variation_id or line.product_id)
        moved = move_stock(shop, product, line.reduced_stock) if product and line.reduced_stock else None
        if product and moved:
            set_reduced(shop, line, 0)
            changes.append(f"{line.name} ({product.sku or '#' + str(product.id)}) {moved[0]}&rarr;{moved[1]}")
    if changes:
        add_note(shop, order, "Stock levels increased: " + ", ".join(changes))


def set_reduced(shop: Shop, line: LineItem, quantity: int) -> None:
    """Remember on a line how many pieces it took from stock; the entry is visible in REST."""
    line.reduced_stock = quantity
    entry = next((m for m in line.meta if m.key == "_reduced_stock"), None)
    if entry and not quantity:
        line.meta.remove(entry)
    elif entry:
        entry.value = str(quantity)
    elif quantity:
        line.meta.append(Meta(shop.next("item_meta"), "_reduced_stock", str(quantity)))


def _count_sales(shop: Shop, order: Order, sign: int) -> None:
    for line in order.lines:
        product = shop.products.get(line.product_id)
        if product:
            product.total_sales += sign * line.quantity


def _refund_rest(shop: Shop, order: Order) -> None:
    """A status of `refunded` makes a refund over what is left, without lines and without restocking."""
    refunded = sum((r.amount for r in shop.refunds.values() if r.order_id == order.id), Decimal(0))
    rest = order.total - refunded
    if rest > 0:
        number = shop.next("post")
        shop.refunds[number] = Refund(number, order.id, rest, "Order fully refunded.", shop.clock())
        shop.emit("action.woocommerce_order_refunded", order.id)


def trash_order(shop: Shop, order: Order) -> None:
    """Put an order into the trash.

    Raises:
        RestError: 410 if it is there already.
    """
    if order.status == "trash":
        message = "The shop_order has already been deleted."
        raise RestError("woocommerce_rest_already_trashed", message, status=410)
    order.old_status, order.status = order.status, "trash"
    order.past_statuses.append(order.old_status)
    order.modified = shop.clock()
    shop.emit("order.deleted", order.id)


def restore_order(shop: Shop, order: Order) -> None:
    """Take an order out of the trash as the administration does: the old status comes back."""
    order.status, order.old_status = order.old_status or "pending", ""
    order.modified = shop.clock()
    shop.emit("order.restored", order.id)


def delete_order(shop: Shop, order: Order) -> None:
    """Delete an order for good; no delivery is due for that."""
    shop.gone.append(shop.orders.pop(order.id))
    for refund in [r for r in shop.refunds.values() if r.order_id == order.id]:
        del shop.refunds[refund.id]
