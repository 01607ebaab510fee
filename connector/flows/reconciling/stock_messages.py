"""Reads from M3 which units left stock for direct invoices, by numbers made from the orders alone. Called by issues.py.

The ledger is not asked. Lines an order does not have any more are found where M3 lists the messages of its PMSN.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.accounting.invoices import StockIssue
from connector.errors import MappingError
from connector.flows.books.keys import version_of
from connector.flows.context import StoreContext
from connector.flows.issues import messages
from connector.flows.issues.keeping import Issued
from connector.flows.orders.units import read_factors
from connector.m3.programs.mms850mi import StockMessage
from connector.money.rounding import ZERO


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of an order: what it holds of the shop's stock."""

    name: str
    held: Decimal


@dataclass(frozen=True, slots=True)
class Sold:
    """An order of the shop that becomes a direct invoice."""

    id: int
    number: str
    epoch: str  # PMSN
    day: date
    is_carried: bool  # in its status units go out
    lines: Mapping[str, SoldLine]


@dataclass(frozen=True, slots=True)
class BookedLine:
    """What M3 has of a line: units of the shop that left by executed messages, and messages that were not executed."""

    name: str  # the item, where the order does not have the line any more
    units: Decimal
    numbers: tuple[str, ...]
    waiting: tuple[str, ...]  # in words


def read_booked(store: StoreContext, orders: Sequence[Sold], *, rules: StockIssue) -> dict[int, dict[str, BookedLine]]:
    """Returns what M3 has booked of each line of these orders, by order and line.

    Raises:
        MappingError: M3's unit cannot be used.
        RetryableError: M3 cannot be asked now.
    """
    listed = messages.list_numbers(store, sorted({order.epoch for order in orders}), partner=rules.partner)
    found = messages.read(store, sorted({number for numbers in listed.values() for number in numbers}))
    found |= _read_onwards(store, orders, known=found)
    factors = read_factors(store, {message.item for message in found.values()})
    booked: dict[int, dict[str, BookedLine]] = {}
    for order in orders:
        mine = _by_line(store, order, found)
        booked[order.id] = {line: _booked(order.lines.get(line), some, factors, rules) for line, some in mine.items()}
    return booked


def _read_onwards(store: StoreContext, orders: Sequence[Sold], *, known: Collection[str]) -> dict[str, StockMessage]:
    """Asks for the next message of each line until there is none: a list of M3 may be empty, or end too soon."""
    newest = dict.fromkeys((line for order in orders for line in order.lines), 0)
    for number in known:
        line = messages.line_of(number, store=store.name)
        if line in newest:
            newest[line] = max(newest[line], version_of(number))
    found: dict[str, StockMessage] = {}
    while newest:
        asked = next_numbers(store.name, newest)
        there = messages.read(store, asked)
        found |= there
        newest = {asked[number]: version_of(number) for number in there}
    return found


def next_numbers(store: str, newest: Mapping[str, int]) -> dict[str, str]:
    """Returns the number of the next message of each line, with the line; one that has no room in a number has no message."""
    numbers: dict[str, str] = {}
    for line, version in newest.items():
        try:
            numbers[messages.number_of(store, line, version=version + 1)] = line
        except MappingError:
            continue
    return numbers


def _by_line(
    store: StoreContext, order: Sold, found: Mapping[str, StockMessage]
) -> dict[str, list[tuple[str, StockMessage]]]:
    """Returns the messages of an order by line; those of another order that had its ids before are none of them."""
    remark = messages.remark_of(store.name, str(order.id))
    mine: dict[str, list[tuple[str, StockMessage]]] = defaultdict(list)
    for number, message in sorted(found.items()):
        line = messages.line_of(number, store=store.name) or ""
        is_mine = line in order.lines or (message.external_number == order.epoch and message.remark == remark)
        if is_mine and message.external_number in ("", order.epoch):
            mine[line].append((number, message))
    return mine


def _booked(
    line: SoldLine | None,
    some: Iterable[tuple[str, StockMessage]],
    factors: Mapping[str, Decimal],
    rules: StockIssue,
) -> BookedLine:
    units, numbers, waiting, name = ZERO, [], [], "" if line is None else line.name
    for number, one in some:
        numbers.append(number)
        name = name or one.item
        if one.status == rules.done_status:
            item = Issued(0, "", item=one.item, factor=factors.get(one.item, Decimal(1)))
            units += item.units_of(-one.quantity)
        else:
            waiting.append(f"{number} stands at {one.status}" + (f" ({one.error})" if one.error else ""))
    return BookedLine(name, units, tuple(numbers), tuple(waiting))
