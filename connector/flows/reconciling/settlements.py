"""Compares what M3's receivables show as paid of each invoice with what the buyer paid in the shop. Called by compare.py.

A payment is due on the invoices of its order from the day both are there, and belongs to that day. Invoices of orders that the shop
does not show as paid are left alone: who pays them is M3's affair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connector.flows.books.invoiced import Bill
from connector.flows.context import StoreContext
from connector.flows.reconciling.bills import direct_invoices, invoices_of_orders, read_bills
from connector.flows.reconciling.listed import Listed
from connector.flows.reconciling.m3_side import decimals_of
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.proofs import asks_for
from connector.flows.reconciling.reasons import Proof, why_changed, why_paid_otherwise
from connector.flows.reconciling.result import Difference, Fact, Reason, Row, Subject, Why, money
from connector.flows.reconciling.shop_side import ShopOrder, read_by_id, small_order
from connector.flows.reconciling.totals import Totals
from connector.flows.reconciling.unheard import invoiced_unheard
from connector.flows.reconciling.ways import Ways
from connector.ledger.carried import Carried, find_carried
from connector.ledger.posted import kept_of_batches
from connector.ledger.session import Ledger, transaction
from connector.m3.programs.ars200mi import InvoiceKey
from connector.money.rounding import ZERO
from connector.stores.orders import CarriedAs
from connector.woocommerce.models import Order

FLOW = "settlements_to_m3"
ORDERS, INVOICES = "orders_to_m3", "invoices_to_m3"
ROUNDED = Why(Reason.ROUNDING, "within money.rounding_limit of the store file")


@dataclass(frozen=True)
class Paid:
    """An order that is paid in the shop."""

    order: ShopOrder
    paid_on: date
    refunded: Decimal


@dataclass
class Settlements:
    """Takes orders as they are read, and compares the invoices of those that are paid."""

    ledger: Ledger
    store: StoreContext
    period: Period
    totals: Totals
    ways: Ways = field(init=False)
    _paid: list[Paid] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Knows no order yet."""
        self.ways = Ways(self.ledger, self.store)

    def take(self, order: Order, small: ShopOrder) -> None:
        """Takes an order of the shop, whole and as it is kept."""
        if order.date_paid_gmt is not None and order.total:
            refunded = -sum((one.total for one in order.refunds), ZERO)
            self._paid.append(Paid(small, self.period.day_of(order.date_paid_gmt), refunded))

    def compare(self, listed: Listed, customers: Sequence[str]) -> Iterator[Row]:
        """Yields the rows of the orders that are paid and invoiced, the later of both in the period.

        Raises:
            NeedsPersonError: A list of M3 cannot be read whole.
            RetryableError: M3 or the ledger cannot be asked now.
        """
        bills = self._own(read_bills(self.store, self._invoices(listed, customers)))
        mine = [
            one for one in self._paid if one.order.id in bills and self.period.has_day(_day(one, bills[one.order.id]))
        ]
        decimals = decimals_of(self.store, {one.order.currency for one in mine})
        asked = [str(one.order.id) for one in mine]
        with transaction(self.ledger) as connection:
            known = find_carried(connection, self.store.name, flow=FLOW, keys=asked)
            invoices = find_carried(connection, self.store.name, flow=INVOICES, keys=asked)
            orders = find_carried(connection, self.store.name, flow=ORDERS, keys=asked)
        for one, key in zip(mine, asked, strict=True):
            sale = (invoices if self.ways.is_direct(one.order.id) else orders).get(key)
            yield from self._one(one, bills[one.order.id], known.get(key), sale, decimals)

    def _invoices(self, listed: Listed, customers: Sequence[str]) -> dict[int, list[InvoiceKey]]:
        """Returns the invoices of the orders taken, and of all others that were invoiced in the period; takes these too."""
        store, paid = self.store, [one.order for one in self._paid]
        self.ways.learn(one.id for one in paid)
        direct = [one for one in paid if self.ways.is_direct(one.id)]
        orders = [one for one in paid if not self.ways.is_direct(one.id)]
        keys = invoices_of_orders(store, orders, listed=listed, customers=customers) if orders else {}
        if self._is_direct_now or direct:
            keys |= direct_invoices(store, direct, self.period, customers=customers, numbers=self._numbers(direct))
        unheard = self._unheard_of(keys, paid)
        more = list(invoiced_unheard(store, self.period, seen=keys, listed=listed, customers=customers))
        keys |= {order.id: some for order, some in more}
        unheard += [order for order, _ in more]
        for order in unheard:
            self.take(order, small_order(store, order, self.period))
        self.ways.learn(one.id for one in unheard)
        return keys

    def _unheard_of(self, keys: dict[int, list[InvoiceKey]], paid: Sequence[ShopOrder]) -> list[Order]:
        """Returns directly invoiced orders not taken; leaves out invoices that only bear the number of a customer order."""
        new = keys.keys() - {one.id for one in paid}
        self.ways.learn(new)
        for id_ in new:
            if not self.ways.is_direct(id_):
                del keys[id_]
        return list(read_by_id(self.store, list(new & keys.keys())).values())

    def _numbers(self, orders: Sequence[ShopOrder]) -> dict[int, str]:
        """Returns the numbers of direct invoices: as posted, else as the store file makes them now; not those nobody knows."""
        config = self.store.config.invoices
        keys = [str(one.id) for one in orders]
        with transaction(self.ledger) as connection:
            kept = kept_of_batches(connection, self.store.name, flow=INVOICES, keys=keys, part="sheet")
        posted = {one.id: str(kept.get(str(one.id), {}).get("number", "")) for one in orders}
        made = {} if config is None else {one.id: config.number_of(one.id) for one in orders}
        return {id_: number or made.get(id_, "") for id_, number in posted.items() if number or id_ in made}

    def _own(self, bills: Mapping[int, Sequence[Bill]]) -> dict[int, list[Bill]]:
        """Leaves out invoices that only bear the number of an order's, as one entered by hand for something else may."""
        orders = {one.order.id: one.order for one in self._paid}
        with transaction(self.ledger) as connection:
            sales = find_carried(connection, self.store.name, flow=INVOICES, keys=[str(one) for one in bills])
        own = {
            id_: [
                one for one in some if not self.ways.is_direct(id_) or _is_invoice_of(order, one, sales.get(str(id_)))
            ]
            for id_, some in bills.items()
            if (order := orders.get(id_)) is not None
        }
        return {id_: some for id_, some in own.items() if some}

    @property
    def _is_direct_now(self) -> bool:
        return self.store.config.orders.carried_as is CarriedAs.INVOICE

    def _one(
        self,
        paid: Paid,
        bills: Sequence[Bill],
        known: Carried | None,
        sale: Carried | None,
        decimals: Mapping[str, int],
    ) -> Iterator[Row]:
        order, money_config = paid.order, self.store.config.money
        limit = money_config.limit_for(order.taxed_rows, decimals=decimals[order.currency]) * len(bills)
        due = due_on(bills, total=order.total, refunded=paid.refunded, limit=limit)
        there = sum((one.totals.paid for one in bills), ZERO)
        sync = f"connector sync orders_to_m3 --store {self.store.name} --ids {order.id}"
        why = why_paid_otherwise(known, proof_of(paid, bills, known, sale, limit=limit), is_more=there > due, sync=sync)
        found = [
            (one, ROUNDED if one.is_rounding else why)
            for one in _differences(bills, currency=order.currency, due=due, paid=there, limit=limit)
        ]
        subject = Subject(
            fact=Fact.SETTLEMENT,
            shop_id=order.id,
            order_number=order.number,
            m3_number=", ".join(one.key.label for one in bills),
            day=_day(paid, bills),
            currency=order.currency,
        )
        yield from self.totals.add(subject, found, shop=due, m3=there)


