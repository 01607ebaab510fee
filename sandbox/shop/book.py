"""Everything the shop holds, for checkers: the answer of `GET /_book`; called by `control`."""

from decimal import Decimal

from sandbox.shop import dates
from sandbox.shop.entities import Customer, LineItem, Order, Product, Refund
from sandbox.shop.state import Shop
from sandbox.shop.wire import JSONDict, fixed


def page_of_products(shop: Shop, *, start: int, limit: int) -> JSONDict:
    """Write a part of the products, by id; `next` is where the next part starts, null at the end.

    Args:
        start: the lowest id.
        limit: how many at most.
    """
    rows = [product for product in shop.products.values() if product.id >= start][: limit + 1]
    return {"products": [_product(p) for p in rows[:limit]], "next": rows[limit].id if len(rows) > limit else None}


def make_book(shop: Shop, *, waiting: int) -> JSONDict:
    """Write the book; money as texts with two decimals.

    Args:
        waiting: deliveries not sent yet.
    """
    tally = shop.tally
    return {
        "orders": [_order(shop, order) for order in shop.orders.values()],
        "gone": [_order(shop, order) for order in shop.gone],
        "products": [_product(p) for p in shop.products.values()],
        "customers": [_customer(customer) for customer in shop.customers.values()],
        "refunds": [_refund(refund) for refund in shop.refunds.values()],
        "deliveries": {
            "sent": tally.sent,
            "failed": tally.failed,
            "suppressed": tally.suppressed,
            "waiting": waiting,
            "by_topic": dict(tally.by_topic),
        },
        "calls": dict(tally.calls),
        "webhooks": [
            {"id": w.id, "topic": w.topic, "status": w.status, "failure_count": w.failure_count}
            for w in shop.webhooks.values()
        ],
    }


def _product(product: Product) -> JSONDict:
    return {
        "id": product.id,
        "sku": product.sku,
        "name": product.name,
        "type": product.type,
        "parent_id": product.parent_id,
        "status": product.status,
        "manage_stock": product.manage_stock,
        "stock_quantity": product.stock_quantity,
        "regular_price": product.regular_price,
        "sale_price": product.sale_price,
        "tax_class": product.tax_class,
        "categories": product.category_ids,
        "attributes": {a["name"]: a.get("option", a.get("options")) for a in product.attributes},
    }


def _order(shop: Shop, order: Order) -> JSONDict:
    return {
        "id": order.id,
        "number": str(order.id),
        "status": order.status,
        "statuses": [*order.past_statuses, order.status],
        "total": fixed(order.total),
        "total_tax": fixed(order.total_tax),
        "currency": order.currency,
        "customer_id": order.customer_id,
        "date_created_gmt": dates.gmt(order.created),
        "date_modified_gmt": dates.gmt(order.modified),
        "date_paid_gmt": dates.gmt(order.paid),
        "payment_method": order.payment_method,
        "lines": [_line(shop, line) for line in order.lines],
        "shipping_total": fixed(order.shipping_total),
        "fees_total": fixed(sum((fee.total for fee in order.fees), Decimal(0))),
        "meta": {entry.key: entry.value for entry in order.meta},
        "meta_keys": [entry.key for entry in order.meta],
        "notes": [note.text for note in order.notes],
    }


def _customer(customer: Customer) -> JSONDict:
    return {
        "id": customer.id,
        "email": customer.email,
        "billing": dict(customer.billing),
        "shipping": dict(customer.shipping),
        "meta": {entry.key: entry.value for entry in customer.meta},
    }


def _refund(refund: Refund) -> JSONDict:
    """`lines` are the rows of goods: the line of the order each belongs to, and how many pieces of it came back."""
    return {
        "id": refund.id,
        "order_id": refund.order_id,
        "amount": fixed(refund.amount),
        "reason": refund.reason,
        "lines": [{"line_id": _refunded_line(line), "quantity": -line.quantity} for line in refund.lines],
    }


def _refunded_line(line: LineItem) -> int:
    return int(next(entry.value for entry in line.meta if entry.key == "_refunded_item_id"))


def _line(shop: Shop, line: LineItem) -> JSONDict:
    product = shop.products.get(line.variation_id or line.product_id)
    return {
        "id": line.id,
        "sku": product.sku if product else None,
        "quantity": line.quantity,
        "reduced_stock": line.reduced_stock,
        "total": fixed(line.total),
    }
