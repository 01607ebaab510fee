"""Looks at orders made before the period whose refunds are of it. Called by compare.py.

How M3 stands with them decides whether there is anything to credit, and all their refunds together whether too much was given
back; so those made earlier are read too. Such an order is not counted: its own day was compared when it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from connector.flows.context import StoreContext
from connector.flows.reconciling.listed import Listed, of_this, sort_heads
from connector.flows.reconciling.m3_side import Head, chunks, find_heads, read_heads
from connector.flows.reconciling.orders import Orders
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.shop_side import ShopOrder, ShopRefund, refunds_of, small_refund
from connector.flows.reconciling.totals import Totals


def look_back(
    orders: Orders, older: Sequence[ShopOrder], *, period: Period, customers: Sequence[str], listed: Listed
) -> None:
    """Has `orders` learn how M3 stands with some older ones.

    Args:
        orders: Has the refunds made since the period began.
        older: The orders.
        period: The period.
        customers: M3's customers of the store.
        listed: What M3 lists since the period began.

    Raises:
        NeedsPersonError: A list of M3 cannot be read whole.
        RetryableError: M3 or the shop cannot be asked now.
    """
    store = orders.store
    refunds = {one.id: _all_refunds(store, one, orders.refunds.get(one.id, ()), period) for one in older}
    heads = _find(store, older, refunds, customers=customers, returns=listed.returns)
    found = sort_heads(heads, store=store.name)
    returns = {**_earlier_returns(store, older, refunds, found=found, listed=listed), **listed.returns}
    uncounted = replace(
        orders, totals=Totals(), refunds=refunds, returns=returns
    )  # keeps what is learnt in the same sets
    for some in chunks(older):
        list(uncounted.compare(some, {order.id: of_this(order, found.orders) for order in some}))


def _all_refunds(
    store: StoreContext, order: ShopOrder, newer: Sequence[ShopRefund], period: Period
) -> Sequence[ShopRefund]:
    if {one.id for one in newer}.issuperset(order.refund_ids):
        return newer
    return [small_refund(store, one, period) for one in refunds_of(store, order.id)]


def _find(
    store: StoreContext,
    older: Sequence[ShopOrder],
    refunds: Mapping[int, Sequence[ShopRefund]],
    *,
    customers: Sequence[str],
    returns: Mapping[int, Sequence[Head]],
) -> list[Head]:
    """Finds M3's orders: by the customer of a return, or, where there is none, among those of all customers."""
    customer_of = {
        order.id: head.customer for order in older for one in refunds[order.id] for head in returns.get(one.id, ())
    }
    heads = find_heads(store, [(customer_of[one.id], one.reference) for one in older if one.id in customer_of])
    rest = [order.day for order in older if order.id not in customer_of]
    return [*heads, *(read_heads(store, customers, since=min(rest)).values() if rest else ())]


def _earlier_returns(
    store: StoreContext,
    older: Sequence[ShopOrder],
    refunds: Mapping[int, Sequence[ShopRefund]],
    *,
    found: Listed,
    listed: Listed,
) -> Mapping[int, Sequence[Head]]:
    """Finds M3's returns dated before the period; a refund has several where it gives back goods of several invoices."""
    wanted = [
        (head.customer, one.reference)
        for order in older
        for head in of_this(order, found.orders)
        for one in refunds[order.id]
        if one.reference and one.id not in listed.returns
    ]
    heads: list[Head] = []
    for part in count(1):
        there = find_heads(
            store, [(who, reference if part == 1 else f"{reference}-{part}") for who, reference in wanted]
        )
        if not there:
            break
        heads += there
    return sort_heads(heads, store=store.name).returns
