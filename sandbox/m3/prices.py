"""Price lists and exchange rates of this M3: what OIS017 and CRS058 hold; `state` owns them, programs and control use them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sandbox.m3.indexes import ChangeLog, SortedKeys

STANDARD_LIST = "WEB"
CAMPAIGN_LIST = "WEB-SALE"
LOCAL_CURRENCY = "EUR"
BEGINNING = "20200101"
END_OF_TIME = "20991231"
KNOWN_DAYS = 60
"""So many days back and ahead there is a rate each working day; people enter those to come at will."""
SATURDAY = 5

ListKey = tuple[str, str, str, str]
"""PRRF, CUCD, CUNO, FVDT: the key of a price list head (OPRICH)."""
PriceKey = tuple[str, str, str, str, str]
"""The key of the head and ITNO: a base price (OPRBAS)."""


@dataclass
class PriceList:
    """The head of a price list."""

    prrf: str
    cucd: str
    fvdt: str
    lvdt: str
    cuno: str = ""
    name: str = ""
    tinc: bool = False

    @property
    def key(self) -> ListKey:
        """PRRF, CUCD, CUNO, FVDT."""
        return self.prrf, self.cucd, self.cuno, self.fvdt


@dataclass(slots=True)
class Price:
    """The price of an item in a list: `sapr` for `sacd` of the unit `spun`."""

    itno: str
    sapr: Decimal
    sacd: int = 1
    spun: str = ""
    lvdt: str = END_OF_TIME


class PriceBook:
    """All lists with their prices, in key order and in the order of change."""

    def __init__(self) -> None:
        self.lists: dict[ListKey, PriceList] = {}
        self.changes: ChangeLog[PriceKey] = ChangeLog()
        self._prices: dict[PriceKey, Price] = {}
        self._lists_in_order: SortedKeys[ListKey] = SortedKeys()
        self._prices_in_order: SortedKeys[PriceKey] = SortedKeys()
        self._of_item: dict[str, list[PriceKey]] = {}

    def __len__(self) -> int:
        return len(self._prices)

    def put_list(self, head: PriceList) -> None:
        """Add or replace a head."""
        self.lists[head.key] = head
        self._lists_in_order.add(head.key)

    def put(self, head: ListKey, price: Price, *, at_ms: int) -> None:
        """Add or replace a price of a list that exists."""
        key = (*head, price.itno)
        if key not in self._prices:
            self._prices_in_order.add(key)
            self._of_item.setdefault(price.itno, []).append(key)
        self._prices[key] = price
        self.changes.stamp(key, at_ms)

    def load(self, head: ListKey, prices: list[Price], *, at_ms: int) -> None:
        """Add or replace many prices of one list at once."""
        new = [(*head, price.itno) for price in prices if (*head, price.itno) not in self._prices]
        self._prices_in_order.add_new(new)
        for key in new:
            self._of_item.setdefault(key[-1], []).append(key)
        for price in prices:
            self._prices[(*head, price.itno)] = price
            self.changes.stamp((*head, price.itno), at_ms)

    def delete(self, key: PriceKey) -> bool:
        """Delete a price; tells whether there was one."""
        if self._prices.pop(key, None) is None:
            return False
        self._prices_in_order.remove(key)
        self._of_item[key[-1]].remove(key)
        self.changes.forget(key)
        return True

    def get(self, key: PriceKey) -> Price | None:
        """Give a price by its whole key."""
        return self._prices.get(key)

    def of_item(self, itno: str) -> Iterator[tuple[PriceList, Price]]:
        """Give the prices of an item in every list."""
        return ((self.lists[key[:4]], self._prices[key]) for key in sorted(self._of_item.get(itno, ())))

    def lists_since(self, start: tuple[str, ...]) -> Iterator[PriceList]:
        """Give the heads in key order from `start` on, which may be the beginning of a key."""
        return (self.lists[key] for key in self._lists_in_order.since(start))

    def since(self, start: tuple[str, ...]) -> Iterator[tuple[PriceList, Price]]:
        """Give the prices in key order from `start` on, which may be the beginning of a key."""
        return ((self.lists[key[:4]], self._prices[key]) for key in self._prices_in_order.since(start))

    def changed_since(self, at_ms: int) -> Iterator[tuple[PriceList, Price]]:
        """Give the prices stamped at `at_ms` or later, in the order of change."""
        return ((self.lists[key[:4]], self._prices[key]) for key in self.changes.since(at_ms))

    def valid(self, itno: str, *, prrf: str, cucd: str, cuno: str, day: str) -> tuple[PriceList, Price] | None:
        """Give the price that holds on a day (YYYYMMDD): the customer's own before the common one, then the newest."""
        found = [
            key
            for key in self._of_item.get(itno, ())
            if key[:2] == (prrf, cucd) and key[2] in ("", cuno) and key[3] <= day <= self._prices[key].lvdt
        ]
        best = max(found, key=lambda key: (key[2] != "", key[3]), default=None)
        return (self.lists[best[:4]], self._prices[best]) if best else None


@dataclass(frozen=True)
class Rate:
    """An exchange rate from a date on: local currency for one unit, unless method (DMCU) and factor (RAFA) say otherwise."""

    cucd: str
    crtp: int
    cutd: str
    arat: Decimal
    changed_ms: int = 0
    dmcu: int = 1
    rafa: int = 1


def first_rates(today: date) -> dict[tuple[str, int, str], Rate]:
    """Give the rates every state begins with: one for the year, then one each working day around today.

    The figures are invented, of a plausible size; those of a day differ from those of the day before.
    """
    shown = {"USD": "0.862", "GBP": "1.139", "JPY": "0.0057", "CHF": "1.072", "PLN": "0.2365"}
    rates = [Rate(cucd, 1, "20260101", Decimal(arat)) for cucd, arat in shown.items()]
    days = (today + timedelta(days=number) for number in range(-KNOWN_DAYS, KNOWN_DAYS))
    for day in days:
        if day.weekday() < SATURDAY:
            rates += [Rate(cucd, 1, f"{day:%Y%m%d}", _of_day(Decimal(arat), day)) for cucd, arat in shown.items()]
    return {(rate.cucd, rate.crtp, rate.cutd): rate for rate in rates}


def _of_day(rate: Decimal, day: date) -> Decimal:
    """Move a rate by up to half a percent, another way each day."""
    return round(rate * (1 + Decimal(day.toordinal() * 37 % 101 - 50) / 10000), 6)
