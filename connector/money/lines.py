"""Order lines of M3 from the product lines of the shop: merged if wanted, priced by the ladder; called by plan.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from connector.errors import MappingError
from connector.money.ladder import PricedPart, PriceRules, price_ladder
from connector.money.planned import ItemFacts, PlannedLine, Share
from connector.money.rounding import ZERO, round_half_up, spread
from connector.money.tax import TaxShare
from connector.stores.money import ChargeKind
from connector.woocommerce.models import Order


@dataclass(frozen=True)
class Demand:
    """What is wanted of one item: one shop line, or several equal ones."""

    shares: tuple[Share, ...]
    item: ItemFacts
    rate: Decimal
    before_discount: Decimal

    @property
    def key(self) -> str:
        """Names the shop lines in it."""
        return "+".join(str(line_id) for line_id, _, _ in self.shares)

    @property
    def quantity(self) -> Decimal:
        """Sums the quantities."""
        return sum((quantity for _, quantity, _ in self.shares), ZERO)

    @property
    def amount(self) -> Decimal:
        """Sums the amounts."""
        return sum((amount for _, _, amount in self.shares), ZERO)

    @property
    def same_price_as(self) -> tuple[object, ...]:
        """Returns what two demands must share to be one line: item, unit, rate and exact price."""
        prices = (Fraction(self.amount), Fraction(self.before_discount) if not self.amount else Fraction(0))
        quantity = Fraction(self.quantity)
        return (self.item, self.rate, *(price / quantity if quantity else None for price in prices))


def demands_of(
    order: Order, *, items: Mapping[int, ItemFacts], line_rates: Mapping[int, Decimal], decimals: int
) -> tuple[Demand, ...]:
    """Returns the product lines of an order, each with its item.

    Raises:
        MappingError: No line at all, a line whose item is not known, or one priced in another unit than it is sold in.
    """
    if not order.line_items:
        raise MappingError(
            "The order has no product line; an M3 order of charges alone may never be invoiced.",
            rule="items",
            field="line_items",
            resolution="Enter it in M3 by hand (an invoice without an order), or sell the service as a product.",
        )
    return tuple(
        Demand(
            ((line.id, line.quantity, round_half_up(line.total, decimals)),),
            _item_of(line.id, items),
            line_rates[line.id],
            line.subtotal,
        )
        for line in order.line_items
    )


def _item_of(line_id: int, items: Mapping[int, ItemFacts]) -> ItemFacts:
    facts = items.get(line_id)
    if facts is None:
        raise MappingError(
            f"Order line {line_id} has no M3 item.",
            rule="items",
            field="line_items.sku",
            resolution="Map the SKU with `connector items map SKU ITNO`, then release the order.",
        )
    if facts.price_unit not in ("", facts.unit):
        raise MappingError(
            f"Order line {line_id}: item {facts.item_number} is sold in {facts.unit} but priced in {facts.price_unit}.",
            rule="items",
            field="price_unit",
            resolution=f"The shop's price is per unit sold: send the price in {facts.unit}.",
        )
    return facts


def plan_lines(demands: Sequence[Demand], *, rules: PriceRules, merge: bool) -> tuple[PlannedLine, ...]:
    """Prices all lines; with `merge`, lines of the same item, unit and price become one.

    Raises:
        AmountsDifferError: A line whose amount no price gives exactly.
    """
    groups = _equal_demands(demands) if merge else [[demand] for demand in demands]
    lines: list[PlannedLine] = []
    for group in groups:
        lines += _merged(group, rules) or [line for demand in group for line in _planned(demand, rules)]
    return tuple(lines)


def _equal_demands(demands: Iterable[Demand]) -> list[list[Demand]]:
    groups: dict[tuple[object, ...], list[Demand]] = {}
    for demand in demands:
        groups.setdefault(demand.same_price_as, []).append(demand)
    return list(groups.values())


def _merged(group: Sequence[Demand], rules: PriceRules) -> list[PlannedLine]:
    if len(group) == 1:
        return []
    lines = _planned(
        Demand(
            tuple(share for demand in group for share in demand.shares),
            group[0].item,
            group[0].rate,
            sum((demand.before_discount for demand in group), ZERO),
        ),
        rules,
    )
    # Two prices over several shop lines could not be told apart per shop line to the cent.
    return lines if len(lines) == 1 else []


def _planned(demand: Demand, rules: PriceRules) -> list[PlannedLine]:
    parts = price_ladder(
        demand.quantity,
        demand.amount,
        before_discount=demand.before_discount,
        rules=rules.for_item(demand.item.price_decimals),
        where=f"Order line {demand.key}",
    )
    if len(parts) == 1:
        return [_line(demand, parts[0], key=demand.key, shares=demand.shares)]
    line_id = demand.shares[0][0]
    return [
        _line(demand, part, key=f"{demand.key}/{number}", shares=((line_id, part.quantity, part.amount),))
        for number, part in enumerate(parts, start=1)
    ]


def _line(demand: Demand, part: PricedPart, *, key: str, shares: tuple[Share, ...]) -> PlannedLine:
    return PlannedLine(
        key=key,
        shares=shares,
        item_number=demand.item.item_number,
        unit=demand.item.unit,
        price_unit=demand.item.unit,
        quantity=part.quantity,
        unit_price=part.unit_price,
        price_quantity=part.price_quantity,
        discount_percent=part.discount_percent,
        amount=part.amount,
        rate=demand.rate,
    )


def with_line_taxes(
    lines: Sequence[PlannedLine], shares: Iterable[TaxShare], *, charge_ids: Mapping[Decimal, str], decimals: int
) -> tuple[PlannedLine, ...]:
    """Adds the shop's tax as line charges (tax mode T), one per id; a split line's tax follows its amounts.

    Args:
        lines: The planned lines.
        shares: The tax of shop lines; other kinds are passed over.
        charge_ids: The charge id of each rate.
        decimals: Places of the currency.
    """
    taxes: dict[str, dict[str, Decimal]] = {line.key: {} for line in lines}
    for share in shares:
        if share.kind is not ChargeKind.LINE_TAX or not share.amount:
            continue
        carriers = [line for line in lines if any(line_id == share.source_id for line_id, _, _ in line.shares)]
        for line, amount in zip(carriers, _tax_over(carriers, share.amount, decimals), strict=True):
            charge_id = charge_ids[share.percent]
            taxes[line.key][charge_id] = taxes[line.key].get(charge_id, ZERO) + amount
    return tuple(
        replace(line, line_taxes=tuple((one, amount) for one, amount in taxes[line.key].items() if amount))
        for line in lines
    )


def _tax_over(lines: Sequence[PlannedLine], tax: Decimal, decimals: int) -> tuple[Decimal, ...]:
    whole = sum((line.amount for line in lines), ZERO)
    weights = [tax * line.amount / whole if whole else tax / len(lines) for line in lines]
    return spread(tax, weights, decimals=decimals)
