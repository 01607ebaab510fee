"""What M3 says of the stock of many items at once. Used by assessing.py.

Lines of our orders are read first, balances after: a line allocated in between is then counted twice, never not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import structlog

from connector.errors import ConnectorError, InvalidPayloadError, M3RejectedError, PermanentError
from connector.flows.context import StoreContext
from connector.flows.stock.quantity import ZERO, Figures, balance_mark
from connector.ledger.in_flight import PostedSale
from connector.m3.client import Answer, Call
from connector.m3.programs import balances, mms015mi, mms200mi, ois100mi
from connector.m3.rejections import is_not_found

log = structlog.get_logger(__name__)

Unit = tuple[str, str]
"""A unit of the shop and an item: how many basic units one is may differ by item."""


@dataclass(frozen=True)
class Problem:
    """Why an item could not be carried: a code, what happened where, what to do, and when it is worth another look."""

    code: str
    words: str
    remedy: str
    retry_s: float | None = None


@dataclass
class Stock:
    """What M3 said: figures or a problem for each item, factors of units, and which posted orders are all allocated."""

    figures: dict[str, Figures] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    marks: dict[str, dict[str, str]] = field(default_factory=dict)  # item to warehouse to its balance
    factors: dict[Unit, Decimal] = field(default_factory=dict)
    allocated: list[PostedSale] = field(default_factory=list)
    items: dict[str, mms200mi.Item] = field(default_factory=dict)  # where the items themselves were asked for


def read_stock(
    store: StoreContext,
    *,
    item_numbers: Sequence[str],
    warehouses: Sequence[str],
    posted: Sequence[PostedSale],
    units: Collection[Unit],
    asks_for_items: bool = False,
) -> Stock:
    """Reads items, 80 balances a request; an item M3 says no for has a problem of its own.

    An order whose lines M3 refuses, or which cannot be read whole, counts whole as not allocated: the shop rather shows too little.

    Args:
        store: Whose M3.
        item_numbers: The items.
        warehouses: Summed.
        posted: Orders of the shops that M3 may not have allocated.
        units: The factors wanted; the basic unit is 1 without asking.
        asks_for_items: Whether the items themselves are wanted: status, and whether M3 keeps their stock.

    Raises:
        RetryableError: M3 cannot be asked now.
        ConfigurationError: Nothing can be asked at all.
    """
    line_calls = [ois100mi.list_lines(one.m3_number) for one in posted]
    lines = store.m3.read(line_calls, max_records=ois100mi.MOST_LINES) if line_calls else []
    asked = [(item, warehouse) for item in item_numbers for warehouse in warehouses]
    calls: list[Call] = [balances.get_balance(item, warehouse=warehouse) for item, warehouse in asked]
    calls += [mms015mi.get(item, unit=unit) for unit, item in units]
    calls += [mms200mi.get_item_basic(item) for item in item_numbers] if asks_for_items else []
    answers = store.m3.read(calls)
    stock = Stock()
    _take_balances(stock, answers[: len(asked)])
    _take_factors(stock, units, answers[len(asked) : len(asked) + len(units)])
    _take_items(stock, answers[len(asked) + len(units) :])
    _take_lines(stock, posted, lines, warehouses=set(warehouses))
    for item in item_numbers:
        if item not in stock.figures and item not in stock.problems:
            stock.problems[item] = _unknown(item, warehouses)
    return stock


def _take_balances(stock: Stock, answers: Iterable[Answer]) -> None:
    for answer in answers:
        item = answer.call.fields["ITNO"]
        try:
            read = balances.read_balance(answer)
        except ConnectorError as error:
            if not is_not_found(error):
                stock.problems[item] = _problem(error, item, answer.call.fields["WHLO"])
            continue
        figures = Figures(
            on_hand=read.on_hand, allocatable=read.allocatable, available=read.available, reserved=read.reserved
        )
        stock.figures[item] = stock.figures.get(item, Figures()).plus(figures)
        mark = balance_mark(read.allocatable, read.available)
        if mark is not None:
            stock.marks.setdefault(item, {})[read.warehouse] = mark


def _take_lines(
    stock: Stock,
    posted: Sequence[PostedSale],
    answers: Iterable[Answer],
    *,
    warehouses: set[str],
) -> None:
    """Adds what of our lines is neither allocated nor delivered; an order without any such line is all allocated."""
    for sale, answer in zip(posted, answers, strict=True):
        if is_not_found(answer.error):
            stock.allocated.append(sale)  # deleted in M3
            continue
        try:
            read = ois100mi.read_lines(answer)
        except PermanentError as error:
            log.warning("order_lines_not_read", order=sale.order_id, m3_order=sale.m3_number, code=error.code)
            _count_whole(stock, sale)
            continue
        rests = [(line, line.unallocated) for line in read if not line.is_closed]
        for line, rest in rests:
            if rest > 0 and line.item in stock.figures and line.warehouse in warehouses:
                stock.figures[line.item] = stock.figures[line.item].plus(Figures(unallocated=rest))
        if all(rest <= 0 for _, rest in rests):
            stock.allocated.append(sale)


def _count_whole(stock: Stock, sale: PostedSale) -> None:
    """Counts all that an order took; of several shops' units of an item the largest."""
    for item, units in sale.units.items():
        if item in stock.figures:
            factor = max((held for (_, of), held in stock.factors.items() if of == item), default=Decimal(1))
            stock.figures[item] = stock.figures[item].plus(Figures(unallocated=units * factor))


