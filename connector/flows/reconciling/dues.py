"""What M3's ledger has to show of the shop's orders: payments and, where orders are invoices, invoices. Called by postings.py.

The journals are computed anew from the shop's order and the store file, as the flows do before they post; what was posted is not
looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connector.accounting.invoices import EVERY
from connector.errors import AmountsDifferError, MappingError
from connector.flows.books.keys import book_day, epoch_of
from connector.flows.books.sheet import sums_by_account
from connector.flows.context import StoreContext
from connector.flows.reconciling.m3_side import decimals_of
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.result import Fact
from connector.flows.reconciling.shop_side import m3_currency
from connector.money.invoice_journal import invoice_journal
from connector.money.journal import Journal
from connector.money.payment_journal import payment_journal
from connector.stores import CarriedAs, OrderAction
from connector.woocommerce.models import Order

LETTERS = {Fact.PAYMENT: "P", Fact.INVOICE: "I"}
PRODUCTS_AT_ONCE = 100

Categories = Mapping[int, frozenset[str]]


@dataclass(frozen=True)
class Due:
    """One fact that M3's ledger has to show. `refusal` says why it cannot be posted; then there are no sums."""

    fact: Fact
    shop_id: int
    order_id: int
    order_number: str
    epoch: str
    day: date
    currency: str
    total: Decimal
    sums: Mapping[str, Decimal]
    refusal: str = ""
    remedy: str = ""

    @property
    def key(self) -> tuple[str, int, str]:
        """As vouchers name it."""
        return LETTERS[self.fact], self.shop_id, self.epoch

    @property
    def business_key(self) -> str:
        """As the ledger names it."""
        return str(self.order_id)


@dataclass
class Dues:
    """Takes the orders of a period as they are read, and keeps what is due of them. `end` before they are looked at."""

    store: StoreContext
    period: Period
    found: list[Due] = field(default_factory=list)
    _decimals: dict[str, int] = field(default_factory=dict)
    _waiting: list[Order] = field(default_factory=list)  # for the categories of their products

    def take(self, order: Order) -> None:
        """Takes an order of the shop."""
        if self._is_paid(order):
            self.found.append(self._due(Fact.PAYMENT, order, lambda decimals: self._payment(order, decimals)))
        if self._is_invoiced(order):
            self._waiting.append(order)
            if len(self._waiting) >= PRODUCTS_AT_ONCE:
                self.end()

    def end(self) -> None:
        """Works off the invoices that wait for the categories of their products."""
        categories = self._categories()
        for order in self._waiting:
            journal = self._invoice(order, categories)
            self.found.append(self._due(Fact.INVOICE, order, journal))
        self._waiting.clear()

    def _is_paid(self, order: Order) -> bool:
        return self.store.config.payments is not None and bool(order.total) and self.period.holds(order.date_paid_gmt)

    def _is_invoiced(self, order: Order) -> bool:
        orders = self.store.config.orders
        is_for_m3 = orders.carried_as is CarriedAs.INVOICE and orders.action(order.status) is OrderAction.CONFIRM
        return is_for_m3 and bool(order.total) and self.period.holds(order.date_paid_gmt or order.created_at)

    def _payment(self, order: Order, decimals: int) -> Journal:
        assert self.store.config.payments is not None, "asked for before"
        return payment_journal(order, config=self.store.config.payments, decimals=decimals)

    def _invoice(self, order: Order, categories: Categories) -> Callable[[int], Journal]:
        config = self.store.config
        assert config.invoices is not None, "the store file is refused without it"
        invoices = config.invoices
        return lambda decimals: invoice_journal(
            order, config=invoices, money=config.money, categories=categories, decimals=decimals
        )

    def _due(self, fact: Fact, order: Order, make: Callable[[int], Journal]) -> Due:
        moment = order.date_paid_gmt or order.created_at
        sums: Mapping[str, Decimal] = {}
        refusal = remedy = ""
        try:
            book_day(self.store.config, moment)
            sums = sums_by_account(make(self._decimals_of(order)))
        except (MappingError, AmountsDifferError) as error:
            refusal, remedy = error.message, error.resolution
        return Due(
            fact=fact,
            shop_id=order.id,
            order_id=order.id,
            order_number=order.number,
            epoch=epoch_of(order),
            day=self.period.day_of(moment),
            currency=m3_currency(self.store, order.currency),
            total=order.total,
            sums=sums,
            refusal=refusal,
            remedy=remedy,
        )

    def _decimals_of(self, order: Order) -> int:
        if order.currency not in self._decimals:
            self._decimals |= decimals_of(self.store, {order.currency})
        return self._decimals[order.currency]

    def _categories(self) -> Categories:
        """Returns the categories of the products of the waiting orders, if a rule asks for them."""
        invoices = self.store.config.invoices
        if invoices is None or all(rule.category == EVERY for rule in invoices.revenue):
            return {}
        ids = sorted({line.product_id for order in self._waiting for line in order.line_items if line.product_id})
        rows = self.store.shop.products.by_id(ids, fields=("categories",)) if ids else {}
        return {product: frozenset(_slugs(row)) for product, row in rows.items()}


def _slugs(row: Mapping[str, Any]) -> Iterator[str]:
    return (str(one.get("slug")) for one in row.get("categories") or ())
