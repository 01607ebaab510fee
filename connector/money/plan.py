"""Plans the money of one order for M3: lines, charges, tax and rounding, so that M3's total is the shop's to the cent.

Called by the order flow before anything is written. Pure: no I/O, Decimal only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from connector.money.charges import (
    find_charge_id,
    place_head_lines,
    place_head_taxes,
    place_rounding,
    refuse_mixed_rates,
    sum_per_id,
)
from connector.money.ladder import PriceRules
from connector.money.lines import demands_of, plan_lines, with_line_taxes
from connector.money.planned import ItemFacts, MoneyPlan, Placement, PlannedCharge, PlannedLine
from connector.money.proof import prove_placed
from connector.money.rounding import ZERO, round_half_up
from connector.money.sums import check_currency, check_shop_sums
from connector.money.tax import TaxShare, only_rate, shop_tax_shares, tax_parts, vat_by_rate
from connector.stores.config import StoreConfig
from connector.stores.money import ChargeKind, MoneyConfig, TaxMode
from connector.woocommerce.models import LineItem, Order

__all__ = ["ItemFacts", "MoneyPlan", "PlannedCharge", "PlannedLine", "plan_money"]


def plan_money(
    order: Order,
    *,
    config: StoreConfig,
    items: Mapping[int, ItemFacts],
    currency_decimals: int = 2,
    price_decimals: int = 2,
) -> MoneyPlan:
    """Plans where every amount of the order goes, and proves the sums.

    Args:
        order: The order of the shop.
        config: The store; `money` and `orders` are read.
        items: What is known of the M3 item, by shop line id.
        currency_decimals: Decimals of the order's currency.
        price_decimals: Price decimals of the currency (NPRD of CRS055MI/GetBasicData).

    Raises:
        AmountsDifferError: The order does not add up, or M3 could not hold it to the cent.
        MappingError: An amount has no place: an item, charge id or rate is missing.
    """
    money = config.money
    check_currency(order, decimals=currency_decimals)
    check_shop_sums(order, limit=_limit(order, money, currency_decimals))
    rules = PriceRules(price_decimals, currency_decimals, config.orders.price_per_quantity)
    line_rates = _line_rates(order, money, currency_decimals)
    demands = demands_of(order, items=items, line_rates=line_rates, decimals=currency_decimals)
    lines = plan_lines(demands, rules=rules, merge=config.orders.merge_equal_lines)
    placements = place_head_lines(order, money=money, decimals=currency_decimals)
    if money.tax_mode is TaxMode.SHOP_TAX_SENT:
        lines, placements = _with_shop_tax(order, lines, placements, money=money, decimals=currency_decimals)
    plan = _plan(order, lines, placements, money=money, decimals=currency_decimals)
    prove_placed(order, plan)
    return plan


def _limit(order: Order, money: MoneyConfig, decimals: int) -> Decimal:
    return money.limit_for(len(order.line_items) + len(order.shipping_lines) + len(order.fee_lines), decimals=decimals)


def _line_rates(order: Order, money: MoneyConfig, decimals: int) -> dict[int, Decimal]:
    return {line.id: _line_rate(order, line, money, decimals) for line in order.line_items}


def _line_rate(order: Order, line: LineItem, money: MoneyConfig, decimals: int) -> Decimal:
    where = f"Order line {line.id}"
    parts = tax_parts(line.taxes, line.total, rates=order.tax_rates, decimals=decimals, where=where)
    if money.tax_mode is TaxMode.SHOP_TAX_SENT:
        return sum((part.percent for part in parts), ZERO)
    return only_rate(parts, where=where)


def _with_shop_tax(
    order: Order,
    lines: Sequence[PlannedLine],
    placements: Sequence[Placement],
    *,
    money: MoneyConfig,
    decimals: int,
) -> tuple[tuple[PlannedLine, ...], tuple[Placement, ...]]:
    shares = shop_tax_shares(order, decimals=decimals)
    charge_ids = _line_tax_ids(shares, money, order.currency)
    taxed = with_line_taxes(lines, shares, charge_ids=charge_ids, decimals=decimals)
    return taxed, (*placements, *place_head_taxes(order, shares, money=money))


def _line_tax_ids(shares: Iterable[TaxShare], money: MoneyConfig, currency: str) -> dict[Decimal, str]:
    rates = {share.percent for share in shares if share.kind is ChargeKind.LINE_TAX and share.amount}
    return {rate: find_charge_id(money, ChargeKind.LINE_TAX, rate=rate, currency=currency) for rate in sorted(rates)}


def _plan(
    order: Order,
    lines: Sequence[PlannedLine],
    placements: Sequence[Placement],
    *,
    money: MoneyConfig,
    decimals: int,
) -> MoneyPlan:
    computed = money.tax_mode is TaxMode.M3_COMPUTES
    net = _net(lines, placements)
    vat = _vat(lines, placements, money=money, decimals=decimals) if computed else ZERO
    total = round_half_up(order.total, decimals)
    rounding = total - net - vat
    limit = _limit(order, money, decimals)
    placements = (*placements, *place_rounding(rounding, money=money, currency=order.currency, limit=limit))
    if computed:
        refuse_mixed_rates(placements)
    return MoneyPlan(
        lines=tuple(lines),
        head_charges=sum_per_id(placements),
        currency=order.currency,
        currency_decimals=decimals,
        tax_mode=money.tax_mode,
        vat_rounding=money.vat_rounding,
        net=net + rounding,
        vat=vat,
        total=total,
        shop_tax=round_half_up(order.total_tax, decimals),
        vat_tolerance=limit if computed else ZERO,
        rounding=rounding,
        rounding_limit=limit,
        placements=placements,
    )


def _net(lines: Iterable[PlannedLine], placements: Iterable[Placement]) -> Decimal:
    line_sum = sum((line.amount + sum((tax for _, tax in line.line_taxes), ZERO) for line in lines), ZERO)
    return line_sum + sum((one.amount for one in placements), ZERO)


def _vat(
    lines: Iterable[PlannedLine], placements: Iterable[Placement], *, money: MoneyConfig, decimals: int
) -> Decimal:
    # M3 computes VAT on a charge after summing per id.
    charges = [(rate, amount) for (_, rate), amount in _per_id(placements).items()]
    amounts = [*((line.rate, line.amount) for line in lines), *charges]
    return sum(vat_by_rate(amounts, rounding=money.vat_rounding, decimals=decimals).values(), ZERO)


def _per_id(placements: Iterable[Placement]) -> dict[tuple[str, Decimal], Decimal]:
    sums: dict[tuple[str, Decimal], Decimal] = {}
    for one in placements:
        key = (one.charge_id, one.rate)
        sums[key] = sums.get(key, ZERO) + one.amount
    return sums
