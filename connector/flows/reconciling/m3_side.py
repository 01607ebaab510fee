"""What M3 says of the orders of a store: found by our customers and their order dates, read in bulk. Called by compare.py.

M3 publishes no list of orders by date alone; every list starts from a customer (order-rules.md section 4). The customers of a shop
are the common ones of its store file, those with our number prefix, and those with its search key; none is taken from the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from connector.errors import NeedsPersonError
from connector.flows.context import StoreContext
from connector.flows.reconciling.references import Reference, read_reference
from connector.m3.calls import Answer, Call
from connector.m3.programs import crs055mi, crs610mi, ois100mi, ois175mi, order_changes
from connector.m3.programs.crs610mi import Customer
from connector.m3.programs.ois100mi import OrderHead, OrderLine, OrderValue
from connector.m3.programs.ois175mi import ListedOrder
from connector.m3.rejections import is_not_found

LIST_ROWS = 1000
"""Some gateways cut lists here whatever is asked for; a longer list is gone on with from its last row."""
ROWS_OF_ONE = 10
"""Orders with one reference: one, or two where something went wrong."""
CUSTOMER_LENGTH = 10
"""Of the numbers we give."""
CALLS_AN_ORDER = 3
ORDERS_AT_ONCE = 26
"""Three calls each: as many as go into one request."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Head:
    """An order of M3 in a list, and whose it is; `reference` is None if its YREF is none of a connector's."""

    listed: ListedOrder
    customer: str
    reference: Reference | None

    @property
    def number(self) -> str:
        """ORNO."""
        return self.listed.number


@dataclass(frozen=True, slots=True)
class Held:
    """An order of M3 with its figures; `lines` without those ended before delivery."""

    head: Head
    value: OrderValue
    lines: tuple[OrderLine, ...]
    charges: dict[str, Decimal]

    @property
    def is_empty(self) -> bool:
        """Whether it was ended as a whole: no line is left, and it is worth nothing."""
        return not self.lines and not self.value.total


def chunks(many: Sequence[T]) -> Iterator[list[T]]:
    """Yields as many at a time as M3 is asked for in one request."""
    rest = iter(many)
    while some := list(islice(rest, ORDERS_AT_ONCE)):
        yield some


def customers_of(store: StoreContext) -> list[str]:
    """Returns the M3 customers that orders of the store can belong to.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    config = store.config.customers
    found = {one.number for one in config.common}
    prefix, key = config.number_prefix, store.name.upper()
    for row in _walk(store, crs610mi.list_by_number, crs610mi.read_customers, start=prefix, place=_number):
        if not row.number.startswith(prefix):
            break
        if len(row.number) == CUSTOMER_LENGTH:
            found.add(row.number)
    for row in _walk(store, crs610mi.list_by_search_key, crs610mi.read_customers, start=key, place=_search_key):
        if not row.search_key.startswith(key):
            break
        if row.search_key[len(key) :].isdecimal():
            found.add(row.number)
    return sorted(found)


def read_heads(store: StoreContext, customers: Sequence[str], *, since: date) -> dict[str, Head]:
    """Returns the orders of these customers dated on a day or later, by number; eighty customers a request.

    Raises:
        NeedsPersonError: A list is too long to be read whole.
        RetryableError: M3 cannot be asked now.
    """
    found: dict[str, Head] = {}
    places = [(customer, since) for customer in customers]
    while places:
        calls = [ois175mi.list_heads_by_date(customer, order_date=day) for customer, day in places]
        answers = store.m3.read(calls, max_records=LIST_ROWS)
        left: list[tuple[str, date]] = []
        for (customer, day), answer in zip(places, answers, strict=True):
            if is_not_found(answer.error):
                continue
            rows = ois175mi.read_heads(answer)
            found |= {row.number: _head(customer, row) for row in rows if (row.order_date or since) >= since}
            if not answer.is_cut:
                continue
            last = rows[-1].order_date
            if last is not None and last > day:
                left.append((customer, last))
            else:  # more orders on one day than a list shows: by reference each has a place of its own
                found |= _by_reference(store, customer, since=since)
        places = left
    return found


def find_heads(store: StoreContext, places: Sequence[tuple[str, str]]) -> list[Head]:
    """Returns the orders with these customers and references, eighty a request; several may have the same one.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    calls = [ois175mi.list_heads_by_reference(customer, your_reference=reference) for customer, reference in places]
    answers = store.m3.read(calls, max_records=ROWS_OF_ONE) if calls else []
    return [
        _head(customer, row)
        for (customer, reference), answer in zip(places, answers, strict=True)
        if not is_not_found(answer.error)
        for row in ois175mi.read_orders(answer, your_reference=reference)
    ]


