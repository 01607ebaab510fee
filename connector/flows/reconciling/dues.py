"""What M3's ledger has to show of the shop's orders and refunds: payments, repayments, invoices, credits. Called by postings.py.

The journals are computed anew from what the shop says and the store file, as the flows do before they post; of M3 only what it
credits of refunds is looked at, where repayments follow from that. On which accounts an order was invoiced, the ledger says where
it knows (sold_orders.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from connector.accounting.payments import PaymentsConfig
from connector.errors import AmountsDifferError, MappingError, NotYetError
from connector.flows.books.invoice_lines import invoiced_at
from connector.flows.books.keys import book_day, epoch_of, epoch_of_refund
from connector.flows.books.leaving import payment_of
from connector.flows.books.prepaid import as_paid
from connector.flows.books.sheet import sums_by_account
from connector.flows.context import StoreContext
from connector.flows.reconciling.conversions import Conversions
from connector.flows.reconciling.credited import Credited
from connector.flows.reconciling.m3_side import decimals_of
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.result import Fact
from connector.flows.reconciling.shop_side import ShopOrder, m3_currency, refunds_of, small_order
from connector.flows.reconciling.sold_orders import SoldOrders
from connector.flows.reconciling.vouchers import VoucherKey
from connector.flows.reconciling.ways import Ways
from connector.ledger.paid import read_paid
from connector.ledger.session import Ledger, transaction
from connector.money.journal import Journal
from connector.money.payment_journal import payment_journal, repayment_journal
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order, Refund

LETTERS = {Fact.PAYMENT: "P", Fact.REPAYMENT: "R", Fact.INVOICE: "I", Fact.CREDIT: "C"}
FLOWS = {
    Fact.PAYMENT: "payments_to_m3",
    Fact.REPAYMENT: "repayments_to_m3",
    Fact.INVOICE: "invoices_to_m3",
    Fact.CREDIT: "credits_to_m3",
}
ORDERS_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class Due:
    """One fact that M3's ledger has to show. `refusal` says why it cannot be posted; then there are no sums.

    One that is not `is_required` is compared if M3 has it, and not missed if it has not; what needs an invoice is all the same if
    M3 has that.
    """

    fact: Fact
    shop_id: int
    order_id: int
    order_number: str
    epoch: str
    day: date
    currency: str
    total: Decimal  # negative where the buyer gets money back
    sums: Mapping[str, Decimal]
    refusal: str = ""
    remedy: str = ""
    is_required: bool = True
    made_on: date  # the order's day, which its invoice bears if it was posted before it was paid
    invoiced_on: date | None = None  # of what follows from the invoice of its order: the day that belongs to
    sale: ShopOrder  # the order
    paid_as: Mapping[str, Any]  # what a payment is made of
    worth_on: str = ""  # the account of the prepayment or receivable, where it is known to have one

    @property
    def needs_invoice(self) -> bool:
        """Whether it is due only where M3 has the invoice of its order, which nothing else asks for."""
        return self.invoiced_on is not None and not self.is_required

    @property
    def days_of_invoice(self) -> frozenset[date]:
        """The days an invoice, or that of a refund's order, may bear: the payment's, or the order's if it was posted before."""
        paid_on = self.day if self.fact is Fact.INVOICE else self.invoiced_on
        return frozenset() if paid_on is None else frozenset({paid_on, self.made_on})

    @property
    def key(self) -> VoucherKey:
        """As vouchers name it."""
        return LETTERS[self.fact], self.shop_id, self.epoch

    @property
    def business_key(self) -> str:
        """As the ledger names it."""
        return _key(self.order_id, self.shop_id)