def _is_invoice_of(order: ShopOrder, bill: Bill, sale: Carried | None) -> bool:
    """Tells whether an invoice with the number of an order's is its: by the customer; where nobody knows that, by the amount."""
    if sale is not None and sale.customer is not None:
        return bill.key.customer == sale.customer
    return (bill.totals.currency, bill.totals.amount) == (order.currency, order.total)


def _is_as_sent(known: Carried | None, bills: Sequence[Bill]) -> bool:
    """Tells whether M3 shows as paid what the batch in the ledger was to pay."""
    if known is None or known.expected is None:
        return False
    sent = {label: Decimal(str(amount)) for label, amount in known.expected.items()}
    return sent == {one.key.label: one.totals.paid for one in bills if one.key.label in sent or one.totals.paid}


def proof_of(
    paid: Paid, bills: Sequence[Bill], known: Carried | None, sale: Carried | None, *, limit: Decimal
) -> Proof:
    """Returns what is seen of invoices that are paid with another amount than the buyer paid.

    That the shop asked for something else is proven only by another total of then, which makes up what the batch paid.
    """
    order, then = paid.order, ZERO
    if known is not None and known.asked is not None:
        then = Decimal(known.asked["total"])
    there = sum((one.totals.paid for one in bills), ZERO)
    is_changed = then not in (ZERO, order.total) and (
        there == due_on(bills, total=then, refunded=paid.refunded, limit=limit)
    )
    return Proof(
        is_as_sent=_is_as_sent(known, bills),
        is_as_asked=not is_changed,
        change=why_changed(
            sale,
            is_carried=False,  # of an invoiced order nothing is changed any more
            is_accepted=sale is not None and asks_for(sale.accepted, order),
        ),
    )


def due_on(bills: Sequence[Bill], *, total: Decimal, refunded: Decimal, limit: Decimal) -> Decimal:
    """Returns what the buyer's payment pays of the invoices: all of it, less what was refunded before M3 invoiced.

    Where rounding allows several amounts, what is paid tells which one was meant; else what is invoiced, to the cent.

    Args:
        bills: The invoices of the order.
        total: What the buyer paid.
        refunded: What was refunded, before the invoices or after them.
        limit: How far invoices may miss a payment by rounding.
    """
    invoiced = sum((one.totals.amount for one in bills), ZERO)
    paid = sum((one.totals.paid for one in bills), ZERO)
    amounts = [amount for amount in (total, total - refunded) if abs(invoiced - amount) <= limit]
    if total - refunded <= invoiced <= total:  # all of the refunds, or a part of them, came before
        amounts = [invoiced, *amounts]
    return paid if paid in amounts else (*amounts, total)[0]


def _day(paid: Paid, bills: Sequence[Bill]) -> date:
    return max(paid.paid_on, *(one.totals.invoice_date or paid.paid_on for one in bills))


def _differences(
    bills: Sequence[Bill], *, currency: str, due: Decimal, paid: Decimal, limit: Decimal
) -> Iterator[Difference]:
    currencies = {one.totals.currency for one in bills}
    if currencies != {currency}:
        yield Difference("currency", currency, ", ".join(sorted(currencies)))
        return
    if paid != due:
        yield Difference("paid", money(due), money(paid))
    left = {one.key.label: ZERO if one.totals.is_paid else one.totals.open for one in bills}
    is_rounding = paid == due and sum(map(abs, left.values()), ZERO) <= limit
    for label, amount in left.items():
        if amount:
            yield Difference(f"open of {label}", "0", money(amount), is_rounding=is_rounding)
