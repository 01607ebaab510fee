"""Tax rates of shop lines, VAT as M3 computes it, the shop's tax spread to the cent; called by connector.money.plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.errors import AmountsDifferError, MappingError
from connector.money.rounding import ZERO, round_half_up, smallest_step, spread
from connector.stores.money import ChargeKind, VatRounding
from connector.woocommerce.models import FeeLine, LineItem, LineTax, Order, ShippingLine

HUNDRED = Decimal(100)

RatedAmount = tuple[Decimal, Decimal]
"""A VAT rate in percent and a net amount."""


@dataclass(frozen=True)
class TaxPart:
    """The tax of one rate on one shop line; `tax` is not rounded."""

    rate_id: int
    percent: Decimal
    tax: Decimal


@dataclass(frozen=True)
class TaxShare:
    """The tax of one rate on one shop line, as it is charged in M3 (tax mode T)."""

    kind: ChargeKind
    source_id: int
    percent: Decimal
    amount: Decimal


def tax_parts(
    taxes: Sequence[LineTax], amount: Decimal, *, rates: Mapping[int, Decimal], decimals: int, where: str
) -> tuple[TaxPart, ...]:
    """Returns the rates that apply to a shop line, with their tax.

    A rate listed without tax applies only if its tax is too small to show: else the line is exempt from it.

    Raises:
        MappingError: A rate id that the order's tax lines do not name.
    """
    parts = [TaxPart(one.id, _known_rate(one.id, rates, where=where), one.total) for one in taxes]
    taxed = tuple(part for part in parts if part.tax)
    unseen = [part for part in parts if abs(amount * part.percent / HUNDRED) <= smallest_step(decimals) / 2]
    return taxed or tuple(unseen[:1])


def _known_rate(rate_id: int, rates: Mapping[int, Decimal], *, where: str) -> Decimal:
    if rate_id in rates:
        return rates[rate_id]
    raise MappingError(
        f"{where}: its tax rate {rate_id} is not among the tax lines of the order, or has no percentage there.",
        rule="money.tax",
        field="taxes.id",
        resolution="Recalculate the order in the shop so that lines and tax lines agree, then release it.",
    )


def only_rate(parts: Sequence[TaxPart], *, where: str) -> Decimal:
    """Returns the one VAT rate of a line (0 if it has none), as M3 can compute only one.

    Raises:
        MappingError: Several rates on one line.
    """
    if len(parts) > 1:
        named = ", ".join(f"{part.percent.normalize():f} %" for part in parts)
        raise MappingError(
            f"{where}: it is taxed at several rates ({named}); where M3 computes VAT a line has one.",
            rule="money.tax_mode",
            field="taxes",
            resolution="Set money.tax_mode: T in config/stores/<store>.yaml (the shop's tax is sent), or correct the "
            "tax classes in the shop; then release the order.",
        )
    return parts[0].percent if parts else ZERO


def vat_by_rate(amounts: Iterable[RatedAmount], *, rounding: VatRounding, decimals: int) -> dict[Decimal, Decimal]:
    """Computes VAT per rate as M3 does: rounded once over the order, or on each line and charge."""
    vat: dict[Decimal, Decimal] = {}
    for rate, amount in amounts:
        one = amount * rate / HUNDRED
        if rounding is VatRounding.LINE:
            one = round_half_up(one, decimals)
        vat[rate] = vat.get(rate, ZERO) + one
    return {rate: round_half_up(one, decimals) for rate, one in vat.items()}


def shop_tax_shares(order: Order, *, decimals: int) -> tuple[TaxShare, ...]:
    """Spreads the shop's total tax over lines, fees and shipping by largest remainder; they sum to `total_tax`.

    Each rate gets what the order's tax lines say of it, goods and shipping apart.

    Raises:
        AmountsDifferError: Tax lines and line taxes do not belong together.
    """
    pieces = _raw_pieces(order, decimals)
    groups = _tax_groups(order, decimals)
    shares: list[TaxShare] = []
    for (rate_id, of_shipping), target in groups.items():
        members = [piece for piece in pieces if piece[1].rate_id == rate_id and _is_shipping(piece[0]) is of_shipping]
        amounts = _spread_or_refuse(target, members, decimals, rate_id=rate_id)
        shares += [
            TaxShare(kind, source_id, part.percent, amount)
            for (kind, part, source_id), amount in zip(members, amounts, strict=True)
        ]
    return tuple(shares)


_Piece = tuple[ChargeKind, TaxPart, int]


def _is_shipping(kind: ChargeKind) -> bool:
    return kind is ChargeKind.SHIPPING_TAX


def _raw_pieces(order: Order, decimals: int) -> list[_Piece]:
    sources: list[tuple[ChargeKind, LineItem | FeeLine | ShippingLine]] = [
        *((ChargeKind.LINE_TAX, line) for line in order.line_items),
        *((ChargeKind.FEE_TAX, line) for line in order.fee_lines),
        *((ChargeKind.SHIPPING_TAX, line) for line in order.shipping_lines),
    ]
    return [
        (kind, part, line.id)
        for kind, line in sources
        for part in tax_parts(line.taxes, line.total, rates=order.tax_rates, decimals=decimals, where=f"Line {line.id}")
    ]


def _tax_groups(order: Order, decimals: int) -> dict[tuple[int, bool], Decimal]:
    stated: dict[tuple[int, bool], Decimal] = {}
    for line in order.tax_lines:
        for of_shipping, amount in ((False, line.tax_total), (True, line.shipping_tax_total)):
            key = (line.rate_id, of_shipping)
            stated[key] = stated.get(key, ZERO) + amount
    try:
        rounded = spread(order.total_tax, list(stated.values()), decimals=decimals)
    except ValueError:
        raise _tax_differs(f"the order has {order.total_tax} tax but no tax line to account for it") from None
    return dict(zip(stated, rounded, strict=True))


def _spread_or_refuse(
    target: Decimal, members: Sequence[_Piece], decimals: int, *, rate_id: int
) -> tuple[Decimal, ...]:
    raw = [part.tax for _, part, _ in members]
    allowed = smallest_step(decimals) * (len(raw) + 1) / 2
    if abs(sum(raw, ZERO) - target) > allowed:
        raise _tax_differs(
            f"tax rate {rate_id} has {target} in the order's tax lines, but {sum(raw, ZERO)} on its lines"
        )
    try:
        return spread(target, raw, decimals=decimals)
    except ValueError:
        raise _tax_differs(f"tax rate {rate_id} has {target} in the tax lines, but none on any line") from None


def _tax_differs(what: str) -> AmountsDifferError:
    return AmountsDifferError(
        f"The amounts do not add up: {what}.",
        resolution="Recalculate the order in the shop, then release it.",
    )
