"""Finds orders that M3 invoiced in the days that are compared, and that the shop has not changed since they began.

Called by settlements.py: what the shop lists by change holds an order that was paid earlier only if
news of M3 were written back. Asked of every store, for one that carries orders as invoices may have had customer orders before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from connector.flows.context import StoreContext
from connector.flows.orders.values import reference_of
from connector.flows.reconciling.bills import invoices_of_heads, list_invoices_since
from connector.flows.reconciling.listed import Listed, sort_heads
from connector.flows.reconciling.m3_side import read_heads
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.shop_side import read_by_id
from connector.m3.programs.ars200mi import InvoiceKey
from connector.woocommerce.models import Order

LOOK_BACK = timedelta(days=120)
"""How long before the days an order may have been made: longer than any sale on account is open."""
INVOICED = ("7", "9")
"""Last digits of the highest status of an order of which something was invoiced (order-rules.md section 6)."""


def invoiced_unheard(
    store: StoreContext,
    period: Period,
    *,
    seen: Mapping[int, Sequence[InvoiceKey]],
    listed: Listed,
    customers: Sequence[str],
) -> Iterator[tuple[Order, list[InvoiceKey]]]:
    """Yields further orders of the shop that have an invoice of these days, with all their invoices.

    Args:
        store: Whose customer orders.
        period: The days.
        seen: The invoices of orders looked at already, by order.
        listed: What M3 lists since the days began.
        customers: M3's customers of the store.

    Raises:
        NeedsPersonError: A list of M3 cannot be read whole.
        RetryableError: M3 cannot be asked now.
    """
    dated = list_invoices_since(store, customers, since=period.first)
    left = {one.key for one in dated if period.has_day(one.invoice_date)} - _keys(seen)
    if left:
        returns = [head for heads in listed.returns.values() for head in heads]
        left -= _keys(invoices_of_heads(store, returns))
    if not left:
        return
    heads = read_heads(store, sorted({key.customer for key in left}), since=period.first - LOOK_BACK)
    orders = sort_heads(heads.values(), store=store.name).orders
    invoiced = {
        order_id: [head for head in some if head.listed.highest_status[-1:] in INVOICED]
        for order_id, some in orders.items()
        if order_id not in seen
    }
    found = invoices_of_heads(store, [head for some in invoiced.values() for head in some])
    wanted = {number for number, keys in found.items() if left.intersection(keys)}
    shop = read_by_id(store, [id_ for id_, some in invoiced.items() if any(one.number in wanted for one in some)])
    for order_id, order in shop.items():
        mine = [one for one in invoiced[order_id] if one.listed.your_reference == reference_of(store.name, order)]
        if mine:  # else the shop gave the id to another order
            yield order, [key for head in mine for key in found.get(head.number, ())]


def _keys(invoices: Mapping[Any, Sequence[InvoiceKey]]) -> set[InvoiceKey]:
    return {key for some in invoices.values() for key in some}