def _take_factors(stock: Stock, units: Collection[Unit], answers: Iterable[Answer]) -> None:
    for (unit, item), answer in zip(units, answers, strict=True):
        try:
            read = mms015mi.read_unit(answer)
        except ConnectorError as error:
            if is_not_found(error):
                continue  # the item is sold in its basic unit
            stock.problems[item] = _problem(error, item, "")
            continue
        if read.factor <= 0:
            stock.problems[item] = Problem(
                "bad_unit",
                f"Item {item}: unit {unit} has the factor {read.factor} in M3.",
                f"Correct unit {unit} of item {item} in MMS015; then ask for the item again.",
            )
            continue
        stock.factors[unit, item] = 1 / read.factor if read.is_divisor else read.factor


def _take_items(stock: Stock, answers: Iterable[Answer]) -> None:
    for answer in answers:
        item = answer.call.fields["ITNO"]
        try:
            stock.items[item] = mms200mi.read_item_basic(answer)
        except ConnectorError as error:
            if not is_not_found(error):
                stock.problems[item] = _problem(error, item, "")


def _problem(error: ConnectorError, item: str, warehouse: str) -> Problem:
    where = f"Item {item}" + (f", warehouse {warehouse}" if warehouse else "")
    if isinstance(error, InvalidPayloadError):
        return Problem("bad_balance", f"{where}: {error.message}", error.resolution)
    if isinstance(error, M3RejectedError):
        return Problem(error.code, f"{where}: {error.message}", error.resolution)
    return Problem(error.code, f"{where}: {error.message}", error.resolution, retry_s=10)


def _unknown(item: str, warehouses: Sequence[str]) -> Problem:
    return Problem(
        "unknown_in_m3",
        f"M3 has no stock record of item {item} in warehouse {', '.join(warehouses)}.",
        "Connect the item to the warehouse in MMS002, or correct `publish.stock.warehouses`; the shop's stock was left alone.",
    )


def odd(item: str, figures: Figures) -> Problem | None:
    """Returns what a person should look at although the item is carried."""
    if figures.on_hand >= ZERO:
        return None
    return Problem(
        "negative_on_hand",
        f"M3 holds {figures.on_hand:f} of item {item} on hand; the shop shows none.",
        f"Count item {item} in MMS310.",
    )
