"""Creates and changes orders as shop, REST and administration do; called by `api_orders`, `control` and `checkout`."""

from collections.abc import Iterator
from decimal import Decimal

from sandbox.shop.coupons import apply_coupons
from sandbox.shop.entities import CouponLine, FeeLine, LineItem, Meta, Order, Product, ShippingLine
from sandbox.shop.errors import RestError
from sandbox.shop.metadata import write_meta
from sandbox.shop.order_status import change_status, pay
from sandbox.shop.state import Shop
from sandbox.shop.totals import Rounding, calculate, tax_within
from sandbox.shop.wire import JSONDict, to_decimal, to_int

_TEXTS = ("currency", "payment_method", "payment_method_title", "transaction_id", "customer_note")
_ITEMS = ("billing", "shipping", "line_items", "shipping_lines", "fee_lines", "coupon_lines")


def rounding(shop: Shop) -> Rounding:
    """Return how the shop rounds now."""
    return Rounding(shop.settings.round_at_subtotal, shop.settings.prices_include_tax)


def recalculate(shop: Shop, order: Order, *, with_coupons: bool = True) -> None:
    """Compute taxes and totals anew, with the discounts of its coupons."""
    rules = rounding(shop)
    ids = _item_ids(shop)
    if order.coupons and with_coupons:
        calculate(order, rounding=rules, next_item_id=ids)
        apply_coupons(order, rounding=rules)
    calculate(order, rounding=rules, next_item_id=ids)


def _item_ids(shop: Shop) -> Iterator[int]:
    while True:
        yield shop.next("item")


def new_order(shop: Shop, *, created_via: str) -> Order:
    """Make an empty order; it has no number yet (`store_order` draws it)."""
    now = shop.clock()
    return Order(
        id=0,
        order_key="wc_order_" + shop.random_text(13),
        created=now,
        modified=now,
        created_via=created_via,
        prices_include_tax=shop.settings.prices_include_tax,
    )


def store_order(shop: Shop, order: Order) -> None:
    """Give the order its number and put it into the shop."""
    order.id = shop.next("post")
    shop.orders[order.id] = order


def create_order(shop: Shop, body: JSONDict) -> Order:
    """Create an order from a REST body.

    Raises:
        RestError: customer or product reference wrong (nothing is created), or coupon unknown: then the order
            exists all the same and its webhooks are sent.
    """
    order = new_order(shop, created_via="rest-api")
    _fill(shop, order, body)
    store_order(shop, order)
    recalculate(shop, order)
    shop.emit("order.created", order.id)
    shop.emit("action.woocommerce_new_order", order.id)
    shop.emit("order.updated", order.id)
    use_coupons(shop, order, [str(c.get("code", "")) for c in body.get("coupon_lines", [])])
    if "status" in body:
        change_status(shop, order, str(body["status"]))
    if body.get("set_paid"):
        pay(shop, order)
    return order


def update_order(shop: Shop, order: Order, body: JSONDict) -> None:
    """Change an order from a REST body; the date moves and `order.updated` is due also if nothing changed.

    Raises:
        RestError: as `create_order`.
    """
    if order.status != "trash":
        shop.emit("order.updated", order.id)
    _fill(shop, order, body)
    if any(name in body for name in _ITEMS):
        recalculate(shop, order, with_coupons="coupon_lines" in body)
    if "coupon_lines" in body:
        use_coupons(shop, order, [str(c.get("code", "")) for c in body["coupon_lines"]])
    if "status" in body:
        change_status(shop, order, str(body["status"]))
    if body.get("set_paid"):
        pay(shop, order)
    order.modified = shop.clock()


def use_coupons(shop: Shop, order: Order, codes: list[str]) -> None:
    """Apply coupons by code, in the order given.

    Raises:
        RestError: 400 `woocommerce_rest_invalid_coupon` for an unknown code.
    """
    for code in codes:
        coupon = shop.coupons.get(code.lower())
        if coupon is None:
            message = f"Coupon &quot;{code}&quot; does not exist!"
            raise RestError("woocommerce_rest_invalid_coupon", message)
        if all(used.coupon.id != coupon.id for used in order.coupons):
            order.coupons.append(CouponLine(shop.next("item"), coupon, shop.next("item_meta")))
    if codes:
        recalculate(shop, order)


def _fill(shop: Shop, order: Order, body: JSONDict) -> None:
    _set_customer(shop, order, body)
    for name in _TEXTS:
        if name in body:
            setattr(order, name, str(body[name]))
    for address, sent in ((order.billing, body.get("billing")), (order.shipping, body.get("shipping"))):
        address.update({key: str(value or "") for key, value in (sent or {}).items()})
    for sent in body.get("line_items", []):
        _set_line(shop, order, sent)
    for sent in body.get("shipping_lines", []):
        _set_shipping(shop, order, sent)
    for sent in body.get("fee_lines", []):
        _set_fee(shop, order, sent)
    write_meta(order.meta, body.get("meta_data", []), next_id=lambda: shop.next("meta"))


