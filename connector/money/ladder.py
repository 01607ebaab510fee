"""The price ladder: which price, price quantity and split make M3 compute a line's amount to the cent.

Called by connector.money.lines; line_amount also by connector.money.proof. Source: M3's order line table has SAPR with
6 decimals, SACD as a whole number of 5 digits, the amount with 2 decimals; it is ORQT x SAPR / SACD, rounded half up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from connector.errors import AmountsDifferError
from connector.money.rounding import ZERO, has_at_most, round_half_up, smallest_step

MOST_PRICE_DECIMALS = 6
LARGEST_PRICE_QUANTITY = 99999
MOST_QUANTITY_DECIMALS = 6
FULL_DISCOUNT = Decimal(100)


@dataclass(frozen=True)
class PriceRules:
    """What limits a price: decimals of price and currency, and whether a price may be per quantity."""

    price_decimals: int
    currency_decimals: int
    per_quantity: bool

    def for_item(self, item_decimals: int) -> PriceRules:
        """Returns these rules for an item that takes `item_decimals` price decimals (PDCC)."""
        fitting = min(item_decimals, self.price_decimals, MOST_PRICE_DECIMALS)
        return PriceRules(fitting, self.currency_decimals, self.per_quantity)


@dataclass(frozen=True)
class PricedPart:
    """Quantity and price of one M3 line, and the amount that follows."""

    quantity: Decimal
    unit_price: Decimal
    price_quantity: int
    amount: Decimal
    discount_percent: Decimal = ZERO


def line_amount(
    quantity: Decimal, unit_price: Decimal, *, price_quantity: int, discount_percent: Decimal, decimals: int
) -> Decimal:
    """Computes a line's amount as M3 does."""
    gross = quantity * unit_price / price_quantity
    return round_half_up(gross * (FULL_DISCOUNT - discount_percent) / FULL_DISCOUNT, decimals)


def price_ladder(
    quantity: Decimal, amount: Decimal, *, before_discount: Decimal, rules: PriceRules, where: str
) -> tuple[PricedPart, ...]:
    """Finds the prices that give `amount` exactly.

    Args:
        quantity: Ordered quantity in the unit sold.
        amount: Net line total after coupons, in currency units.
        before_discount: Net line total before coupons.
        rules: Limits of price and currency.
        where: The line in words, for the message.

    Returns:
        One part, or two that are one price step apart.

    Raises:
        AmountsDifferError: No step of the ladder fits, or quantity or amount cannot stand on an order line.
    """
    _check_sellable(quantity, amount, where=where)
    if amount == 0:
        return (_free_part(quantity, before_discount, rules),)
    for parts in _attempts(quantity, amount, rules):
        if parts:
            return parts
    raise AmountsDifferError(
        f"{where}: no price with {rules.price_decimals} decimals makes {quantity} pieces cost exactly {amount}.",
        resolution="Allow more price decimals for the item (PDCC) and the currency (NPRD) in M3, or set "
        "orders.price_per_quantity: true in config/stores/<store>.yaml; then release the order.",
        quantity=str(quantity),
        amount=str(amount),
        price_decimals=rules.price_decimals,
    )


def _attempts(quantity: Decimal, amount: Decimal, rules: PriceRules) -> Iterator[tuple[PricedPart, ...]]:
    yield _plain_price(quantity, amount, rules)
    yield _price_per_quantity(quantity, amount, rules)
    yield _two_prices(quantity, amount, rules)


def _check_sellable(quantity: Decimal, amount: Decimal, *, where: str) -> None:
    problem = ""
    if quantity <= 0:
        problem = f"the quantity is {quantity}; M3 takes only quantities above zero on a sales order"
    elif not has_at_most(quantity, MOST_QUANTITY_DECIMALS):
        problem = f"the quantity {quantity} has more than {MOST_QUANTITY_DECIMALS} decimals"
    elif amount < 0:
        problem = f"the line total is {amount}; a negative line cannot stand on a sales order"
    if problem:
        raise AmountsDifferError(
            f"{where}: {problem}.",
            resolution="Correct the line in the shop (a deduction belongs in a fee line), or enter the order by hand.",
            quantity=str(quantity),
            amount=str(amount),
        )


def _free_part(quantity: Decimal, before_discount: Decimal, rules: PriceRules) -> PricedPart:
    # With 100 % discount the amount is 0 whatever price M3 may fetch for a price of 0.
    price = round_half_up(before_discount / quantity, rules.price_decimals)
    return PricedPart(quantity, price, 1, round_half_up(ZERO, rules.currency_decimals), FULL_DISCOUNT)


def _plain_price(quantity: Decimal, amount: Decimal, rules: PriceRules) -> tuple[PricedPart, ...]:
    exact = amount / quantity
    step = smallest_step(rules.price_decimals)
    candidates = [exact.quantize(step, rounding=way) for way in (ROUND_FLOOR, ROUND_CEILING)]
    for price in sorted(candidates, key=lambda one: abs(one - exact)):
        if round_half_up(quantity * price, rules.currency_decimals) == amount:
            return (PricedPart(quantity, price, 1, amount),)
    return ()


def _price_per_quantity(quantity: Decimal, amount: Decimal, rules: PriceRules) -> tuple[PricedPart, ...]:
    whole = has_at_most(quantity, 0) and quantity <= LARGEST_PRICE_QUANTITY
    if not (rules.per_quantity and whole and has_at_most(amount, rules.price_decimals)):
        return ()
    price = round_half_up(amount, rules.price_decimals)
    return (PricedPart(quantity, price, int(quantity), amount),)


def _two_prices(quantity: Decimal, amount: Decimal, rules: PriceRules) -> tuple[PricedPart, ...]:
    if not has_at_most(quantity, 0):
        return ()
    fewest = min(rules.price_decimals, rules.currency_decimals)
    for decimals in range(rules.price_decimals, fewest - 1, -1):
        parts = _one_step_apart(quantity, amount, step=smallest_step(decimals), decimals=rules.currency_decimals)
        if parts:
            return parts
    return ()


def _one_step_apart(quantity: Decimal, amount: Decimal, *, step: Decimal, decimals: int) -> tuple[PricedPart, ...]:
    low = (amount / quantity).quantize(step, rounding=ROUND_FLOOR)
    dearer = (amount - quantity * low) / step
    # A price of 0 would make M3 fetch the list price.
    if low <= 0 or not has_at_most(dearer, 0) or not 0 < dearer < quantity:
        return ()
    parts = tuple(
        PricedPart(round_half_up(count, 0), price, 1, round_half_up(count * price, decimals))
        for count, price in ((quantity - dearer, low), (dearer, low + step))
    )
    return parts if sum((part.amount for part in parts), ZERO) == amount else ()
