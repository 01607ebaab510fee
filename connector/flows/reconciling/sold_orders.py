"""What M3's ledger has to show of directly invoiced orders and their refunds. Called by dues.py.

The amounts are the shop's. On which account a row of an order was invoiced, and at which rate, the invoice's document says; what
the ledger does not know is found anew by the store file and the categories of the products.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from connector.errors import MappingError
from connector.flows.books.categories import Filed, read_categories
from connector.flows.books.converting import IntoBooks, kept_rate
from connector.flows.books.invoice_lines import invoiced_at
from connector.flows.books.keys import book_day
from connector.flows.books.leaving import INVOICES
from connector.flows.books.sold import SOLD, Sold
from connector.flows.context import StoreContext
from connector.ledger.posted import kept_of_batches
from connector.ledger.session import Ledger, transaction
from connector.money.invoice_accounts import accounts_of
from connector.money.journal import Journal
from connector.woocommerce.models import Order, Refund


class SoldOrders:
    """Some orders, with what is known of their invoices."""

    def __init__(
        self, ledger: Ledger, store: StoreContext, orders: Sequence[Order], *, decimals_of: Callable[[str], int]
    ) -> None:
        """Reads what the ledger keeps of them, and the categories of the products of the others."""
        self._ledger, self._store, self._decimals_of = ledger, store, decimals_of
        self._config = store.config.invoices  # None: it carries orders as customer orders now
        with transaction(ledger) as connection:
            keys = [str(one.id) for one in orders]
            kept = kept_of_batches(connection, store.name, flow=INVOICES, keys=keys, part=SOLD)
        self._kept = {
            one.id: self._with_named_since(Sold.from_json(kept[str(one.id)], one))
            for one in orders
            if str(one.id) in kept
        }
        self._categories: Mapping[int, Filed] = {}
        if self._config is not None:
            new = [one for one in orders if not self._has_all_of(one)]
            self._categories = read_categories(store.shop, new, self._config)

    def invoice(self, order: Order) -> Journal:
        """Returns the journal of an order's invoice, in the currency of the books.

        Raises:
            MappingError, AmountsDifferError, NotYetError: It cannot be posted as it is.
        """
        sold = replace(self._kept[order.id], order=order) if self._has_all_of(order) else self._as_now(order)
        return sold.in_books(sold.invoice(self._store.config.money))

    def credit(self, order: Order, refund: Refund, earlier: Sequence[Refund]) -> Journal:
        """Returns the journal of a refund's credit, in the currency of the books; `earlier` are the refunds made before it.

        Raises:
            MappingError, AmountsDifferError, NotYetError: It cannot be posted as it is.
        """
        sold = self._kept.get(order.id) or self._as_now(order)
        return sold.credit(refund, earlier, self._store.config.money)

    def receivable_of(self, order: Order) -> str:
        """Returns the account of the receivable an order was invoiced on, "" if that is not known."""
        return self._kept[order.id].accounts.receivable.account if order.id in self._kept else ""

    def _has_all_of(self, order: Order) -> bool:
        """Tells whether an order was invoiced, and no row came later, which would have no account."""
        return order.id in self._kept and self._kept[order.id].accounts.has_all_of(order)

    def _with_named_since(self, sold: Sold) -> Sold:
        return sold if self._config is None else sold.with_named_since(self._config)

    def _as_now(self, order: Order) -> Sold:
        if self._config is None:
            raise MappingError(
                f"On which accounts order {order.id} was invoiced is not known, and the store file names none any more.",
                rule="invoices",
                resolution="Compare it in GLS200 by hand.",
            )
        decimals = self._decimals_of(order.currency)
        accounts = accounts_of(order, config=self._config, categories=self._categories, decimals=decimals)
        return Sold(order, accounts, decimals, self._into_books(order))

    def _into_books(self, order: Order) -> IntoBooks | None:
        target = self._store.config.books.convert_to
        if not target or target == order.currency:
            return None
        decimals, day = self._decimals_of(target), book_day(self._store.config, invoiced_at(order)).happened_on
        with transaction(self._ledger) as connection:
            return kept_rate(connection, self._store, order.currency, decimals=decimals, day=day)
