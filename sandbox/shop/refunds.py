"""Makes refunds of orders; called by `api_orders` and `control`."""

from decimal import Decimal

from sandbox.shop.entities import FeeLine, LineItem, Meta, Order, Refund, ShippingLine, TaxLine
from sandbox.shop.errors import RestError
from sandbox.shop.order_status import add_note, change_status, set_reduced
from sandbox.shop.products import move_stock
from sandbox.shop.state import Shop
from sandbox.shop.wire import JSONDict, fixed, to_decimal, to_int


def create_refund(shop: Shop, order: Order, body: JSONDict) -> Refund:
    """Refund an amount, with lines if they are given; `api_refund` and `api_restock` are true by default.

    Raises:
        RestError: 500 (`data` is the number 500) above what is left, or if the gateway cannot refund.
    """
    lines = [line for line in body.get("line_items", []) if isinstance(line, dict)]
    amount = to_decimal(body["amount"]) if "amount" in body else _sum_of(lines)
    if amount < 0:
        raise RestError("woocommerce_rest_invalid_order_refund", "Refund amount must be greater than zero.")
    if amount > order.total - refunded_amount(shop, order):
        raise _refused("Invalid refund amount.")
    if body.get("api_refund", True):
        raise _refused("The payment gateway for this order does not support automatic refunds.")
    refund = Refund(shop.next("post"), order.id, amount, str(body.get("reason", "")), shop.clock())
    for sent in lines:
        _refund_item(shop, order, refund=refund, sent=sent)
    _sum_taxes(shop, refund)
    shop.refunds[refund.id] = refund
    if body.get("api_restock", True):
        _restock(shop, order, refund)
    _settle(shop, order)
    return refund


def refunded_amount(shop: Shop, order: Order) -> Decimal:
    """Sum what was refunded of an order so far."""
    return sum((r.amount for r in shop.refunds.values() if r.order_id == order.id), Decimal(0))


def _refused(message: str) -> RestError:
    return RestError("woocommerce_rest_cannot_create_order_refund", message, status=500, data=500)


def _sum_of(lines: list[JSONDict]) -> Decimal:
    net = sum((to_decimal(line.get("refund_total", 0)) for line in lines), Decimal(0))
    return net + sum((tax for line in lines for tax in _taxes(line).values()), Decimal(0))


def _taxes(sent: JSONDict) -> dict[int, Decimal]:
    return {to_int(t["id"]): to_decimal(t.get("refund_total", 0)) for t in sent.get("refund_tax", [])}


def _refund_item(shop: Shop, order: Order, *, refund: Refund, sent: JSONDict) -> None:
    item_id = to_int(sent.get("id", 0))
    total, taxes = -to_decimal(sent.get("refund_total", 0)), {k: -v for k, v in _taxes(sent).items()}
    tax = sum(taxes.values(), Decimal(0))
    mark = [Meta(shop.next("item_meta"), "_refunded_item_id", str(item_id))]
    own_id = shop.next("item")
    for line in order.lines:
        if line.id == item_id:
            refund.lines.append(
                LineItem(
                    own_id,
                    line.name,
                    line.product_id,
                    line.variation_id,
                    -to_int(sent.get("quantity", 0)),
                    line.tax_class,
                    total,
                    total,
                    subtotal_tax=tax,
                    total_tax=tax,
                    taxes={k: (v, v) for k, v in taxes.items()},
                    meta=mark,
                )
            )
    for shipping in order.shipping_lines:
        if shipping.id == item_id:
            refund.shipping_lines.append(
                ShippingLine(own_id, shipping.method_title, shipping.method_id, total, "", tax, taxes, mark)
            )
    for fee in order.fees:
        if fee.id == item_id:
            refund.fees.append(FeeLine(own_id, fee.name, total, fee.tax_status, fee.tax_class, tax, taxes, mark))


def _sum_taxes(shop: Shop, refund: Refund) -> None:
    sums: dict[int, TaxLine] = {}
    on_goods = [(rate, pair[0]) for line in refund.lines for rate, pair in line.taxes.items()]
    on_goods += [(rate, tax) for fee in refund.fees for rate, tax in fee.taxes.items()]
    for rate, tax in on_goods:
        sums.setdefault(rate, TaxLine(shop.next("item"), rate)).tax_total += tax
    for rate, tax in [(r, t) for line in refund.shipping_lines for r, t in line.taxes.items()]:
        sums.setdefault(rate, TaxLine(shop.next("item"), rate)).shipping_tax_total += tax
    refund.taxes = list(sums.values())


def _restock(shop: Shop, order: Order, refund: Refund) -> None:
    marks = {line.meta[0].value: -line.quantity for line in refund.lines}
    for line in order.lines:
        pieces = min(marks.get(str(line.id), 0), line.reduced_stock)
        product = shop.products.get(line.variation_id or line.product_id)
        moved = move_stock(shop, product, pieces) if product and pieces else None
        if product and moved:
            set_reduced(shop, line, line.reduced_stock - pieces)
            _add_to_tally(shop, line, pieces)
            add_note(shop, order, f"Item #{product.id} stock increased from {moved[0]} to {moved[1]}.")


def _add_to_tally(shop: Shop, line: LineItem, pieces: int) -> None:
    """Keep one running tally a line of what its refunds put back."""
    tally = next((meta for meta in line.meta if meta.key == "_restock_refunded_items"), None)
    if tally is None:
        line.meta.append(Meta(shop.next("item_meta"), "_restock_refunded_items", str(pieces)))
    else:
        tally.value = str(int(tally.value) + pieces)


def _settle(shop: Shop, order: Order) -> None:
    order.modified = shop.clock()
    shop.emit("order.updated", order.id)
    shop.emit("action.woocommerce_order_refunded", order.id)
    if fixed(refunded_amount(shop, order)) == fixed(order.total) and order.total > 0:
        change_status(shop, order, "refunded")
