"""Shipping, fees, their tax and the rounding as head charges of M3; called by connector.money.plan.

M3 takes the VAT of a charge from its id (OIS030), so there is one id per kind, VAT rate and currency; and it keeps one
row per id, so charges are summed per id before they are sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from connector.errors import AmountsDifferError, MappingError
from connector.money.planned import Placement, PlannedCharge
from connector.money.rounding import ZERO, round_half_up, smallest_step
from connector.money.tax import HUNDRED, RatedAmount, TaxPart, TaxShare, only_rate, tax_parts
from connector.stores.money import ChargeKind, MoneyConfig, TaxMode
from connector.woocommerce.models import FeeLine, Order, ShippingLine

HeadLine = tuple[ChargeKind, ShippingLine | FeeLine, str]
"""A shop line that becomes a head charge: its kind, itself, and the text for the charge."""

DUST = 5
"""How much tax, in the smallest unit, roundings may leave of a row that refunds before picking gave back in parts."""


def find_charge_id(money: MoneyConfig, kind: ChargeKind, *, rate: Decimal, currency: str) -> str:
    """Returns the charge id for `kind` at VAT `rate` in `currency`.

    Raises:
        MappingError: None is configured.
    """
    found = money.charge_id(kind, rate=rate, currency=currency)
    if found:
        return found
    raise MappingError(
        f"No charge id is configured for {kind.value} at {rate.normalize():f} % VAT in {currency}.",
        rule="money.charges",
        field=kind.value,
        resolution=f"Create the charge in M3 (OIS030) and add {{kind: {kind.value}, rate: {rate.normalize():f}, "
        f"currency: {currency}, id: <charge id>}} to money.charges in config/stores/<store>.yaml; then "
        "release the order.",
    )


def head_lines(order: Order) -> tuple[HeadLine, ...]:
    """Returns the shipping and fee lines of an order."""
    return (
        *((ChargeKind.SHIPPING, line, line.plain_title) for line in order.shipping_lines),
        *((ChargeKind.FEE, line, line.plain_name) for line in order.fee_lines),
    )


def place_head_lines(order: Order, *, money: MoneyConfig, decimals: int) -> tuple[Placement, ...]:
    """Places every shipping and fee line on charge ids; one that is not taxed in full is split over several.

    Raises:
        MappingError: A charge id is missing, or a tax that no split explains.
    """
    placed: list[Placement] = []
    for kind, line, text in head_lines(order):
        where = f"The {kind.value} line {line.id}"
        amount = round_half_up(line.total, decimals)
        parts = tax_parts(line.taxes, amount, rates=order.tax_rates, decimals=decimals, where=where)
        if money.tax_mode is TaxMode.SHOP_TAX_SENT:
            shares = _untaxed(amount, parts, money, kind, order.currency)
        else:
            shares = split_by_rate(amount, parts, decimals=decimals, where=where)
        for rate, share in shares:
            charge_id = find_charge_id(money, kind, rate=rate, currency=order.currency)
            placed.append(Placement(kind, line.id, rate, charge_id, share, text))
    return tuple(placed)


def _untaxed(
    amount: Decimal, parts: Sequence[TaxPart], money: MoneyConfig, kind: ChargeKind, currency: str
) -> list[RatedAmount]:
    # Mode T: M3's customer is without VAT, so the id of the line's rate does, and so does the one without VAT.
    if not amount:
        return []
    rate = parts[0].percent if len(parts) == 1 else ZERO
    known = money.charge_id(kind, rate=rate, currency=currency)
    return [(rate if known else ZERO, amount)]


def split_by_rate(amount: Decimal, parts: Sequence[TaxPart], *, decimals: int, where: str) -> list[RatedAmount]:
    """Splits a shipping or fee amount so that each part bears its rate in full.

    A negative fee is taxed by WooCommerce in proportion to the taxed part of the order, and shipping may be taxed at
    the rates of the goods: base = tax / rate, and what remains bears no VAT. -3.50 taxed -0.842188 at 25 % is -3.37 at
    25 % and -0.13 at 0 %.

    Raises:
        MappingError: The bases do not fit into the amount.
    """
    if not parts:
        return [(ZERO, amount)] if amount else []
    if len(parts) == 1 and _taxed_in_full(amount, parts[0], decimals):
        return [(parts[0].percent, amount)] if amount else []
    parts = [part for part in parts if part.tax * amount > 0 or abs(part.tax) > smallest_step(decimals) * DUST]
    bases = _bases(amount, parts, decimals, where=where)
    rest = amount - sum(bases.values(), ZERO)
    if len(parts) > 1:
        rest = _without_rounding_rest(amount, rest, bases, decimals, where=where)
    return [(rate, base) for rate, base in ((*bases.items(), (ZERO, rest))) if base]


def _taxed_in_full(amount: Decimal, part: TaxPart, decimals: int) -> bool:
    return abs(part.tax - amount * part.percent / HUNDRED) <= smallest_step(decimals) / 2


def _bases(amount: Decimal, parts: Sequence[TaxPart], decimals: int, *, where: str) -> dict[Decimal, Decimal]:
    bases: dict[Decimal, Decimal] = {}
    for part in parts:
        if not part.percent or part.tax * amount <= 0:
            raise _cannot_split(where)
        base = round_half_up(part.tax * HUNDRED / part.percent, decimals)
        bases[part.percent] = bases.get(part.percent, ZERO) + base
    return bases


def _without_rounding_rest(
    amount: Decimal, rest: Decimal, bases: dict[Decimal, Decimal], decimals: int, *, where: str
) -> Decimal:
    """Gives a rest that comes from rounding the bases alone to the largest of them; returns what remains."""
    if abs(rest) <= smallest_step(decimals) * (len(bases) + 1) / 2:
        largest = max(bases, key=lambda rate: abs(bases[rate]))
        bases[largest] += rest
        return ZERO
    if rest * amount < 0:
        # The rates lie on top of each other, as state and county taxes do; no VAT code of a charge does that.
        only_rate([TaxPart(0, rate, base) for rate, base in bases.items()], where=where)
        raise _cannot_split(where)
    return rest


def _cannot_split(where: str) -> MappingError:
    return MappingError(
        f"{where}: its tax does not follow from its amount and rate, and no split explains it.",
        rule="money.charges",
        field="taxes",
        resolution="Correct the tax of the line in the shop and recalculate the order, or set money.tax_mode: T in "
        "config/stores/<store>.yaml; then release the order.",
    )


_TAX_OF = {ChargeKind.FEE_TAX: ChargeKind.FEE, ChargeKind.SHIPPING_TAX: ChargeKind.SHIPPING}


def place_head_taxes(order: Order, shares: Iterable[TaxShare], *, money: MoneyConfig) -> tuple[Placement, ...]:
    """Places the shop's tax on shipping and fees (tax mode T)."""
    texts = {(kind, line.id): text for kind, line, text in head_lines(order)}
    return tuple(
        Placement(
            share.kind,
            share.source_id,
            share.percent,
            find_charge_id(money, share.kind, rate=share.percent, currency=order.currency),
            share.amount,
            texts[_TAX_OF[share.kind], share.source_id],
        )
        for share in shares
        if share.kind in _TAX_OF and share.amount
    )