def read_held(store: StoreContext, heads: Sequence[Head]) -> dict[str, Held]:
    """Returns orders with value, lines and charges, by number; those deleted meanwhile are left out.

    Raises:
        NeedsPersonError: An order has more lines than M3 lists at once.
        RetryableError: M3 cannot be asked now.
    """
    calls = [call for head in heads for call in _calls_of(head.number)]
    answers = store.m3.read(calls, max_records=LIST_ROWS)
    found: dict[str, Held] = {}
    for place, head in enumerate(heads):
        value, lines, charges = answers[place * CALLS_AN_ORDER : (place + 1) * CALLS_AN_ORDER]
        if is_not_found(value.error):
            continue
        if lines.is_cut:
            raise NeedsPersonError(
                f"Order {head.number} in M3 has more lines than M3 lists at once ({LIST_ROWS}).",
                resolution=f"Compare order {head.number} in OIS300 with the shop by hand; leave its day out here.",
            )
        found[head.number] = Held(
            head=head,
            value=ois100mi.read_order_value(value),
            lines=tuple(line for line in ois100mi.read_lines(lines) if not line.is_closed),
            charges={one.id: one.amount for one in order_changes.read_charges(charges)},
        )
    return found


def find_by_number(store: StoreContext, numbers: Sequence[str]) -> dict[str, Head]:
    """Returns the orders with these numbers that M3 has, whoever's they are; eighty a request.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    answers = store.m3.read([ois100mi.get_head(number) for number in numbers]) if numbers else []
    heads = (ois100mi.read_head(answer) for answer in answers if not is_not_found(answer.error))
    return {one.number: _head(one.customer, _as_listed(one)) for one in heads}


def decimals_of(store: StoreContext, currencies: set[str]) -> dict[str, int]:
    """Returns the decimals of currencies as M3 has them; of one that M3 does not know 2."""
    wanted = sorted(currencies)
    answers = store.m3.read([crs055mi.get_currency(one) for one in wanted])
    return {
        one: 2 if is_not_found(answer.error) else crs055mi.read_currency(answer).decimals
        for one, answer in zip(wanted, answers, strict=True)
    }


def _calls_of(number: str) -> tuple[Call, ...]:
    return ois100mi.get_order_value(number), ois100mi.list_lines(number), order_changes.list_charges(number)


def _head(customer: str, row: ListedOrder) -> Head:
    return Head(row, customer, read_reference(row.your_reference))


def _as_listed(head: OrderHead) -> ListedOrder:
    return ListedOrder(
        number=head.number,
        your_reference=head.your_reference,
        customer_order_number=head.customer_order_number,
        order_date=head.order_date,
        order_type=head.order_type,
        lowest_status=head.lowest_status,
        highest_status=head.highest_status,
    )


def _by_reference(store: StoreContext, customer: str, *, since: date) -> dict[str, Head]:
    def ask(reference: str) -> Call:
        return ois175mi.list_heads_by_reference(customer, your_reference=reference)

    rows = _walk(store, ask, ois175mi.read_heads, start="", place=lambda one: one.your_reference)
    return {row.number: _head(customer, row) for row in rows if (row.order_date or since) >= since}


def _number(customer: Customer) -> str:
    return customer.number


def _search_key(customer: Customer) -> str:
    return customer.search_key


def _walk(
    store: StoreContext,
    ask: Callable[[str], Call],
    read: Callable[[Answer], list[T]],
    *,
    start: str,
    place: Callable[[T], str],
) -> Iterator[T]:
    """Yields a list from a key on to its end; each page begins where the one before ended, so a row may come twice.

    Raises:
        NeedsPersonError: More rows have one key than a list shows.
    """
    while True:
        answer = store.m3.read([ask(start)], max_records=LIST_ROWS)[0]
        rows = read(answer)
        yield from rows
        if not answer.is_cut:
            return
        last = place(rows[-1])
        if last == start:
            raise NeedsPersonError(
                f"M3 lists {LIST_ROWS} rows with the same key ({store.m3.name_of(answer.call)}); there may be more.",
                resolution="Look in M3 why so many have one reference or search key; then compare again.",
            )
        start = last
