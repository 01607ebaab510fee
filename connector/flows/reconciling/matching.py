"""Compares one order of the shop with what M3 holds of it, figure by figure. Pure; called by orders.py.

Lines are matched by SKU and item, those M3 knows by another name by quantity and amount: M3 may have split or merged them, and
the numbers the ledger gave them are not needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from connector.flows.reconciling.m3_side import Held
from connector.flows.reconciling.result import Difference, money
from connector.flows.reconciling.shop_side import ShopLine, ShopOrder, ShopRefund
from connector.m3.programs.ois100mi import OrderLine
from connector.money.rounding import ZERO
from connector.stores.money import ChargeKind, MoneyConfig, TaxMode


@dataclass(frozen=True)
class Charges:
    """The head charges of an order by what they stand for; an id may stand for shipping and fees at once."""

    shipping_and_fees: Decimal
    shipping: Decimal | None  # None: not told apart from fees
    fees: Decimal | None
    rounding: Decimal
    unknown: Mapping[str, Decimal]


@dataclass(frozen=True)
class Sums:
    """Quantity and amount of some lines."""

    quantity: Decimal = ZERO
    amount: Decimal = ZERO

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.quantity + other.quantity, self.amount + other.amount)

    def as_text(self) -> str:
        """The sums as they are shown."""
        return f"{self.quantity.normalize():f} for {money(self.amount)}"


@dataclass(frozen=True)
class Twin:
    """A line of the shop and the one of M3 that has its quantity and amount, under another name."""

    sku: str
    item: str
    sums: Sums


def differences(
    order: ShopOrder, held: Held, *, config: MoneyConfig, limit: Decimal, rounding_left: Decimal = ZERO
) -> list[Difference]:
    """Returns what M3 holds otherwise than the shop states it.

    `limit` is how far taxes may be apart by rounding, `rounding_left` how much more M3's total was to be than the shop's.
    """
    if held.value.currency != order.currency:
        return [Difference("currency", order.currency, held.value.currency)]
    charges = charges_of(held, config)
    is_total_equal = held.value.total == order.total + rounding_left
    return [
        *_lines(order.lines, held.lines),
        *_charges(order, charges),
        *_rounding(charges.rounding, is_small=abs(charges.rounding) <= limit),
        *_tax(order, held, charges, config, limit=limit if is_total_equal else ZERO),
        *_amount("total", order.total, held.value.total, limit=abs(rounding_left) if is_total_equal else ZERO),
    ]


def charges_of(held: Held, config: MoneyConfig) -> Charges:
    """Sorts the head charges of an order by the store's table of charge ids; those that carry tax are left out."""
    kinds: dict[str, set[ChargeKind]] = {}
    for one in config.charges:
        kinds.setdefault(one.id, set()).add(one.kind)
    sums = dict.fromkeys(ChargeKind, ZERO)
    mixed, unknown = ZERO, {}
    for charge_id, amount in held.charges.items():
        stands_for = kinds.get(charge_id, set())
        if len(stands_for) == 1:
            sums[next(iter(stands_for))] += amount
        elif stands_for and stands_for <= {ChargeKind.SHIPPING, ChargeKind.FEE}:
            mixed += amount
        else:
            unknown[charge_id] = amount
    shipping, fees = sums[ChargeKind.SHIPPING], sums[ChargeKind.FEE]
    return Charges(
        shipping_and_fees=shipping + fees + mixed,
        shipping=None if mixed else shipping,
        fees=None if mixed else fees,
        rounding=sums[ChargeKind.ROUNDING],
        unknown=unknown,
    )


def less_refunds(order: ShopOrder, refunds: Iterable[ShopRefund]) -> ShopOrder:
    """Returns the order as it is due when refunds were taken off it, because M3 had not picked it yet."""
    taken = list(refunds)
    lines = []
    for line in order.lines:
        back = [one for refund in taken for one in refund.lines if one.id == line.id]
        rest = replace(
            line,
            quantity=line.quantity - sum((one.quantity for one in back), ZERO),
            amount=line.amount - sum((one.amount for one in back), ZERO),
        )
        lines.append(rest)
    return replace(
        order,
        lines=tuple(lines),
        total=order.total - sum((one.amount for one in taken), ZERO),
        tax=order.tax - sum((one.tax for one in taken), ZERO),
        shipping=order.shipping - sum((one.shipping for one in taken), ZERO),
        fees=order.fees - sum((one.fees for one in taken), ZERO),
    )


