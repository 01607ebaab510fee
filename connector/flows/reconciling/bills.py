"""Which invoices M3 has of orders of the shop, and what is paid of each, found without our ledger. Called by settlements.py.

M3's number of an order made before the period is the one the shop itself shows; the order there has to name the shop's in turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from connector.errors import NeedsPersonError
from connector.flows.books.invoiced import Bill, key_of
from connector.flows.context import StoreContext
from connector.flows.reconciling.listed import Listed, of_this, sort_heads
from connector.flows.reconciling.m3_side import LIST_ROWS, Head, find_by_number, read_heads
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.proofs import is_order_number
from connector.flows.reconciling.shop_side import ShopOrder
from connector.m3.programs import ars200mi, ois350mi
from connector.m3.programs.ars200mi import InvoiceKey, ListedInvoice
from connector.m3.rejections import is_not_found

AT_ONCE = 80


@dataclass(frozen=True)
class Sale:
    """A customer order of M3, with the id of the shop's."""

    order_id: int
    head: Head


def read_bills(store: StoreContext, keys: Mapping[int, Sequence[InvoiceKey]]) -> dict[int, list[Bill]]:
    """Returns the invoices of orders as the receivables show them, by order; eighty a request.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    asked = [(order_id, key) for order_id, some in keys.items() for key in some]
    found: dict[int, list[Bill]] = {}
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        answers = store.m3.read([ars200mi.get_totals(key, division=store.config.m3.division) for _, key in some])
        for (order_id, key), answer in zip(some, answers, strict=True):
            if not is_not_found(answer.error):  # invoiced, and not in the receivables yet
                found.setdefault(order_id, []).append(Bill(key, ars200mi.read_totals(answer)))
    return found


def invoices_of_orders(
    store: StoreContext, orders: Sequence[ShopOrder], *, listed: Listed, customers: Sequence[str]
) -> dict[int, list[InvoiceKey]]:
    """Returns the invoices of customer orders.

    Args:
        store: Whose.
        orders: Orders of the shop.
        listed: M3's orders since the period began.
        customers: M3's customers of the store.

    Raises:
        NeedsPersonError: A list of M3 cannot be read whole.
        RetryableError: M3 cannot be asked now.
    """
    sales = list(_sales(store, orders, listed=listed, customers=customers))
    found: dict[int, list[InvoiceKey]] = {}
    invoices = invoices_of_heads(store, [one.head for one in sales])
    for sale in sales:
        if sale.head.number in invoices:
            found.setdefault(sale.order_id, []).extend(invoices[sale.head.number])
    return found


def invoices_of_heads(store: StoreContext, heads: Sequence[Head]) -> dict[str, list[InvoiceKey]]:
    """Returns the invoices of customer orders by number, of those that have any; eighty orders a request.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    found: dict[str, list[InvoiceKey]] = {}
    for start in range(0, len(heads), AT_ONCE):
        some = heads[start : start + AT_ONCE]
        answers = store.m3.read(
            [ois350mi.list_invoice_heads_by_order(one.number) for one in some], max_records=LIST_ROWS
        )
        for head, answer in zip(some, answers, strict=True):
            if not is_not_found(answer.error):
                invoices = ois350mi.read_invoices(answer)
                found[head.number] = [key_of(one, customer=head.customer) for one in invoices]
    return found


def _sales(
    store: StoreContext, orders: Sequence[ShopOrder], *, listed: Listed, customers: Sequence[str]
) -> Iterator[Sale]:
    """Finds M3's orders: those of the period are listed, earlier ones are asked for by the number the shop shows."""
    missing: list[ShopOrder] = []
    for order in orders:
        heads = of_this(order, listed.orders)
        yield from (Sale(order.id, head) for head in heads)
        if not heads:
            missing.append(order)
    shown = [order for order in missing if is_order_number(order.m3_number)]
    heads_shown = find_by_number(store, [order.m3_number for order in shown])
    found = set()
    for order in shown:
        head = heads_shown.get(order.m3_number)
        if head is not None and head.listed.your_reference == order.reference:
            found.add(order.id)
            yield Sale(order.id, head)
    rest = [order for order in missing if order.id not in found]
    if rest:
        earlier = read_heads(store, customers, since=min(order.day for order in rest))
        orders_there = sort_heads(earlier.values(), store=store.name).orders
        yield from (Sale(order.id, head) for order in rest for head in of_this(order, orders_there))


def direct_invoices(
    store: StoreContext,
    orders: Sequence[ShopOrder],
    period: Period,
    *,
    customers: Sequence[str],
    numbers: Mapping[int, str],
) -> dict[int, list[InvoiceKey]]:
    """Returns the invoices of orders that are carried as such: their numbers follow from the orders'.

    Those of the days are all of them, also of orders that are not among those given.

    Args:
        store: Whose.
        orders: The orders.
        period: The days.
        customers: M3's customers of the store.
        numbers: CINO by order.

    Raises:
        NeedsPersonError: A list of M3 cannot be read whole.
        RetryableError: M3 cannot be asked now.
    """
    config = store.config.invoices  # None: the store carries orders as customer orders now
    wanted = {number: order_id for order_id, number in numbers.items()}
    since = min((order.day for order in orders), default=period.first)
    found: dict[int, set[InvoiceKey]] = {}
    for one in list_invoices_since(store, customers, since=since):
        order_id = wanted.get(one.key.number)
        if order_id is None and config is not None and period.has_day(one.invoice_date):
            order_id = config.order_of(one.key.number)
        if order_id is not None:
            found.setdefault(order_id, set()).add(one.key)
    return {order_id: list(keys) for order_id, keys in found.items()}


def list_invoices_since(store: StoreContext, customers: Sequence[str], *, since: date) -> Iterator[ListedInvoice]:
    """Yields the invoices of customers; eighty customers a request, and those whose list is cut again from its last day.

    Raises:
        NeedsPersonError: A list of M3 cannot be read whole.
        RetryableError: M3 cannot be asked now.
    """
    places = [(customer, since) for customer in customers]
    while places:
        calls = [ars200mi.list_invoices(customer, since=day) for customer, day in places]
        left: list[tuple[str, date]] = []
        for (customer, day), answer in zip(places, store.m3.read(calls, max_records=LIST_ROWS), strict=True):
            if is_not_found(answer.error):
                continue
            rows = ars200mi.read_listed(answer, customer=customer)
            yield from rows
            if not answer.is_cut:
                continue
            last = max((row.invoice_date or day for row in rows), default=day)
            if last == day:
                raise NeedsPersonError(
                    f"M3 lists {LIST_ROWS} invoices of customer {customer} on {day}; there may be more.",
                    resolution="Compare that day in ARS200 by hand.",
                )
            left.append((customer, last))
        places = left
