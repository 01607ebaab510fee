"""What M3 says an item costs: in which unit, in which versions of which lists, from which day on. Made by reading.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from connector.flows.prices.troubles import Wrong


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


def newest(prices: Iterable[ListPrice], today: date) -> ListPrice | None:
    """Returns the price that holds today; of several the one that began last."""
    return max((one for one in prices if one.is_valid(today)), key=lambda one: one.valid_from, default=None)


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
