"""What a product of the shop costs, from the prices M3 has for its item; pure. Called by looking.py.

A price is rounded once, at the end, half up. A sale price that is not below the regular one is not sent: the shop would
drop it without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from zoneinfo import ZoneInfo

from connector.money.rounding import round_half_up
from connector.publishing.prices import STANDARD, PricesPublishing, ZeroPrice

HUNDRED = Decimal(100)
LAST_SECOND = time(23, 59, 59)
MOST_PRICE = Decimal(10) ** 10
"""For one unit; a price above it is no price but a slip of the keyboard, and the shop would take it."""
SALE_FIELDS = ("sale_price", "date_on_sale_from_gmt", "date_on_sale_to_gmt")


class Trouble(StrEnum):
    """Why a price could not be carried, or not as M3 has it."""

    MISSING = "price_missing"  # no list has a price that is valid today
    ZERO = "price_zero"
    NEGATIVE = "price_negative"
    ABSURD = "price_absurd"  # so much that it is a slip of the keyboard
    UNREADABLE = "price_unreadable"  # M3 sent a price that is no number
    NO_UNIT = "price_unit_unknown"  # the price is for a unit the item does not know
    NO_TAX_RATE = "tax_rate_unknown"  # tax has to be added or taken away, and the class has no rate
    SALE_ZERO = "sale_price_not_above_zero"
    SALE_NOT_BELOW = "sale_price_not_below"  # the campaign's price is not below the regular one
    SKU_TWICE = "sku_twice"  # several products of the shop could be the item's
    SKU_MOVED = "sku_moved"  # its product has another SKU now, and another product has its SKU
    GONE = "product_gone"  # the shop's product of the item was deleted
    DROPPED = "shop_dropped"  # the shop took the value and shows another


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What an item costs in one version of a list, for one unit of the shop, as M3 has it: not rounded."""

    valid_from: date
    valid_to: date | None
    price: Decimal
    includes_tax: bool

    def is_valid(self, today: date) -> bool:
        """Tells whether it holds on a day."""
        return self.valid_from <= today and not self.is_over(today)

    def is_over(self, today: date) -> bool:
        """Tells whether its last day is behind."""
        return self.valid_to is not None and self.valid_to < today


@dataclass(frozen=True, slots=True)
class Wrong:
    """A problem in words: what, where; what to do."""

    code: Trouble
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Units:
    """The units of an item: the basic one (UNMS), and the one its prices are for (SPUN)."""

    basic: str
    price: str


@dataclass(frozen=True, slots=True)
class ItemPrices:
    """What M3 says an item costs; what could not be understood is told in `wrong`."""

    item_number: str
    regular: tuple[ListPrice, ...] = ()
    sale: tuple[ListPrice, ...] = ()
    units: Units | None = None  # None while nobody had to ask
    has_scale: bool = False  # there are other prices from certain quantities on; they are left alone
    wrong: Wrong | None = None

    def next_change(self, today: date) -> date | None:
        """Returns the first day after today on which another price holds."""
        days: list[date] = []
        for one in (*self.regular, *self.sale):
            if one.valid_from > today:
                days.append(one.valid_from)
            if one.valid_to is not None and today <= one.valid_to < date.max:
                days.append(one.valid_to + timedelta(days=1))
        return min(days, default=None)


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
        return Decision(wrong=_missing(prices, rules.config))
    if abs(current.price) > MOST_PRICE:
        return Decision(wrong=_absurd(prices.item_number, current.price, rules.config.price_list))
    regular = _in_shop(current, rules=rules, tax_class=tax_class, is_taxed=is_taxed)
    if regular is None:
        return Decision(wrong=_no_rate(prices.item_number, tax_class))
    if regular < 0 or (regular == 0 and rules.config.zero is ZeroPrice.REFUSE):
        return Decision(wrong=_not_above_zero(prices.item_number, regular, rules.config))
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
        return Decision(wrong=_absurd(prices.item_number, sale.price, rules.config.campaign_list))
    amount = _in_shop(sale, rules=rules, tax_class=tax_class, is_taxed=is_taxed)
    if amount is None:
        return Decision(wrong=_no_rate(prices.item_number, tax_class))
    wrong = _wrong_sale(prices.item_number, amount, regular, rules.config)
    return Decision(wrong=wrong) if wrong else Decision(_sale_values(sale, amount, zone=rules.zone))


