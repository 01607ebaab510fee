"""Line amounts, VAT and totals as this M3 computes them; programs, confirm and book use it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sandbox.m3.entities import Item, OrderBody

VAT_RATES = {0: Decimal(0), 1: Decimal("0.25"), 2: Decimal("0.05")}
"""VAT code -> rate. The same for every country: the shop of the recordings charges its own rates to all."""

CURRENCY_DECIMALS = {"EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "PLN": 2, "CZK": 2, "SEK": 2, "HUF": 2, "JPY": 0, "KWD": 3}
"""DCCD and NPRD of CRS055."""


@dataclass(frozen=True)
class Totals:
    """The figures of OIS100MI/GetOrderValue."""

    net: Decimal
    charges: Decimal
    line_charges: Decimal
    vat: Decimal

    @property
    def order_value(self) -> Decimal:
        """ORVA: lines and charges without VAT."""
        return self.net + self.charges + self.line_charges

    @property
    def to_pay(self) -> Decimal:
        """TOPY."""
        return self.order_value + self.vat


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the decimals of the currency."""
    return amount.quantize(Decimal(1).scaleb(-CURRENCY_DECIMALS[currency]), rounding=ROUND_HALF_UP)


def net_price(price: Decimal, sent: Mapping[str, str], *, item: Item) -> Decimal:
    """Take the six discounts off a sales price one after the other: amount per price unit, then percent.

    A site may let none count on an item, by its discount model; what was sent then changes nothing.
    """
    if not item.takes_discounts:
        return price
    for position in "123456":
        price -= Decimal(sent.get(f"DIA{position}") or "0")
        price *= 1 - Decimal(sent.get(f"DIP{position}") or "0") / 100
    return price


def line_amount(price: Decimal, *, quantity: Decimal, price_quantity: int, currency: str) -> Decimal:
    """Give quantity x price / price quantity, rounded; quantity in the price unit."""
    return round_amount(quantity * price / price_quantity, currency)


def totals(body: OrderBody, *, is_taxed: bool, counts_undelivered: bool = True) -> Totals:
    """Sum an order, with or without what was ended of lines delivered in part; VAT is rounded once per code and document."""
    currency = body.head["CUCD"]
    zero = round_amount(Decimal(0), currency)
    base: defaultdict[int, Decimal] = defaultdict(lambda: zero)
    net = charges = line_charges = zero
    for line in body.lines.values():
        ended = Decimal(0) if counts_undelivered else line.amount * line.undelivered / line.basic_quantity
        amount = round_amount(line.amount - ended, currency)
        net += amount
        base[line.vat_code] += amount
        for charge in line.charges.values():
            line_charges += charge.amount
            base[charge.vat_code] += charge.amount
    for charge in body.charges.values():
        charges += charge.amount
        base[charge.vat_code] += charge.amount
    return Totals(net, charges, line_charges, vat_of(base.items(), currency) if is_taxed else zero)


def vat_of(rows: Iterable[tuple[int, Decimal]], currency: str) -> Decimal:
    """Sum the VAT of amounts by their codes, rounded once for each code."""
    base: defaultdict[int, Decimal] = defaultdict(Decimal)
    for code, amount in rows:
        base[code] += amount
    zero = round_amount(Decimal(0), currency)
    return sum((round_amount(amount * VAT_RATES[code], currency) for code, amount in base.items()), zero)


def plain(value: Decimal) -> str:
    """Write a quantity or price as plain text without trailing zeros."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def decimals_of(value: Decimal) -> int:
    """Count the decimals that matter."""
    return len(plain(value).partition(".")[2])
