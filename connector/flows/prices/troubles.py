"""Why a price could not be carried, or not as M3 has it: in a code, and in words for people. Used by reading.py and deciding.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from connector.publishing.prices import STANDARD, PricesPublishing


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
class Wrong:
    """A problem in words: what, where; what to do."""

    code: Trouble
    problem: str
    remedy: str


def missing(item: str, config: PricesPublishing, *, coming: date | None) -> Wrong:
    """No price is valid today; the next one begins on `coming`."""
    begins = f"; the next one begins on {coming}" if coming else ""
    return Wrong(
        Trouble.MISSING,
        f"Price list {config.price_list} in {config.currency} has no price of item {item} that is valid today"
        f"{begins}. The shop's price stays as it is.",
        "Add the price in OIS017 (for everybody, not for one customer) or take the item out of the shop.",
    )


def absurd(item: str, price: Decimal, price_list: str) -> Wrong:
    """A price is a slip of the keyboard."""
    return Wrong(
        Trouble.ABSURD,
        f"The price of item {item} in list {price_list} is {price:.3e} for one unit; no shop asks so much. The shop's stays "
        "as it is.",
        "Correct the price in OIS017: the amount, or the quantity or unit it is for.",
    )


def not_above_zero(item: str, price: Decimal, config: PricesPublishing) -> Wrong:
    """A regular price is 0 or below."""
    is_zero = price == 0
    free = " If the item is free, set publish.prices.zero: publish in the store file." if is_zero else ""
    return Wrong(
        Trouble.ZERO if is_zero else Trouble.NEGATIVE,
        f"The price of item {item} in list {config.price_list} is {'0' if is_zero else 'below 0'}. The shop's stays as it is.",
        f"Correct the price in OIS017.{free}",
    )


def wrong_sale(item: str, sale: Decimal, regular: Decimal, config: PricesPublishing) -> Wrong | None:
    """A campaign price cannot be shown; None: it can."""
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


def no_rate(item: str, tax_class: str) -> Wrong:
    """Tax would have to be added or taken away, and nobody says how much."""
    name = tax_class or STANDARD
    return Wrong(
        Trouble.NO_TAX_RATE,
        f"The shop and the price list differ in whether prices include tax, and the store file has no rate for tax class "
        f"{name} of item {item}. The shop's price stays as it is.",
        f"Add {name} to publish.prices.tax_rates of the store file.",
    )
