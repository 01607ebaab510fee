"""What a product of the shop costs, from the prices M3 has for its item; pure. Called by looking.py.

A price is rounded once, at the end, half up. A sale price that is not below the regular one is not sent: the shop would
drop it without a word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from connector.flows.prices.item_prices import ItemPrices, ListPrice, newest
from connector.flows.prices.troubles import Wrong, absurd, missing, no_rate, not_above_zero, wrong_sale
from connector.money.rounding import round_half_up
from connector.publishing.prices import PricesPublishing, ZeroPrice

HUNDRED = Decimal(100)
LAST_SECOND = time(23, 59, 59)
MOST_PRICE = Decimal(10) ** 10
"""For one unit; a price above it is no price but a slip of the keyboard, and the shop would take it."""
SALE_FIELDS = ("sale_price", "date_on_sale_from_gmt", "date_on_sale_to_gmt")


@dataclass(frozen=True, slots=True)
class Rules:
    """How prices of this store are made. `decimals` are those the shop gets."""

    config: PricesPublishing
    decimals: int
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Decision:
    """The values the shop's product must show; those not named are left alone. With `wrong` it may have none."""

    values: dict[str, str] = field(default_factory=dict)
    wrong: Wrong | None = None


def decide(prices: ItemPrices, *, today: date, rules: Rules, tax_class: str, is_taxed: bool) -> Decision:
    """Returns what the shop must show of an item today.

    Args:
        prices: What M3 says.
        today: In the division's zone.
        rules: The store's.
        tax_class: Of the shop's product.
        is_taxed: Whether the shop taxes the product at all.
    """
    if prices.wrong is not None:
        return Decision(wrong=prices.wrong)
    current = newest(prices.regular, today)
    if current is None:
        coming = min((one.valid_from for one in prices.regular), default=None)
        return Decision(wrong=missing(prices.item_number, rules.config, coming=coming))
    if abs(current.price) > MOST_PRICE:
        return Decision(wrong=absurd(prices.item_number, current.price, rules.config.price_list))
    regular = _in_shop(current, rules=rules, tax_class=tax_class, is_taxed=is_taxed)
    if regular is None:
        return Decision(wrong=no_rate(prices.item_number, tax_class))
    if regular < 0 or (regular == 0 and rules.config.zero is ZeroPrice.REFUSE):
        return Decision(wrong=not_above_zero(prices.item_number, regular, rules.config))
    values = {"regular_price": format(regular, "f")}
    if not rules.config.campaign_list:
        return Decision(values)
    sale = _decide_sale(prices, regular, today=today, rules=rules, tax_class=tax_class, is_taxed=is_taxed)
    return Decision(values | dict.fromkeys(SALE_FIELDS, "") | sale.values, sale.wrong)


def _decide_sale(
    prices: ItemPrices, regular: Decimal, *, today: date, rules: Rules, tax_class: str, is_taxed: bool
) -> Decision:
    """Returns the values of a sale, none if there is no campaign price or it cannot be shown."""
    sale = _sale(prices, today=today)
    if sale is None:
        return Decision()
    if abs(sale.price) > MOST_PRICE:
        return Decision(wrong=absurd(prices.item_number, sale.price, rules.config.campaign_list))
    amount = _in_shop(sale, rules=rules, tax_class=tax_class, is_taxed=is_taxed)
    if amount is None:
        return Decision(wrong=no_rate(prices.item_number, tax_class))
    wrong = wrong_sale(prices.item_number, amount, regular, rules.config)
    return Decision(wrong=wrong) if wrong else Decision(_sale_values(sale, amount, zone=rules.zone))


def _sale(prices: ItemPrices, *, today: date) -> ListPrice | None:
    """Returns the campaign price that holds today, else the next one to come: the shop begins it by itself."""
    coming = [one for one in prices.sale if one.valid_from > today]
    return newest(prices.sale, today) or min(coming, key=lambda one: one.valid_from, default=None)


def _in_shop(price: ListPrice, *, rules: Rules, tax_class: str, is_taxed: bool) -> Decimal | None:
    """Returns a price as the shop enters prices, with or without tax, rounded; None if the tax rate is not known."""
    amount = price.price
    if price.includes_tax != rules.config.shop_includes_tax:
        rate = rules.config.tax_rate(tax_class, is_taxed=is_taxed)
        if rate is None:
            return None
        amount = amount * HUNDRED / (HUNDRED + rate) if price.includes_tax else amount * (HUNDRED + rate) / HUNDRED
    return round_half_up(amount, rules.decimals)


def _sale_values(sale: ListPrice, amount: Decimal, *, zone: ZoneInfo) -> dict[str, str]:
    """A sale lasts from the beginning of its first day to the end of its last one in the shop's zone."""
    end = None if sale.valid_to is None else datetime.combine(sale.valid_to, LAST_SECOND, zone)
    return {
        "sale_price": format(amount, "f"),
        "date_on_sale_from_gmt": _stamp(datetime.combine(sale.valid_from, time(), zone)),
        "date_on_sale_to_gmt": _stamp(end) if end else "",
    }


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def differing(wanted: dict[str, str], shown: dict[str, str], *, now: str) -> dict[str, str]:
    """Returns those of the wanted values that the shop does not show; the parts of a sale go together.

    Args:
        wanted: The fields of a Decision.
        shown: The same fields as the shop shows them.
        now: The present moment as a stamp of the shop. The shop takes the first day of a sale away once it has begun, so a
            first day that is over is as good as none.
    """
    names = [name for name, value in wanted.items() if not _is_same(name, value, shown.get(name, ""), now)]
    if any(name in SALE_FIELDS for name in names):
        names = [name for name in wanted if name in SALE_FIELDS or name in names]
    return {name: wanted[name] for name in names}


def _is_same(name: str, wanted: str, shown: str, now: str) -> bool:
    if wanted == shown:
        return True
    if name.endswith("_price"):
        return bool(wanted) and Decimal(wanted) == _amount(shown)
    return name == "date_on_sale_from_gmt" and wanted <= now and shown <= now


def _amount(shown: str) -> Decimal | None:
    """Reads a price of the shop, which keeps whatever it was sent."""
    try:
        amount = Decimal(shown)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
