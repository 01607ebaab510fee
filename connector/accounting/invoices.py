"""Orders posted as customer invoices instead of customer orders: `invoices` of a store file."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from connector.accounting.accounts import Account
from connector.publishing.strict import Strict, Text

EVERY = "*"


class StockRule(StrEnum):
    """What keeps sold units out of the stock that is shown, since no order in M3 takes them."""

    KEEP_DEDUCTED = "keep_deducted"  # units of invoiced orders stay taken off what M3 says
    ISSUE = "issue"  # M3 books them out of stock (issues_to_m3)


class StockIssue(Strict):
    """Where and how M3 books the units of direct invoices out of stock: messages of MMS850."""

    partner: Text = Field(min_length=1, max_length=17)  # E0PA, as set up in MMS865
    location: Text = Field(min_length=1, max_length=10)  # WHSL
    reason: Text = Field(default="", max_length=3)  # RSCD; empty: M3's own
    unit: Text | None = Field(
        default=None, max_length=3
    )  # ALUN the shop sells in where an item has it; empty: the basic unit. Left out: publish.stock.unit says it
    done_status: Text = Field(default="90", pattern="^[0-9]{2}$")  # STAT of a message that M3 has executed


class RevenueRule(Strict):
    """Where the revenue of a line goes; see `InvoicesConfig.revenue_rules`."""

    category: str = EVERY  # slug of one of the product's categories in the shop, or of one above them
    product: str = EVERY  # SKU, or name of a line without one: where the shop does not have the product any more
    tax_class: str = EVERY  # of the line; "standard" for the shop's standard class
    country: str = EVERY  # ISO 3166 alpha-2, of the delivery
    account: Account


class TaxRule(Strict):
    """Where the tax of one rate goes; the first rule that fits counts."""

    rate: Decimal  # percent
    country: str = EVERY
    account: Account


class InvoicesConfig(Strict):
    """The accounts of an invoice, and the shape in which M3 takes it."""

    layout: str = Field(
        default="", pattern="^[a-z0-9_-]*$"
    )  # config/m3/layouts/<layout>.yaml; empty: fields, to a program of the site
    interface: Text = Field(default="", max_length=15)  # INTN, where there is no layout that says it
    number_prefix: str = Field(
        min_length=1, max_length=8, pattern="^[A-Z0-9-]*$"
    )  # CINO is this and the shop's order id
    credit_prefix: str = Field(
        default="", max_length=8, pattern="^[A-Z0-9-]*$"
    )  # CINO of a credit is this and the shop's refund id; empty: a person credits
    due_days: int = Field(default=0, ge=0, le=365)
    receivable: Account
    revenue: tuple[RevenueRule, ...] = Field(min_length=1)
    shipping: Account
    fees: Account
    rounding: Account
    discounts: Account | None = None  # left out: revenue is posted after discount
    taxes: tuple[TaxRule, ...] = ()
    vat_codes: dict[str, Text] = Field(default_factory=dict)  # rate in percent -> VTCD, of accounts without one
    stock: StockRule | None = None
    issue: StockIssue | None = None  # with stock: issue

    @model_validator(mode="after")
    def _issues_somewhere(self) -> Self:
        if (self.stock is StockRule.ISSUE) != (self.issue is not None):
            raise ValueError("stock: issue and the part `issue` belong together; the one is there alone")
        return self

    def unit_sold(self, unit_shown: str | None) -> str | None:
        """Returns the unit the shop sells in, as units are booked out of stock: one of each item, or empty for its basic one.

        Args:
            unit_shown: The one its stock is shown in; None if M3's stock is not shown.

        Returns:
            The unit; None if nothing says it, and nothing can be booked out.

        Raises:
            ValueError: Two entries say it differently.
        """
        if self.issue is None:
            return unit_shown or ""
        said = self.issue.unit
        if said is not None and unit_shown is not None and said != unit_shown:
            raise ValueError(
                f"invoices.issue.unit ({said!r}) is not publish.stock.unit ({unit_shown!r}): a shop sells in the unit its stock "
                "is shown in; leave invoices.issue.unit out"
            )
        return unit_shown if said is None else said

    def number_of(self, order_id: int) -> str:
        """Returns the invoice number (CINO): ours, from what never changes of an order."""
        return f"{self.number_prefix}{order_id}"

    def order_of(self, number: str) -> int | None:
        """Returns the id of the order whose invoice has this number; None if it is none of `number_of`."""
        text = number.removeprefix(self.number_prefix)
        is_ours = number.startswith(self.number_prefix) and text.isascii() and text.isdecimal() and text[0] != "0"
        return int(text) if is_ours else None

    def credit_of(self, refund_id: int) -> str:
        """Returns the number (CINO) of the credit for a refund."""
        return f"{self.credit_prefix}{refund_id}"

    @property
    def counterparts(self) -> tuple[Account, ...]:
        """Every account that stands against the receivable."""
        others = (self.shipping, self.fees, self.rounding, *(() if self.discounts is None else (self.discounts,)))
        return (*others, *(rule.account for rule in self.revenue), *(rule.account for rule in self.taxes))

    @property
    def is_by_category(self) -> bool:
        """Whether the revenue account of a line may depend on its product's category."""
        return any(rule.category != EVERY for rule in self.revenue)

    def revenue_rules(self, *, product: str, tax_class: str, country: str) -> list[RevenueRule]:
        """Returns the rules that may count for a line, whatever its category: up to the first that is for every category.

        Args:
            product: SKU of the line, or its name if it has none; letter case does not matter.
            tax_class: Of the line; "standard" for the shop's standard class.
            country: Of the delivery.
        """
        found = []
        for rule in self.revenue:
            fits = rule.product == EVERY or rule.product.casefold() == product.casefold()
            if fits and rule.tax_class in (EVERY, tax_class) and rule.country in (EVERY, country):
                found.append(rule)
                if rule.category == EVERY:
                    break
        return found

    def tax_account(self, rate: Decimal, *, country: str) -> Account | None:
        """Returns the account of a rate's tax, or None if no rule fits."""
        for rule in self.taxes:
            if rule.rate == rate and rule.country in (EVERY, country):
                return rule.account
        return None

    def with_vat_code(self, account: Account, rate: Decimal | None) -> Account:
        """Returns the account with the VAT code of the rate, unless it has its own."""
        code = "" if rate is None else self.vat_codes.get(f"{rate.normalize():f}", "")
        return account if account.vat_code or not code else account.model_copy(update={"vat_code": code})
