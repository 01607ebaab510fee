"""A store file as a whole (config/stores/<store>.yaml): its parts, and what they must not say together.

What business people decide; secrets are not here but in the vault. Read by the runtime and the flows, made by reading.py.
"""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from connector.accounting.accounts import BooksConfig
from connector.accounting.invoices import InvoicesConfig, StockRule
from connector.accounting.payments import PaymentsConfig
from connector.publishing.parts import Publishing
from connector.publishing.strict import Strict, Text
from connector.stores.addresses import AddressesConfig
from connector.stores.customers import CustomersConfig
from connector.stores.items import ItemsConfig
from connector.stores.money import MoneyConfig
from connector.stores.orders import CarriedAs, OrderAction, OrdersConfig
from connector.stores.rates import RatesConfig
from connector.stores.reconciling import ReconcileConfig
from connector.stores.refunds import RefundsConfig
from connector.stores.systems import M3Config, ShopConfig

STORE_CODE = re.compile(r"[a-z0-9]{1,8}")


class RetryConfig(Strict):
    """How patiently the store's exchanges are retried."""

    backoff_s: tuple[int, ...] = (5, 30, 120, 600, 1800, 7200, 21600, 64800)
    wait_deadline_h: int = 24
    blocked_deadline_h: int = Field(default=72, ge=1)  # on another exchange
    invoice_deadline_d: int = Field(default=60, ge=1)  # on M3's invoice of an order


class OperationConfig(Strict):
    """Other names for one M3 operation at this site: program, transaction, and field names (ours -> theirs)."""

    program: str | None = None
    transaction: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)


class StoreConfig(Strict):
    """Everything about one store but its secrets."""

    shop: ShopConfig = ShopConfig()
    m3: M3Config
    orders: OrdersConfig = OrdersConfig()
    money: MoneyConfig = MoneyConfig()
    addresses: AddressesConfig = AddressesConfig()
    customers: CustomersConfig = CustomersConfig()
    items: ItemsConfig = ItemsConfig()
    rates: RatesConfig | None = None
    refunds: RefundsConfig | None = None
    reconcile: ReconcileConfig | None = None
    retry: RetryConfig = RetryConfig()
    publish: Publishing = Publishing()
    books: BooksConfig = BooksConfig()
    payments: PaymentsConfig | None = None
    invoices: InvoicesConfig | None = None
    lookups: dict[str, dict[str, Text]] = Field(default_factory=dict, validate_default=True)
    operations: dict[str, OperationConfig] = Field(default_factory=dict)

    @field_validator("lookups")
    @classmethod
    def _has_newer_tables(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        """Gives a file from before a table was there an empty one: it lists exceptions only."""
        return {"state": {}, **value}

    @model_validator(mode="after")
    def _journals_leave_receivables_alone(self) -> Self:
        accounts = {one.account for one in self.payments.accounts()} if self.payments is not None else set()
        touched = sorted(accounts.intersection(self.books.control_accounts))
        if touched:
            raise ValueError(
                f"payments: {', '.join(touched)} is a control account of receivables (books.control_accounts); a journal "
                "there would split ledger and sub-ledger"
            )
        return self

    @model_validator(mode="after")
    def _books_can_be_converted(self) -> Self:
        if not self.books.convert_to:
            return self
        if self.rates is None or self.books.rate_type not in self.rates.types:
            raise ValueError(f"books.convert_to: the part `rates` has to read rates of type {self.books.rate_type}")
        if self.payments is not None and self.payments.settle is not None:
            raise ValueError("books.convert_to: an invoice is paid in its own currency; leave payments.settle out")
        return self

    @model_validator(mode="after")
    def _invoices_are_whole(self) -> Self:
        is_direct = self.orders.carried_as is CarriedAs.INVOICE
        if is_direct != (self.invoices is not None):
            raise ValueError(
                "orders.carried_as: invoice and the part `invoices` belong together; the one is there alone"
            )
        if self.invoices is None:
            return self
        if OrderAction.BATCH in self.orders.statuses.values():
            raise ValueError("orders.statuses: batch makes an order in M3, but orders are carried_as: invoice")
        if self.refunds is not None:
            raise ValueError(
                "refunds: they become return orders, but orders are carried_as: invoice; a person credits those"
            )
        if not self.invoices.layout and "invoice.add_line" not in self.operations:
            raise ValueError("invoices: name a `layout`, or bind operations invoice.add_line to a program of the site")
        if self.publish.stock is not None and self.invoices.stock is None:
            raise ValueError(
                "publish.stock: no order in M3 takes the units of a direct invoice, so the shop would sell them twice; say "
                f"invoices.stock ({', '.join(StockRule)})"
            )
        self.invoices.unit_sold(self._unit_shown)
        return self

    @property
    def _unit_shown(self) -> str | None:
        return None if self.publish.stock is None else self.publish.stock.unit

    @property
    def unit_sold(self) -> str | None:
        """The unit a shop with direct invoices sells in, where an item has it; empty: the basic one; None: nothing says it."""
        return (self._unit_shown or "") if self.invoices is None else self.invoices.unit_sold(self._unit_shown)

    @property
    def warehouses(self) -> frozenset[str]:
        """The warehouses of M3 this store sells from or shows the stock of."""
        return frozenset((self.m3.warehouse, *(self.publish.stock.warehouses if self.publish.stock else ())))