def _lines(sold: Iterable[ShopLine], held: Iterable[OrderLine]) -> Iterator[Difference]:
    due, found = _sums_due(sold), _sums_held(held)
    for key in [one for one in due if one in found]:
        wanted, there = due.pop(key), found.pop(key)
        if wanted != there:
            yield Difference(f"line {key}", wanted.as_text(), there.as_text())
    list(_take_twins(due, found))  # whether it is the right item, orders.py asks
    if len(due) == len(found) == 1:
        (key, wanted), (item, there) = *due.items(), *found.items()
        yield Difference(f"line {key}", wanted.as_text(), f"{there.as_text()} ({item})")
        return
    for key, wanted in due.items():
        yield Difference(f"line {key}", wanted.as_text(), None)
    for item, there in found.items():
        yield Difference(f"line {item}", None, there.as_text())


def twins_of(order: ShopOrder, held: Held) -> list[Twin]:
    """Returns the lines that M3 holds under another name; not those for which M3 itself took another item."""
    due, found = _sums_due(order.lines), _sums_held(held.lines)
    for key in [one for one in due if one in found]:
        del due[key], found[key]
    replaced = {line.item for line in held.lines if line.replaced_item}
    return [one for one in _take_twins(due, found) if one.item not in replaced]


def _take_twins(due: dict[str, Sums], found: dict[str, Sums]) -> Iterator[Twin]:
    """Yields the lines of equal quantity and amount, and takes them off both sides."""
    for key, wanted in list(due.items()):
        item = next((one for one, there in found.items() if there == wanted), None)
        if item is not None:
            del due[key], found[item]
            yield Twin(key, item, wanted)


def _sums_due(lines: Iterable[ShopLine]) -> dict[str, Sums]:
    sums: dict[str, Sums] = {}
    for line in lines:
        if line.quantity or line.amount:
            sums[line.name] = sums.get(line.name, Sums()) + Sums(line.quantity, line.amount)
    return sums


def _sums_held(lines: Iterable[OrderLine]) -> dict[str, Sums]:
    sums: dict[str, Sums] = {}
    for line in lines:
        there = Sums(line.quantity_in_unit or line.quantity, line.net_amount)
        sums[line.item] = sums.get(line.item, Sums()) + there
    return sums


def _charges(order: ShopOrder, charges: Charges) -> Iterator[Difference]:
    if charges.shipping is None or charges.fees is None:
        yield from _amount("shipping and fees", order.shipping + order.fees, charges.shipping_and_fees)
    else:
        yield from _amount("shipping", order.shipping, charges.shipping)
        yield from _amount("fees", order.fees, charges.fees)
    for charge_id, amount in charges.unknown.items():
        yield Difference(f"charge {charge_id}", None, money(amount))


def _rounding(amount: Decimal, *, is_small: bool) -> Iterator[Difference]:
    if amount:
        yield Difference("rounding", None, money(amount), is_rounding=is_small)


def _tax(
    order: ShopOrder, held: Held, charges: Charges, config: MoneyConfig, *, limit: Decimal
) -> Iterator[Difference]:
    """Compares the tax: what M3 computes, or, where the shop's is sent as charges, what the total holds beyond all else."""
    if config.tax_mode is TaxMode.M3_COMPUTES:
        yield from _amount("tax", order.tax, held.value.vat, limit=limit)
        return
    yield from _amount("VAT of M3", ZERO, held.value.vat)
    net = sum((line.net_amount for line in held.lines), ZERO)
    rest = charges.shipping_and_fees + charges.rounding + sum(charges.unknown.values(), ZERO)
    yield from _amount("tax", order.tax, held.value.total - held.value.vat - net - rest)


def _amount(what: str, due: Decimal, found: Decimal, *, limit: Decimal = ZERO) -> Iterator[Difference]:
    if due != found:
        yield Difference(what, money(due), money(found), is_rounding=abs(due - found) <= limit)