def newest(prices: Iterable[ListPrice], today: date) -> ListPrice | None:
    """Returns the price that holds today; of several the one that began last."""
    return max((one for one in prices if one.is_valid(today)), key=lambda one: one.valid_from, default=None)


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


def _missing(prices: ItemPrices, config: PricesPublishing) -> Wrong:
    coming = min((one.valid_from for one in prices.regular), default=None)
    begins = f"; the next one begins on {coming}" if coming else ""
    return Wrong(
        Trouble.MISSING,
        f"Price list {config.price_list} in {config.currency} has no price of item {prices.item_number} that is valid today"
        f"{begins}. The shop's price stays as it is.",
        "Add the price in OIS017 (for everybody, not for one customer) or take the item out of the shop.",
    )


def _absurd(item: str, price: Decimal, price_list: str) -> Wrong:
    return Wrong(
        Trouble.ABSURD,
        f"The price of item {item} in list {price_list} is {price:.3e} for one unit; no shop asks so much. The shop's stays "
        "as it is.",
        "Correct the price in OIS017: the amount, or the quantity or unit it is for.",
    )


def _not_above_zero(item: str, price: Decimal, config: PricesPublishing) -> Wrong:
    is_zero = price == 0
    free = " If the item is free, set publish.prices.zero: publish in the store file." if is_zero else ""
    return Wrong(
        Trouble.ZERO if is_zero else Trouble.NEGATIVE,
        f"The price of item {item} in list {config.price_list} is {'0' if is_zero else 'below 0'}. The shop's stays as it is.",
        f"Correct the price in OIS017.{free}",
    )


def _wrong_sale(item: str, sale: Decimal, regular: Decimal, config: PricesPublishing) -> Wrong | None:
    if sale <= 0:
        return Wrong(
            Trouble.SALE_ZERO,
            f"The price of item {item} in campaign list {config.campaign_list} is not above 0. It has no sale price now.",
            "Correct the price in OIS017, or delete it there.",
        )
    if sale >= regular:
        return Wrong(
            Trouble.SALE_NOT_BELOW,
            f"The price of item {item} in campaign list {config.campaign_list} ({sale:f}) is not below its regular price "
            f"({regular:f}); the shop would drop it without a word. It has no sale price now.",
            "Correct one of the two prices in OIS017.",
        )
    return None


def _no_rate(item: str, tax_class: str) -> Wrong:
    name = tax_class or STANDARD
    return Wrong(
        Trouble.NO_TAX_RATE,
        f"The shop and the price list differ in whether prices include tax, and the store file has no rate for tax class "
        f"{name} of item {item}. The shop's price stays as it is.",
        f"Add {name} to publish.prices.tax_rates of the store file.",
    )


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


def facts_of(prices: ItemPrices, *, today: date) -> dict[str, object]:
    """Returns what M3 says as values that JSON can hold; versions that are over are left out."""
    return {
        "regular": _facts(prices.regular, today),
        "sale": _facts(prices.sale, today),
        "unit": prices.units and prices.units.basic,
        "wrong": prices.wrong and prices.wrong.code,
    }


def _facts(prices: Sequence[ListPrice], today: date) -> list[list[object]]:
    rows = sorted((one for one in prices if not one.is_over(today)), key=lambda one: one.valid_from)
    return [
        [
            one.valid_from.isoformat(),
            one.valid_to and one.valid_to.isoformat(),
            f"{one.price.normalize():f}",
            one.includes_tax,
        ]
        for one in rows
    ]