def place_rounding(amount: Decimal, *, money: MoneyConfig, currency: str, limit: Decimal) -> tuple[Placement, ...]:
    """Places the difference between the shop's total and M3's on the rounding id.

    Raises:
        AmountsDifferError: It is larger than `limit`, what rounding alone can explain.
        MappingError: No rounding id is configured.
    """
    if not amount:
        return ()
    if abs(amount) > limit:
        raise AmountsDifferError(
            f"The amounts do not add up: M3 would miss the shop's total by {amount} {currency}; {limit} is allowed.",
            resolution="Compare tax rates and rounding of shop and M3 (money.vat_rounding), or raise "
            "money.rounding_limit in config/stores/<store>.yaml; then release the order.",
            difference=str(amount),
            limit=str(limit),
        )
    charge_id = find_charge_id(money, ChargeKind.ROUNDING, rate=ZERO, currency=currency)
    return (Placement(ChargeKind.ROUNDING, 0, ZERO, charge_id, amount, ""),)


def sum_per_id(placements: Iterable[Placement]) -> tuple[PlannedCharge, ...]:
    """Sums placements per charge id in order of appearance; a sum of zero is left out."""
    amounts: dict[str, Decimal] = {}
    texts: dict[str, dict[str, None]] = {}
    for one in placements:
        amounts[one.charge_id] = amounts.get(one.charge_id, ZERO) + one.amount
        texts.setdefault(one.charge_id, {})[one.text] = None
    return tuple(
        PlannedCharge(charge_id, amount, ", ".join(text for text in texts[charge_id] if text))
        for charge_id, amount in amounts.items()
        if amount
    )


def refuse_mixed_rates(placements: Iterable[Placement]) -> None:
    """Refuses a charge id that is configured for two VAT rates, for M3 computes only one (tax mode V).

    Raises:
        MappingError: It is.
    """
    rates: dict[str, Decimal] = {}
    for one in placements:
        if rates.setdefault(one.charge_id, one.rate) != one.rate:
            raise MappingError(
                f"Charge id {one.charge_id} is configured for {rates[one.charge_id].normalize():f} % and for "
                f"{one.rate.normalize():f} % VAT; M3 takes the VAT of a charge from its id.",
                rule="money.charges",
                field=one.charge_id,
                resolution="Give each VAT rate its own charge id in money.charges of config/stores/<store>.yaml; "
                "then release the order.",
            )
