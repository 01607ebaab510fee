"""An order as it was invoiced: its amounts, the account of each row, and the rate; kept with the invoice for its credits.

Made by invoices_to_m3, read by credits_to_m3 and flows/reconciling. Whatever the shop, its categories, the store file or the rates
become after the sale, a refund takes back what was posted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from connector.accounting.invoices import InvoicesConfig
from connector.flows.books.converting import IntoBooks
from connector.money.credit_journal import credit_journal
from connector.money.invoice_accounts import InvoiceAccounts, with_named_since
from connector.money.invoice_journal import invoice_journal, rows_of
from connector.money.journal import Journal
from connector.money.refunds import take_each
from connector.stores.money import MoneyConfig
from connector.woocommerce.lines import FeeLine, LineItem, Received, ShippingLine, TaxLine
from connector.woocommerce.models import Order, Refund
from connector.woocommerce.scalars import Money, RequiredText, Rows

SOLD = "sold"
"""Its place in the plan of an invoice's document."""


class SoldRows(Received):
    """What of an order its invoice is made of, and nothing of the buyer."""

    currency: RequiredText
    total: Money
    total_tax: Money
    shipping_total: Money
    line_items: Annotated[tuple[LineItem, ...], Rows]
    tax_lines: Annotated[tuple[TaxLine, ...], Rows]
    shipping_lines: Annotated[tuple[ShippingLine, ...], Rows]
    fee_lines: Annotated[tuple[FeeLine, ...], Rows]


_WORDS = {"name", "parent_name", "meta_data", "method_title", "label"}  # of a row: plug-ins let buyers write there
_TABLES = ("line_items", "shipping_lines", "fee_lines", "tax_lines")
_LEFT_OUT: dict[str, Any] = {table: {"__all__": _WORDS} for table in _TABLES}


@dataclass(frozen=True)
class Sold:
    """One order as it was or will be invoiced; `into` is None where it is posted in its own currency."""

    order: Order
    accounts: InvoiceAccounts
    decimals: int  # of the order's currency
    into: IntoBooks | None

    def to_json(self) -> dict[str, Any]:
        """Returns what the document keeps."""
        rows = SoldRows.model_validate({name: getattr(self.order, name) for name in SoldRows.model_fields})
        return {
            "rows": rows.model_dump(mode="json", exclude=_LEFT_OUT),
            "accounts": self.accounts.model_dump(mode="json"),
            "decimals": self.decimals,
            "into": None if self.into is None else self.into.to_json(),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], order: Order) -> Sold:
        """Reads what `to_json` gave of an order that the shop may have changed since."""
        rows = SoldRows.model_validate(kept["rows"])
        return cls(
            order.model_copy(update={name: getattr(rows, name) for name in SoldRows.model_fields}),
            InvoiceAccounts.model_validate(kept["accounts"], extra="ignore"),
            kept["decimals"],
            None if kept["into"] is None else IntoBooks.from_json(kept["into"]),
        )

    def with_named_since(self, config: InvoicesConfig) -> Sold:
        """Returns it with the accounts of rates that bore no tax in the invoice, which a person may have named since."""
        return replace(self, accounts=with_named_since(self.accounts, self.order, config=config))

    def invoice(self, money: MoneyConfig) -> Journal:
        """Returns the journal of its invoice, in its own currency.

        Raises:
            MappingError, AmountsDifferError: See `invoice_journal`.
        """
        return invoice_journal(self.order, accounts=self.accounts, money=money, decimals=self.decimals)

    def credit(self, refund: Refund, earlier: Sequence[Refund], money: MoneyConfig) -> Journal:
        """Returns the journal of a refund's credit, in the currency of the books.

        Raises:
            MappingError: A tax has no account.
            AmountsDifferError: It takes more than was invoiced and is left, or contradicts itself.
        """
        limit = money.limit_for(rows_of(self.order), decimals=self.decimals)
        takings = take_each(self.order, refund, earlier=earlier, decimals=self.decimals, limit=limit)
        return credit_journal(
            self.order, takings, accounts=self.accounts, money=money, decimals=self.decimals, in_books=self.in_books
        )

    def in_books(self, journal: Journal) -> Journal:
        """Returns a journal in the currency of the books."""
        return journal if self.into is None else self.into(journal)
