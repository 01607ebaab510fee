"""Orders as buyers place them: REST, classic form or block checkout; called by `control` and `stories`."""

import hashlib
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sandbox.shop.dispatcher import Deliver
from sandbox.shop.entities import FeeLine, Meta, Order, ShippingLine
from sandbox.shop.errors import RestError
from sandbox.shop.metadata import write_meta
from sandbox.shop.order_status import change_status, pay
from sandbox.shop.orders import make_line, new_order, recalculate, store_order, use_coupons
from sandbox.shop.product_json import has_in_stock
from sandbox.shop.state import Shop

METHODS = {"bacs": "Direct bank transfer", "cod": "Cash on delivery", "stripe": "Card"}
_NO_HASH = hashlib.md5(b"[]", usedforsecurity=False).hexdigest()


class Checkout(StrEnum):
    """The way an order came in; it decides which deliveries go out in which order."""

    REST = "rest"
    CLASSIC = "classic"
    BLOCK = "block"


class Line(BaseModel):
    """One wished line."""

    model_config = ConfigDict(extra="forbid")
    sku: str
    quantity: int = Field(1, ge=1)


class Fee(BaseModel):
    """One fee, net; may be negative."""

    model_config = ConfigDict(extra="forbid")
    name: str
    total: Decimal
    tax_status: str = "taxable"


class Cart(BaseModel):
    """What a buyer orders: the body of `POST /_control/orders` without `kind`."""

    model_config = ConfigDict(extra="forbid")
    customer_id: int = 0
    billing: dict[str, str] = {}
    shipping: dict[str, str] | None = None
    lines: list[Line] = []
    coupons: list[str] = []
    fees: list[Fee] = []
    shipping_total: Decimal | None = Decimal("5.00")
    shipping_method: str = "flat_rate"
    currency: str = "EUR"
    payment_method: str = "bacs"
    status: str = ""
    customer_note: str = ""
    meta_data: list[dict[str, Any]] = []
    deliver: Deliver = Deliver.NOW
    checkout: Checkout = Checkout.CLASSIC
    created_via: str = ""
    """What the order says of its origin, if not its checkout: a till ("pos-rest-api"), a plug-in."""
    then: str = ""
    """A status the order moves to afterwards, with deliveries of its own."""
    only_in_stock: bool = False
    """Whether the storefront looks at the stock, as real ones do; an order through REST may oversell."""
    saved_late_s: float = Field(0, ge=0)
    """The order carries times so long ago, as one whose slow checkout began then and is saved only now."""


def place_order(shop: Shop, cart: Cart) -> Order:
    """Place an order.

    Raises:
        RestError: unknown customer, SKU or coupon, or less in stock than wanted.
    """
    via = {Checkout.REST: "rest-api", Checkout.CLASSIC: "checkout", Checkout.BLOCK: "store-api"}
    order = new_order(shop, created_via=cart.created_via or via[cart.checkout])
    _fill(shop, order, cart)
    store_order(shop, order)
    recalculate(shop, order)
    use_coupons(shop, order, cart.coupons)
    _announce(shop, order, cart)
    status = cart.status or _first_status(cart)
    if cart.checkout is Checkout.BLOCK and status != "checkout-draft":
        order.status = "pending"
    if status == "processing" and cart.payment_method not in {"cod", "bacs"}:
        pay(shop, order)
    elif status == "checkout-draft":
        order.status, order.payment_method_title = status, ""
    else:
        change_status(shop, order, status)
    _set_times_back(order, timedelta(seconds=cart.saved_late_s))
    return order


def _set_times_back(order: Order, by: timedelta) -> None:
    order.created, order.modified = order.created - by, order.modified - by
    order.paid = order.paid and order.paid - by
    order.completed = order.completed and order.completed - by


