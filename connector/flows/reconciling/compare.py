"""Compares the orders and refunds of a store with M3's, for some days. Called by `connector reconcile` and workers/reconciling.py.

Both systems are read themselves, in bulk: the shop by change, a hundred a request; M3 by customer and date, then value, lines and
charges of 26 orders a request. Nothing is written. What is found does not depend on the ledger, which only says why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from connector.flows.context import StoreContext
from connector.flows.reconciling.credited import Credited
from connector.flows.reconciling.dues import Dues
from connector.flows.reconciling.issues import Issues
from connector.flows.reconciling.listed import Listed, of_refund, of_this, sort_heads
from connector.flows.reconciling.m3_side import chunks, customers_of, decimals_of, read_heads
from connector.flows.reconciling.older import look_back
from connector.flows.reconciling.orders import Orders
from connector.flows.reconciling.period import DAY, Period
from connector.flows.reconciling.postings import Postings
from connector.flows.reconciling.refunds import RefundedOrder, Refunds
from connector.flows.reconciling.result import Row
from connector.flows.reconciling.settlements import Settlements
from connector.flows.reconciling.shop_side import (
    ShopOrder,
    ShopRefund,
    Unreadable,
    read_changed,
    read_refunds,
    small_order,
    small_refund,
)
from connector.flows.reconciling.strangers import Strangers
from connector.flows.reconciling.totals import Totals
from connector.flows.reconciling.ways import Ways
from connector.ledger.session import Ledger
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order

Progress = Callable[[int, int | None], None]


@dataclass
class _Shop:
    """What the shop says: orders made in the period, those with refunds, refunds since it began."""

    orders: list[ShopOrder] = field(default_factory=list)
    refunded: dict[int, ShopOrder] = field(default_factory=dict)
    refunds: list[ShopRefund] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


def compare(
    ledger: Ledger,
    store: StoreContext,
    period: Period,
    *,
    totals: Totals,
    progress: Progress | None = None,
    dues: Dues | None = None,
    settlements: Settlements | None = None,
) -> Iterator[Row]:
    """Yields a row for each figure that differs, and one for each order and refund of which all is equal; fills `totals`.

    Args:
        ledger: Asked why something differs; nothing is written to it.
        store: Whose.
        period: The days: of orders by when they were made, of refunds by when they were made.
        totals: Takes the sums.
        progress: Told how many orders were compared.
        dues: Is given every order changed since the period began, every refund made since, and what M3 credits of them.
        settlements: Is given these orders too, and compared.

    Raises:
        NeedsPersonError: A list of M3 cannot be read whole.
        RetryableError: M3, the shop or the ledger cannot be asked now.
    """
    issues = Issues(ledger, store, period, totals)
    shop = _read_shop(store, period, progress=progress, dues=dues, settlements=settlements, issues=issues)
    customers = customers_of(store)
    # From the day before, so that an order is found that M3 has on the wrong side of midnight.
    m3 = sort_heads(read_heads(store, customers, since=period.first - DAY).values(), store=store.name)
    open_refunds: dict[int, list[ShopRefund]] = defaultdict(list)
    for refund in shop.refunds:
        open_refunds[refund.order_id].append(refund)
    orders = Orders(
        ledger,
        store,
        totals,
        refunds=open_refunds,
        returns=m3.returns,
        decimals=decimals_of(store, {one.currency for one in (*shop.orders, *shop.refunded.values())}),
    )
    done = 0
    for some in chunks(shop.orders):
        mine = {order.id: of_this(order, m3.orders) for order in some}
        yield from orders.compare(some, mine)
        done += len(some)
        if progress:
            progress(done, len(shop.orders))
    for one in shop.unreadable:
        yield from orders.unreadable(one, period.last)
    yield from _compare_refunds(
        ledger, store, period, totals, shop=shop, m3=m3, orders=orders, customers=customers, dues=dues
    )
    yield from _compare_strangers(ledger, store, period, totals, shop=shop, m3=m3, ways=orders.ways)
    if settlements:
        yield from settlements.compare(m3, customers)
    yield from issues.compare()


def compare_money(
    ledger: Ledger, store: StoreContext, period: Period, *, totals: Totals, progress: Progress | None = None
) -> Iterator[Row]:
    """Yields what `compare` does, and a row for each account and each payment of an invoice that differs; see `compare`.

    Payments and refunds belong to the day they were made, invoices to the day they were paid, or placed if they were not.
    """
    payments = store.config.payments
    is_settled = payments is not None and payments.settle is not None
    dues, settlements = Dues(ledger, store, period), Settlements(ledger, store, period, totals) if is_settled else None
    yield from compare(ledger, store, period, totals=totals, progress=progress, dues=dues, settlements=settlements)
    dues.end()
    if payments is not None or store.config.invoices is not None:
        yield from Postings(ledger, store, period, totals).compare(dues.found)


def _read_shop(
    store: StoreContext,
    period: Period,
    *,
    progress: Progress | None,
    dues: Dues | None,
    settlements: Settlements | None,
    issues: Issues,
) -> _Shop:
    shop = _Shop()
    with_refunds: dict[int, Order] = {}
    told = (lambda count: progress(count, None)) if progress else None
    for order in read_changed(store, period, told=told):
        if isinstance(order, Unreadable):
            shop.unreadable.append(order)
            continue
        issues.take(order)
        if dues:
            dues.take(order)
        small = small_order(store, order, period)
        if settlements:
            settlements.take(order, small)
        if period.holds(order.created_at):
            shop.orders.append(small)
        if order.refunds:
            shop.refunded[order.id] = small
            with_refunds[order.id] = order
    for refund in read_refunds(store, period, list(with_refunds.values())):
        shop.refunds.append(small_refund(store, refund, period))
        if dues and refund.parent_id in with_refunds:
            dues.take_refund(with_refunds[refund.parent_id], refund)
    return shop


def _compare_refunds(
    ledger: Ledger,
    store: StoreContext,
    period: Period,
    totals: Totals,
    *,
    shop: _Shop,
    m3: Listed,
    orders: Orders,
    customers: Sequence[str],
    dues: Dues | None,
) -> Iterator[Row]:
    orders.ways.learn(one.order_id for one in shop.refunds)
    # Those of orders that are carried as invoices are credited in the ledger.
    mine = [one for one in shop.refunds if period.has_day(one.day) and not orders.ways.is_direct(one.order_id)]
    refunded = {one.order_id: shop.refunded[one.order_id] for one in mine if one.order_id in shop.refunded}
    in_period = {order.id for order in shop.orders}
    older = [order for id_, order in refunded.items() if id_ not in in_period]
    look_back(orders, older, period=period, customers=customers, listed=m3)
    standing = {id_: _standing(order, orders) for id_, order in refunded.items()}
    refunds = Refunds(ledger, store, totals, taken_off=frozenset(orders.taken_off))
    for some_refunds in chunks(mine):
        yield from refunds.compare(some_refunds, m3.returns, standing)
    if dues:
        dues.credited = Credited(refunds.returned, orders.in_m3)


def _standing(order: ShopOrder, orders: Orders) -> RefundedOrder:
    is_due = order.action is OrderAction.CONFIRM or order.id in orders.in_m3
    return RefundedOrder(order, is_due, is_ended=order.id in orders.ended, smaller=orders.smaller.get(order.id))


def _compare_strangers(
    ledger: Ledger, store: StoreContext, period: Period, totals: Totals, *, shop: _Shop, m3: Listed, ways: Ways
) -> Iterator[Row]:
    strangers = Strangers(ledger, store, period, totals)
    references = {order.reference for order in shop.orders}
    # Where an order is carried as an invoice, its refunds are credited in the ledger: any return is one too many.
    refunds = [one for one in shop.refunds if not ways.is_direct(one.order_id)]
    returned = {head.number for refund in refunds for head in of_refund(refund, m3.returns)}
    unreadable = {one.id for one in shop.unreadable}
    left = [
        *(
            head
            for id_, heads in m3.orders.items()
            for head in heads
            if id_ not in unreadable and head.listed.your_reference not in references
        ),
        *(head for heads in m3.returns.values() for head in heads if head.number not in returned),
        *m3.others,
    ]
    for some in chunks([head for head in left if strangers.is_ours(head)]):
        yield from strangers.compare(some)
