"""Spreads coupons over the lines of an order as WooCommerce does, in cents; called by `orders`."""

from decimal import ROUND_HALF_DOWN, Decimal

from sandbox.shop.entities import Coupon, LineItem, Order
from sandbox.shop.totals import Rounding, tax_on, tax_within
from sandbox.shop.wire import floor_int


def apply_coupons(order: Order, *, rounding: Rounding) -> None:
    """Set the line totals to subtotal less discount, and what each coupon took off."""
    room = {line.id: _price_in_cents(line, order) for line in order.lines}
    taken: dict[int, int] = dict.fromkeys(room, 0)
    for used in order.coupons:
        discounts = _discounts(used.coupon, order=order, room=room, taken=taken)
        used.discount, used.discount_tax = Decimal(0), Decimal(0)
        for line in order.lines:
            amount = Decimal(discounts.get(line.id, 0)) / 100
            tax = rounding.line_tax(_tax_of_discount(amount, line, order))
            used.discount_tax += tax
            used.discount += amount - tax if order.prices_include_tax else amount
            taken[line.id] += discounts.get(line.id, 0)
    for line in order.lines:
        line.total = max(Decimal(0), line.subtotal - _net(Decimal(taken[line.id]) / 100, line, order))


def _price_in_cents(line: LineItem, order: Order) -> Decimal:
    gross = line.subtotal + line.subtotal_tax if order.prices_include_tax else line.subtotal
    return gross * 100


def _tax_of_discount(amount: Decimal, line: LineItem, order: Order) -> Decimal:
    if line.tax_status != "taxable":
        return Decimal(0)
    if order.prices_include_tax:
        return tax_within(amount, line.tax_class)
    return sum(tax_on(amount, line.tax_class).values(), Decimal(0))


def _net(amount: Decimal, line: LineItem, order: Order) -> Decimal:
    return amount - _tax_of_discount(amount, line, order) if order.prices_include_tax else amount


def _discounts(coupon: Coupon, *, order: Order, room: dict[int, Decimal], taken: dict[int, int]) -> dict[int, int]:
    """Compute what one coupon takes off each line, in cents; dearest line first."""
    lines = [line for line in order.lines if _is_covered(coupon, line) and room[line.id] > 0]
    lines.sort(key=lambda line: -room[line.id])
    left = {line.id: _round(room[line.id]) - taken[line.id] for line in lines}
    if coupon.kind == "percent":
        return _percent(coupon, lines=lines, room=room, left=left)
    amount = int(coupon.amount * 100)
    if coupon.kind == "fixed_product":
        return _per_piece(amount, lines=lines, left=left)
    return _whole_cart(amount, lines=lines, left=left)


def _is_covered(coupon: Coupon, line: LineItem) -> bool:
    return not coupon.product_ids or line.product_id in coupon.product_ids


def _percent(
    coupon: Coupon, *, lines: list[LineItem], room: dict[int, Decimal], left: dict[int, int]
) -> dict[int, int]:
    share = coupon.amount / 100
    prices = {line.id: _round(room[line.id]) for line in lines}
    taken = {key: min(left[key], floor_int(price * share)) for key, price in prices.items()}
    wanted = (sum(prices.values()) * share).to_integral_value(ROUND_HALF_DOWN)
    return _add_cents(int(wanted) - sum(taken.values()), lines=lines, left=left, taken=taken)


def _per_piece(amount: int, *, lines: list[LineItem], left: dict[int, int]) -> dict[int, int]:
    return {line.id: min(left[line.id], amount * line.quantity) for line in lines}


def _whole_cart(amount: int, *, lines: list[LineItem], left: dict[int, int]) -> dict[int, int]:
    """Give every piece the same whole cents until nothing more fits, then single cents."""
    taken: dict[int, int] = {line.id: 0 for line in lines}
    pieces = sum(line.quantity for line in lines)
    rest = amount
    while pieces and rest // pieces > 0:
        still_left = {key: left[key] - taken[key] for key in taken}
        round_taken = _per_piece(rest // pieces, lines=lines, left=still_left)
        if not sum(round_taken.values()):
            return taken
        taken = {key: taken[key] + round_taken[key] for key in taken}
        rest -= sum(round_taken.values())
    return _add_cents(rest, lines=lines, left=left, taken=taken)


def _add_cents(rest: int, *, lines: list[LineItem], left: dict[int, int], taken: dict[int, int]) -> dict[int, int]:
    """Hand out what rounding left over, one cent a piece, dearest line first."""
    for line in lines:
        for _ in range(line.quantity):
            if rest > 0 and taken[line.id] < left[line.id]:
                taken[line.id] += 1
                rest -= 1
    return taken


def _round(cents: Decimal) -> int:
    return int(cents.quantize(Decimal(1), "ROUND_HALF_UP"))