def _announce(shop: Shop, order: Order, cart: Cart) -> None:
    """Note the events in the order the real checkouts fire them (a draft is only ever `updated`)."""
    topics = ["order.created", "order.updated"]
    if cart.checkout is Checkout.BLOCK:
        topics = ["order.updated"] if cart.status == "checkout-draft" else topics[::-1]
    for topic in topics:
        shop.emit(topic, order.id)


def _first_status(cart: Cart) -> str:
    """Bank transfer waits for the money; cash on delivery and cards are processed at once."""
    if cart.checkout is Checkout.REST:
        return "pending"
    return "on-hold" if cart.payment_method == "bacs" else "processing"


def _fill(shop: Shop, order: Order, cart: Cart) -> None:
    if cart.customer_id and cart.customer_id not in shop.customers:
        raise RestError("woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")
    order.customer_id, order.currency, order.customer_note = cart.customer_id, cart.currency, cart.customer_note
    order.payment_method = cart.payment_method
    order.payment_method_title = METHODS.get(cart.payment_method, cart.payment_method)
    if cart.payment_method == "stripe":
        order.transaction_id = "ch_" + shop.random_text(24)
    _fill_addresses(shop, order, cart)
    for wish in cart.lines:
        product = shop.product_by_sku(wish.sku)
        if product is None:
            raise RestError("sandbox_unknown_sku", f"No product has the SKU {wish.sku}.")
        if cart.only_in_stock and not has_in_stock(shop, product, wish.quantity):
            raise RestError("sandbox_out_of_stock", f"The shop does not have {wish.quantity} of {wish.sku} in stock.")
        order.lines.append(make_line(shop, product, wish.quantity))
    if cart.shipping_total is not None:
        order.shipping_lines.append(_shipping_line(shop, order, cart))
    for fee in cart.fees:
        order.fees.append(FeeLine(shop.next("item"), fee.name, fee.total, fee.tax_status))
    _mark_checkout(shop, order, cart)
    write_meta(order.meta, cart.meta_data, next_id=lambda: shop.next("meta"))


def _fill_addresses(shop: Shop, order: Order, cart: Cart) -> None:
    customer = shop.customers.get(cart.customer_id)
    order.billing = dict(cart.billing or (customer.billing if customer else {}))
    if cart.shipping is not None:
        order.shipping = dict(cart.shipping)
    elif cart.checkout is not Checkout.CLASSIC:
        order.shipping = {k: v for k, v in order.billing.items() if k != "email"}


def _shipping_line(shop: Shop, order: Order, cart: Cart) -> ShippingLine:
    total = cart.shipping_total or Decimal(0)
    line = ShippingLine(
        shop.next("item"), cart.shipping_method.replace("_", " ").capitalize(), cart.shipping_method, total
    )
    if cart.checkout is not Checkout.REST:
        items = ", ".join(f"{item.name} &times; {item.quantity}" for item in order.lines)
        line.instance_id = "1"
        line.meta = [Meta(shop.next("item_meta"), "Items", items)]
    return line


def _mark_checkout(shop: Shop, order: Order, cart: Cart) -> None:
    """Leave the traces a storefront checkout leaves on an order."""
    if cart.checkout is Checkout.REST:
        return
    order.cart_hash = _digest(order, "cart")
    marks = {"is_vat_exempt": "no"}
    if cart.checkout is Checkout.BLOCK:
        order.customer_ip_address, order.customer_user_agent = "127.0.0.1", "Mozilla/5.0"
        marks = {
            "_shipping_hash": _digest(order, "shipping"),
            "_coupons_hash": _NO_HASH,
            "_fees_hash": _NO_HASH,
            "_taxes_hash": _digest(order, "taxes"),
            **marks,
        }
    entries = [Meta(shop.next("meta"), key, value) for key, value in marks.items()]
    order.meta = sorted(entries, key=lambda m: m.key)


def _digest(order: Order, part: str) -> str:
    text = part + "".join(f"{line.product_id}/{line.variation_id}/{line.quantity}" for line in order.lines)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
