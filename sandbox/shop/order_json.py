"""Writes orders, notes and refunds as REST and webhooks show them; called by `api_orders` and `delivery`."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from sandbox.shop import dates
from sandbox.shop.entities import CouponLine, FeeLine, LineItem, Meta, Note, Order, Refund, ShippingLine, TaxLine
from sandbox.shop.state import Shop
from sandbox.shop.totals import RATES
from sandbox.shop.wire import JSONDict, fixed, number, plain, unit_price

ITEM_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF", "SEK": "kr", "HRK": "kn"}
_BILLING = (
    *("first_name", "last_name", "company", "address_1", "address_2"),
    *("city", "state", "postcode", "country", "email", "phone"),
)
_SHIPPING = tuple(name for name in _BILLING if name != "email")


def self_link(href: str, methods: list[str] = ITEM_METHODS) -> list[JSONDict]:
    """Write a `self` link with its allowed methods."""
    return [{"href": href, "targetHints": {"allow": methods}}]


def show_meta(entries: list[Meta]) -> list[JSONDict]:
    """Write `meta_data` of an order, product or customer."""
    return [{"id": m.id, "key": m.key, "value": m.value} for m in entries]


def show_item_meta(entries: list[Meta]) -> list[JSONDict]:
    """Write `meta_data` of an order line, which has display texts besides."""
    return [
        {
            "id": m.id,
            "key": m.key,
            "value": m.value,
            "display_key": m.display_key or m.key,
            "display_value": m.value if m.display_value is None else m.display_value,
        }
        for m in entries
    ]


def show_order(shop: Shop, order: Order, *, base: str, places: int = 2) -> JSONDict:
    """Write an order with its keys in the recorded order.

    Args:
        base: scheme and host for links, without trailing slash.
        places: decimals of the amounts (query `dp`).
    """
    money = partial(fixed, places=places)
    return {
        **_head(order, money),
        "line_items": [show_line(shop, line, money) for line in order.lines],
        "tax_lines": [show_tax(tax, money) for tax in order.taxes],
        "shipping_lines": [show_shipping(line, money) for line in order.shipping_lines],
        "fee_lines": [show_fee(fee, money) for fee in order.fees],
        "coupon_lines": [_coupon(used) for used in order.coupons],
        "refunds": _refunds(shop, order, money),
        **_tail(shop, order, base),
        "_links": _links(order, base),
    }


def _head(order: Order, money: Callable[[Decimal], str]) -> JSONDict:
    return {
        "id": order.id,
        "parent_id": 0,
        "status": order.status,
        "currency": order.currency,
        "version": "9.9.5",
        "prices_include_tax": order.prices_include_tax,
        "date_created": dates.site(order.created),
        "date_modified": dates.site(order.modified),
        "discount_total": money(order.discount_total),
        "discount_tax": money(order.discount_tax),
        "shipping_total": money(order.shipping_total),
        "shipping_tax": money(order.shipping_tax),
        "cart_tax": money(order.cart_tax),
        "total": money(order.total),
        "total_tax": money(order.total_tax),
        "customer_id": order.customer_id,
        "order_key": order.order_key,
        "billing": {name: order.billing.get(name, "") for name in _BILLING},
        "shipping": {name: order.shipping.get(name, "") for name in _SHIPPING},
        "payment_method": order.payment_method,
        "payment_method_title": order.payment_method_title,
        "transaction_id": order.transaction_id,
        "customer_ip_address": order.customer_ip_address,
        "customer_user_agent": order.customer_user_agent,
        "created_via": order.created_via,
        "customer_note": order.customer_note,
        "date_completed": dates.site(order.completed),
        "date_paid": dates.site(order.paid),
        "cart_hash": order.cart_hash,
        "number": str(order.id),
        "meta_data": show_meta(order.meta),
    }


def _tail(shop: Shop, order: Order, base: str) -> JSONDict:
    waits = order.status in {"pending", "failed", "checkout-draft"}
    pay = f"{base}/checkout/order-pay/{order.id}/?pay_for_order=true&key={order.order_key}"
    return {
        "payment_url": pay,
        "is_editable": order.status in {"pending", "on-hold", "auto-draft"},
        "needs_payment": waits and order.total > 0,
        "needs_processing": needs_processing(shop, order),
        "date_created_gmt": dates.gmt(order.created),
        "date_modified_gmt": dates.gmt(order.modified),
        "date_completed_gmt": dates.gmt(order.completed),
        "date_paid_gmt": dates.gmt(order.paid),
        "currency_symbol": SYMBOLS.get(order.currency, order.currency),
    }


def needs_processing(shop: Shop, order: Order) -> bool:
    """Say whether anything in an order has to be sent: all but virtual downloads and unknown products."""
    products = (shop.products.get(line.variation_id or line.product_id) for line in order.lines)
    return any(p and not (p.virtual and p.downloadable) for p in products)


def _links(order: Order, base: str) -> JSONDict:
    root = f"{base}/wp-json/wc/v3"
    own = f"{root}/orders/{order.id}"
    links: JSONDict = {
        "self": self_link(own),
        "collection": [{"href": f"{root}/orders"}],
        "email_templates": [{"embeddable": True, "href": f"{own}/actions/email_templates"}],
    }
    if order.customer_id:
        links["customer"] = [{"href": f"{root}/customers/{order.customer_id}"}]
    return links


def show_line(shop: Shop, line: LineItem, money: Callable[[Decimal], str]) -> JSONDict:
    """Write an order or refund line; product facts are looked up now, as the shop does."""
    product = shop.products.get(line.variation_id or line.product_id)
    parent = shop.products.get(product.parent_id) if product and product.parent_id else None
    is_simple = product is not None and parent is None
    return {
        "id": line.id,
        "name": line.name,
        "product_id": line.product_id if product else 0,
        "variation_id": line.variation_id if product else 0,
        "quantity": line.quantity,
        "tax_class": line.tax_class,
        "subtotal": money(line.subtotal),
        "subtotal_tax": money(line.subtotal_tax),
        "total": money(line.total),
        "total_tax": money(line.total_tax),
        "taxes": [
            {"id": rate, "total": plain(total), "subtotal": plain(subtotal)}
            for rate, (total, subtotal) in line.taxes.items()
        ],
        "meta_data": show_item_meta(line.meta),
        "sku": product.sku if product else None,
        "price": unit_price(line.total, line.quantity),
        "image": {"id": "" if is_simple else 0, "src": ""},
        "parent_name": parent.name if parent else None,
    }


def show_tax(tax: TaxLine, money: Callable[[Decimal], str]) -> JSONDict:
    """Write a tax line."""
    rate = RATES[tax.rate_id]
    return {
        "id": tax.id,
        "rate_code": f"{rate.label}-1",
        "rate_id": rate.id,
        "label": rate.label,
        "compound": False,
        "tax_total": money(tax.tax_total),
        "shipping_tax_total": money(tax.shipping_tax_total),
        "rate_percent": rate.percent,
        "meta_data": [],
    }


def _plain_taxes(taxes: dict[int, Decimal]) -> list[JSONDict]:
    return [{"id": rate, "total": plain(tax), "subtotal": ""} for rate, tax in taxes.items()]


def show_shipping(line: ShippingLine, money: Callable[[Decimal], str]) -> JSONDict:
    """Write a shipping line."""
    return {
        "id": line.id,
        "method_title": line.method_title,
        "method_id": line.method_id,
        "instance_id": line.instance_id,
        "total": money(line.total),
        "total_tax": money(line.total_tax),
        "taxes": _plain_taxes(line.taxes),
        "tax_status": "taxable",
        "meta_data": show_item_meta(line.meta),
    }


def show_fee(fee: FeeLine, money: Callable[[Decimal], str]) -> JSONDict:
    """Write a fee line."""
    return {
        "id": fee.id,
        "name": fee.name,
        "tax_class": fee.tax_class,
        "tax_status": fee.tax_status,
        "amount": "",
        "total": money(fee.total),
        "total_tax": money(fee.total_tax),
        "taxes": _plain_taxes(fee.taxes),
        "meta_data": show_item_meta(fee.meta),
    }


def _coupon(used: CouponLine) -> JSONDict:
    coupon = used.coupon
    nominal = number(coupon.amount)
    info = f'[{coupon.id},"{coupon.code}","{coupon.kind}",{nominal}]'
    return {
        "id": used.id,
        "code": coupon.code,
        "discount": plain(used.discount),
        "discount_tax": plain(used.discount_tax),
        "meta_data": show_item_meta([Meta(used.meta_id, "coupon_info", info)]),
        "discount_type": coupon.kind,
        "nominal_amount": nominal,
        "free_shipping": False,
    }


def _refunds(shop: Shop, order: Order, money: Callable[[Decimal], str]) -> list[JSONDict]:
    own = sorted((r for r in shop.refunds.values() if r.order_id == order.id), key=lambda r: -r.id)
    return [{"id": r.id, "reason": r.reason, "total": money(-r.amount)} for r in own]


def show_note(note: Note, *, order_id: int, base: str) -> JSONDict:
    """Write an order note."""
    order_url = f"{base}/wp-json/wc/v3/orders/{order_id}"
    return {
        "id": note.id,
        "author": note.author,
        "date_created": dates.site(note.created),
        "date_created_gmt": dates.gmt(note.created),
        "note": note.text,
        "customer_note": note.is_for_customer,
        "_links": {
            "self": self_link(f"{order_url}/notes/{note.id}", ["GET", "DELETE"]),
            "collection": [{"href": f"{order_url}/notes"}],
            "up": [{"href": order_url}],
        },
    }


def show_refund(shop: Shop, refund: Refund, *, base: str, with_parent: bool = False) -> JSONDict:
    """Write a refund; the list over all orders names its order (`parent_id`) besides."""
    order_url = f"{base}/wp-json/wc/v3/orders/{refund.order_id}"
    parent: dict[str, Any] = {"parent_id": refund.order_id} if with_parent else {}
    return {
        "id": refund.id,
        **parent,
        "date_created": dates.site(refund.created),
        "date_created_gmt": dates.gmt(refund.created),
        "amount": fixed(refund.amount),
        "reason": refund.reason,
        "refunded_by": 1,
        "refunded_payment": refund.is_paid_back,
        "meta_data": show_meta(refund.meta),
        "line_items": [show_line(shop, line, fixed) for line in refund.lines],
        "shipping_lines": [show_shipping(line, fixed) for line in refund.shipping_lines],
        "tax_lines": [show_tax(tax, fixed) for tax in refund.taxes],
        "fee_lines": [show_fee(fee, fixed) for fee in refund.fees],
        "_links": {
            "self": self_link(f"{order_url}/refunds/{refund.id}", ["GET", "DELETE"]),
            "collection": [{"href": f"{order_url}/refunds"}],
            "up": [{"href": order_url}],
        },
    }