def _set_customer(shop: Shop, order: Order, body: JSONDict) -> None:
    customer_id = to_int(body.get("customer_id", order.customer_id) or 0)
    if customer_id and customer_id not in shop.customers:
        raise RestError("woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")
    order.customer_id = customer_id


def _set_line(shop: Shop, order: Order, sent: JSONDict) -> None:
    line = next((known for known in order.lines if sent.get("id") == known.id), None)
    if line is None:
        order.lines.append(_new_line(shop, sent))
        return
    if "quantity" in sent and to_int(sent["quantity"]) == 0:
        order.lines.remove(line)
        return
    line.quantity = to_int(sent.get("quantity", line.quantity))
    line.subtotal = to_decimal(sent["subtotal"]) if "subtotal" in sent else line.subtotal
    line.total = to_decimal(sent["total"]) if "total" in sent else line.total
    line.name = str(sent.get("name", line.name))


def _new_line(shop: Shop, sent: JSONDict) -> LineItem:
    product = _referred_product(shop, sent)
    quantity = to_int(sent.get("quantity", 1))
    line = make_line(shop, product, quantity)
    if "subtotal" in sent or "total" in sent:
        line.subtotal = to_decimal(sent.get("subtotal", sent.get("total")))
        line.total = to_decimal(sent.get("total", line.subtotal))
    line.name = str(sent.get("name", line.name))
    write_meta(line.meta, sent.get("meta_data", []), next_id=lambda: shop.next("item_meta"))
    return line


def _referred_product(shop: Shop, sent: JSONDict) -> Product | None:
    """Find the product of a line: by SKU, variation id or product id; one that does not exist is no error."""
    if sent.get("sku"):
        return shop.product_by_sku(str(sent["sku"]))
    wanted = sent.get("variation_id") or sent.get("product_id")
    if not wanted:
        message = "Product ID or SKU is required."
        raise RestError("woocommerce_rest_required_product_reference", message)
    return shop.products.get(to_int(wanted))


def make_line(shop: Shop, product: Product | None, quantity: int) -> LineItem:
    """Make an order line at the product's present price; without a product it is empty and costs nothing."""
    if product is None:
        return LineItem(shop.next("item"), "", 0, 0, quantity, "", Decimal(0), Decimal(0))
    net = net_price(shop, product) * quantity
    line = LineItem(
        id=shop.next("item"),
        name=product.name,
        product_id=product.parent_id or product.id,
        variation_id=product.id if product.parent_id else 0,
        quantity=quantity,
        tax_class=product.tax_class,
        tax_status=product.tax_status,
        subtotal=net,
        total=net,
    )
    shop.counters.item_meta += 9  # hidden entries of a line draw from the same series
    if product.type == "variation":
        line.meta = [_chosen(shop, attribute) for attribute in product.attributes]
    return line


def net_price(shop: Shop, product: Product) -> Decimal:
    """Return the price of one piece without tax, with all its decimals."""
    price = to_decimal(product.price(shop.clock()))
    if not shop.settings.prices_include_tax or product.tax_status != "taxable":
        return price
    return price - tax_within(price, product.tax_class)


def _chosen(shop: Shop, attribute: JSONDict) -> Meta:
    option = str(attribute["option"])
    value = option.lower() if attribute["id"] else option
    return Meta(shop.next("item_meta"), attribute["slug"], value, attribute["name"], option)


def _set_shipping(shop: Shop, order: Order, sent: JSONDict) -> None:
    line = next((known for known in order.shipping_lines if sent.get("id") == known.id), None)
    if line and "method_id" in sent and sent["method_id"] is None:
        order.shipping_lines.remove(line)
        return
    if line is None:
        line = ShippingLine(shop.next("item"), "", "", Decimal(0))
        order.shipping_lines.append(line)
    line.method_title = str(sent.get("method_title", line.method_title))
    line.method_id = str(sent.get("method_id", line.method_id))
    line.instance_id = str(sent.get("instance_id", line.instance_id))
    line.total = to_decimal(sent["total"]) if "total" in sent else line.total


def _set_fee(shop: Shop, order: Order, sent: JSONDict) -> None:
    fee = next((known for known in order.fees if sent.get("id") == known.id), None)
    if fee and "name" in sent and sent["name"] is None:
        order.fees.remove(fee)
        return
    if fee is None:
        fee = FeeLine(shop.next("item"), "", Decimal(0))
        order.fees.append(fee)
    fee.name = str(sent.get("name", fee.name))
    fee.tax_status = str(sent.get("tax_status", fee.tax_status))
    fee.tax_class = str(sent.get("tax_class", fee.tax_class))
    fee.total = to_decimal(sent["total"]) if "total" in sent else fee.total
