"""The arithmetic of an order: tax per line, negative fees, totals; called by `orders` and `coupons`.

Source: amounts of the recorded orders; rules of WooCommerce 9.9.5 order calculation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from sandbox.shop.entities import FeeLine, LineItem, Order, TaxLine
from sandbox.shop.wire import cents_half_down, cents_half_up, six


@dataclass(frozen=True)
class TaxRate:
    """A tax rate of the shop; `percent` in per cent."""

    id: int
    tax_class: str
    percent: int
    label: str
    is_on_shipping: bool


RATES = {
    1: TaxRate(1, "", 25, "PDV 25%", True),
    2: TaxRate(2, "reduced-rate", 5, "PDV 5%", False),
}


@dataclass(frozen=True)
class Rounding:
    """How the shop rounds: per line unless `at_subtotal`; halves down if prices were entered with tax."""

    at_subtotal: bool
    prices_include_tax: bool

    def tax(self, amount: Decimal) -> Decimal:
        """Round a tax to cents."""
        return cents_half_down(amount) if self.prices_include_tax else cents_half_up(amount)

    def line_tax(self, amount: Decimal) -> Decimal:
        """Round the tax of one line, unless only the sums are rounded."""
        return amount if self.at_subtotal else self.tax(amount)

    def line(self, amount: Decimal) -> Decimal:
        """Round the amount of one line, unless only the sums are rounded."""
        return amount if self.at_subtotal else cents_half_up(amount)


def rates_of(tax_class: str) -> list[TaxRate]:
    """List the rates of a tax class; `zero-rate` and unknown classes have none."""
    return [rate for rate in RATES.values() if rate.tax_class == tax_class]


def tax_on(amount: Decimal, tax_class: str) -> dict[int, Decimal]:
    """Compute the tax on a net amount, per rate id, in six decimals."""
    return {rate.id: six(amount * rate.percent / 100) for rate in rates_of(tax_class)}


def tax_within(amount: Decimal, tax_class: str) -> Decimal:
    """Compute the tax contained in a gross amount, in six decimals."""
    percent = sum(rate.percent for rate in rates_of(tax_class))
    return six(amount - amount / (1 + Decimal(percent) / 100))


def calculate(order: Order, *, rounding: Rounding, next_item_id: Iterator[int]) -> None:
    """Set line taxes, tax lines and totals of an order from its net line amounts."""
    _limit_negative_fees(order)
    _tax_lines(order, rounding)
    _tax_shipping(order, rounding)
    _tax_fees(order, rounding)
    _sum_tax(order, rounding=rounding, next_item_id=next_item_id)
    _sum_order(order, rounding)


def _limit_negative_fees(order: Order) -> None:
    """A negative fee never takes off more than there is."""
    room = sum((line.total for line in order.lines), Decimal(0))
    room += sum((line.total for line in order.shipping_lines), Decimal(0))
    for fee in order.fees:
        if fee.total < 0 < room and fee.total < -room:
            fee.total = -cents_half_up(room)
        room += fee.total


def _tax_lines(order: Order, rounding: Rounding) -> None:
    for line in order.lines:
        if line.tax_status != "taxable":
            line.taxes, line.total_tax, line.subtotal_tax = {}, Decimal(0), Decimal(0)
            continue
        on_total = tax_on(line.total, line.tax_class)
        on_subtotal = tax_on(line.subtotal, line.tax_class)
        line.taxes = {rate: (tax, on_subtotal[rate]) for rate, tax in on_total.items()}
        line.total_tax = _sum(rounding.line_tax(tax) for tax in on_total.values())
        line.subtotal_tax = _sum(rounding.line_tax(tax) for tax in on_subtotal.values())


def _tax_shipping(order: Order, rounding: Rounding) -> None:
    tax_class = _shipping_class(order)
    for line in order.shipping_lines:
        taxes = {rate.id: six(line.total * rate.percent / 100) for rate in rates_of(tax_class)}
        line.taxes = {rate: tax for rate, tax in taxes.items() if RATES[rate].is_on_shipping}
        line.total_tax = _sum(rounding.line_tax(tax) for tax in line.taxes.values())


def _shipping_class(order: Order) -> str:
    """Shipping inherits the class of the lines: standard if any line has it, else the first found."""
    classes = [line.tax_class for line in order.lines if line.tax_status == "taxable"]
    return "" if not classes or "" in classes else classes[0]


def _tax_fees(order: Order, rounding: Rounding) -> None:
    for fee in order.fees:
        if fee.total < 0:
            fee.taxes = _tax_of_negative_fee(order, fee)
        else:
            fee.taxes = tax_on(fee.total, fee.tax_class) if fee.tax_status == "taxable" else {}
        fee.total_tax = _sum(rounding.line_tax(tax) for tax in fee.taxes.values())


def _tax_of_negative_fee(order: Order, fee: FeeLine) -> dict[int, Decimal]:
    """Spread a negative fee over the tax classes of what is positive, untaxed parts included."""
    costs: dict[str | None, Decimal] = {}
    for tax_class, amount in _positive_parts(order):
        costs[tax_class] = costs.get(tax_class, Decimal(0)) + amount
    whole = _sum(costs.values())
    taxes: dict[int, Decimal] = {}
    for tax_class, cost in costs.items():
        if tax_class is None or not whole:
            continue
        for rate, tax in tax_on(fee.total * cost / whole, tax_class).items():
            taxes[rate] = taxes.get(rate, Decimal(0)) + tax
    return taxes


def _positive_parts(order: Order) -> Iterator[tuple[str | None, Decimal]]:
    """Yield (tax class or None if untaxed, amount) of everything positive in an order."""
    parts: list[LineItem | FeeLine] = [*order.lines, *order.fees]
    for part in parts:
        if part.total >= 0:
            yield (part.tax_class if part.tax_status == "taxable" else None), part.total
    for shipping in order.shipping_lines:
        if shipping.total >= 0:
            yield _shipping_class(order), shipping.total


def _sum_tax(order: Order, *, rounding: Rounding, next_item_id: Iterator[int]) -> None:
    cart: dict[int, Decimal] = {}
    shipping: dict[int, Decimal] = {}
    for line in order.lines:
        _add(cart, {rate: total for rate, (total, _) in line.taxes.items()}, rounding)
    for fee in order.fees:
        _add(cart, fee.taxes, rounding)
    for line_of_shipping in order.shipping_lines:
        _add(shipping, line_of_shipping.taxes, rounding)
    known = {tax.rate_id: tax for tax in order.taxes}
    used = list(dict.fromkeys([*cart, *shipping]))
    order.taxes = [known.get(rate) or TaxLine(next(next_item_id), rate) for rate in _known_first(used, known)]
    for tax in order.taxes:
        tax.tax_total = cart.get(tax.rate_id, Decimal(0))
        tax.shipping_tax_total = shipping.get(tax.rate_id, Decimal(0))
    order.cart_tax, order.shipping_tax = _sum(cart.values()), _sum(shipping.values())
    order.total_tax = rounding.tax(order.cart_tax + order.shipping_tax)


def _known_first(used: list[int], known: dict[int, TaxLine]) -> list[int]:
    return [*(rate for rate in known if rate in used), *(rate for rate in used if rate not in known)]


def _add(sums: dict[int, Decimal], taxes: dict[int, Decimal], rounding: Rounding) -> None:
    for rate, tax in taxes.items():
        sums[rate] = sums.get(rate, Decimal(0)) + rounding.line_tax(tax)


def _sum_order(order: Order, rounding: Rounding) -> None:
    lines = _sum(rounding.line(line.total) for line in order.lines)
    before_discount = _sum(rounding.line(line.subtotal) for line in order.lines)
    order.shipping_total = _sum(line.total for line in order.shipping_lines)
    order.discount_total = cents_half_up(before_discount - lines)
    order.discount_tax = rounding.tax(_exact_tax(order.lines, index=1) - _exact_tax(order.lines, index=0))
    fees = _sum(fee.total for fee in order.fees)
    taxes = order.cart_tax + order.shipping_tax
    order.total = cents_half_up(lines + fees + order.shipping_total + taxes)


def _exact_tax(lines: Iterable[LineItem], *, index: int) -> Decimal:
    return _sum(pair[index] for line in lines for pair in line.taxes.values())


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