@dataclass
class Dues:
    """Takes orders and refunds as they are read, and keeps what is due of a period. `end` before they are looked at.

    `credited` is to be known by then.
    """

    ledger: Ledger
    store: StoreContext
    period: Period
    found: list[Due] = field(default_factory=list)
    credited: Credited = field(default_factory=Credited)
    ways: Ways = field(init=False)
    conversions: Conversions = field(init=False)
    _decimals: dict[str, int] = field(default_factory=dict)
    _invoices: list[Order] = field(default_factory=list)  # wait to be looked up together
    _credits: list[tuple[Order, Refund]] = field(default_factory=list)
    _payments: list[Order] = field(default_factory=list)
    _repayments: list[tuple[Order, Refund]] = field(default_factory=list)
    _refunds: dict[int, dict[int, Refund]] = field(default_factory=dict)  # those taken, by order and id

    def __post_init__(self) -> None:
        """Knows no order yet."""
        self.ways = Ways(self.ledger, self.store)
        self.conversions = Conversions(self.ledger, self.store)

    def take(self, order: Order) -> None:
        """Takes an order of the shop."""
        if self.store.config.payments is not None and order.total and self.period.holds(order.date_paid_gmt):
            self._payments.append(order)
            self._end_if_many()
        if self._may_be_invoiced(order) and order.total and self.period.holds(order.date_paid_gmt or order.created_at):
            self._invoices.append(order)
            self._end_if_many()

    def take_refund(self, order: Order, refund: Refund) -> None:
        """Takes a refund of an order."""
        self._refunds.setdefault(order.id, {})[refund.id] = refund
        if not refund.amount or not self.period.holds(refund.date_created_gmt):
            return
        if self.store.config.payments is not None:
            self._repayments.append((order, refund))
        self._credits.append((order, refund))
        self._end_if_many()

    def end(self) -> None:
        """Works off what waits for what is known of the orders' invoices, and of what M3 credits."""
        self._end_payments()
        self._end_repayments()
        self._end_invoices()

    def _end_payments(self) -> None:
        payments = self._payments_of(self._payments)
        self.conversions.learn(FLOWS[Fact.PAYMENT], [str(order.id) for order in self._payments])
        for order in self._payments:
            config = payments[order.id]
            due = self._due(Fact.PAYMENT, order, partial(self._payment, order, config))
            if due.sums or due.refusal:  # with payments.settle there may be nothing but the invoice to pay
                worth_on = config.liability.account if config.has_prepayments else ""
                self.found.append(replace(due, worth_on=worth_on))
        self._payments.clear()

    def _payment(self, order: Order, payments: PaymentsConfig) -> Journal:
        return payment_journal(order, config=payments, decimals=self._decimals_of(order.currency))

    def _end_repayments(self) -> None:
        orders = [order for order, _ in self._repayments]
        self.ways.learn(order.id for order in orders)
        payments = self._payments_of(orders)
        self.conversions.learn(FLOWS[Fact.REPAYMENT], [_key(order.id, refund.id) for order, refund in self._repayments])
        for order, refund in self._repayments:
            if not payments[order.id].has_prepayments:
                self.found.extend(self._onto_invoice(order, refund, payments[order.id]))
            elif refund.refunded_payment:
                self.found.append(self._repayment(order, refund, refund.amount, payments[order.id]))
        self._repayments.clear()

    def _payments_of(self, orders: Sequence[Order]) -> dict[int, PaymentsConfig]:
        """Returns `payments` of the store file as they are for some orders, by id."""
        config, ids = self.store.config.payments, sorted({order.id for order in orders})
        if config is None or not ids:
            return {}
        with transaction(self.ledger) as connection:
            paid = read_paid(connection, self.store.name, ids)
        return {id_: as_paid(config, one) for id_, one in paid.items()}

    def _end_invoices(self) -> None:
        orders = [*self._invoices, *(order for order, _ in self._credits)]
        self.ways.learn(order.id for order in orders)
        direct = [order for order in orders if self.ways.is_direct(order.id)]
        if direct:
            sold = SoldOrders(self.ledger, self.store, direct, decimals_of=self._decimals_of)
            ids = {order.id for order in direct}
            self.found += [self._invoice(sold, order) for order in self._invoices if order.id in ids]
            self.found += [self._credit(sold, *one) for one in self._credits if one[0].id in ids]
        self._invoices.clear()
        self._credits.clear()

    def _end_if_many(self) -> None:
        if len(self._invoices) + len(self._credits) >= ORDERS_AT_ONCE:
            self._end_invoices()
        if len(self._payments) >= ORDERS_AT_ONCE:
            self._end_payments()

    def _onto_invoice(self, order: Order, refund: Refund, payments: PaymentsConfig) -> Iterator[Due]:
        """Yields the repayment of a refund whose payment is posted on invoices alone, if there is to be one (books/repaid.py)."""
        if self.ways.is_direct(order.id):
            if refund.refunded_payment:
                due = self._repayment(order, refund, refund.amount, payments)
                yield replace(due, is_required=False, invoiced_on=self.period.day_of(_moment(order, None)))
            return
        amount = self.credited.repayment_of(order, refund)
        if amount:
            due = self._repayment(order, refund, amount, payments)
            yield replace(due, is_required=order.id in self.credited.in_m3)

    def _repayment(self, order: Order, refund: Refund, amount: Decimal, payments: PaymentsConfig) -> Due:
        def journal() -> Journal:
            decimals = self._decimals_of(order.currency)
            return repayment_journal(order, amount, config=payments, decimals=decimals)

        due = self._due(Fact.REPAYMENT, order, journal, refund=refund)
        return replace(due, total=-amount, worth_on=payments.liability.account)

    def _invoice(self, sold: SoldOrders, order: Order) -> Due:
        due = self._due(Fact.INVOICE, order, partial(sold.invoice, order))
        return replace(due, worth_on=sold.receivable_of(order))

    def _credit(self, sold: SoldOrders, order: Order, refund: Refund) -> Due:
        """Returns the credit of a refund; where the store file names none (any more), M3 may have it, or a person credits."""

        def journal() -> Journal:
            return sold.credit(order, refund, self._earlier(order, refund))

        due, config = self._due(Fact.CREDIT, order, journal, refund=refund), self.store.config.invoices
        due = replace(due, worth_on=sold.receivable_of(order))
        is_ours = config is not None and bool(config.credit_prefix)
        return due if is_ours else replace(due, is_required=False, invoiced_on=None)

    def _earlier(self, order: Order, refund: Refund) -> list[Refund]:
        """Returns the refunds of an order made before one; the shop is asked only for those that were not taken."""
        taken = self._refunds.get(order.id, {})
        ids = {one.id for one in order.refunds if one.id < refund.id}
        if ids <= taken.keys():
            return [taken[one] for one in sorted(ids)]
        return [one for one in refunds_of(self.store, order.id) if one.id < refund.id]

    def _due(self, fact: Fact, order: Order, make: Callable[[], Journal], *, refund: Refund | None = None) -> Due:
        moment = _moment(order, refund)
        journal, refusal, remedy = None, "", ""
        try:
            day = book_day(self.store.config, moment).happened_on
            journal = self._in_books_currency(make(), day, flow=FLOWS[fact], key=_key(order.id, (refund or order).id))
        except (MappingError, AmountsDifferError, NotYetError) as error:
            refusal, remedy = error.message, error.resolution
        currency = self.store.config.books.convert_to or order.currency
        stated = order.total if refund is None else -refund.amount
        return Due(
            fact=fact,
            shop_id=order.id if refund is None else refund.id,
            order_id=order.id,
            order_number=order.number,
            epoch=epoch_of(order) if refund is None else epoch_of_refund(order, refund),
            day=self.period.day_of(moment),
            currency=m3_currency(self.store, currency),
            total=stated,
            sums={} if journal is None else sums_by_account(journal),
            refusal=refusal,
            remedy=remedy,
            is_required=fact not in (Fact.INVOICE, Fact.CREDIT) or self._is_confirmed(order),
            made_on=self.period.day_of(order.created_at),
            invoiced_on=self.period.day_of(_moment(order, None)) if fact is Fact.CREDIT else None,
            sale=small_order(self.store, order, self.period),
            paid_as=payment_of(order),
        )

    def _may_be_invoiced(self, order: Order) -> bool:
        """Tells whether M3 may rightly have an invoice: also of an order that was given back, whose status asks for none."""
        is_given_back = bool(order.refunds) and self.store.config.orders.action(order.status) is OrderAction.NONE
        return self._is_confirmed(order) or is_given_back

    def _is_confirmed(self, order: Order) -> bool:
        """Tells whether the order is surely invoiced; one that was refunded as a whole may have been, or not."""
        return self.store.config.orders.action(order.status) is OrderAction.CONFIRM

    def _in_books_currency(self, journal: Journal, day: date, *, flow: str, key: str) -> Journal:
        target = self.store.config.books.convert_to
        if not target or target == journal.currency:
            return journal
        return self.conversions.convert(journal, flow=flow, key=key, decimals=self._decimals_of(target), day=day)

    def _decimals_of(self, currency: str) -> int:
        if currency not in self._decimals:
            self._decimals |= decimals_of(self.store, {currency})
        return self._decimals[currency]


def _key(order_id: int, shop_id: int) -> str:
    return str(order_id) if shop_id == order_id else f"{order_id}-{shop_id}"


def _moment(order: Order, refund: Refund | None) -> datetime:
    if refund is not None:
        return refund.date_created_gmt or order.created_at
    return invoiced_at(order)
