"""On which account each row of a direct invoice stands: found once, when it is posted, and kept for its credits.

Made by flows/books and flows/reconciling, read by invoice_journal and credit_journal. Pure: no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from connector.accounting.accounts import Account
from connector.accounting.invoices import EVERY, InvoicesConfig
from connector.errors import MappingError
from connector.money.rounding import ZERO
from connector.money.tax import tax_parts
from connector.publishing.strict import Strict
from connector.woocommerce.models import FeeLine, LineItem, Order, ShippingLine

Row = LineItem | ShippingLine | FeeLine


class InvoiceAccounts(Strict):
    """The accounts of one order: rows by their id in the shop, taxes by percent. No `discounts`: revenue is after discount."""

    receivable: Account
    rounding: Account
    revenue: dict[int, Account]
    discounts: dict[int, Account]
    shipping: dict[int, Account]
    fees: dict[int, Account]
    taxes: dict[Decimal, Account]

    def rows(self, order: Order) -> Iterator[tuple[Row, Account]]:
        """Yields each row of an order with its account, goods first."""
        yield from ((row, self.revenue[row.id]) for row in order.line_items)
        yield from ((row, self.shipping[row.id]) for row in order.shipping_lines)
        yield from ((row, self.fees[row.id]) for row in order.fee_lines)

    def tax(self, percent: Decimal) -> Account:
        """Returns the account of a rate's tax.

        Raises:
            MappingError: It has none; nothing was written.
        """
        if percent not in self.taxes:
            raise _without_account(f"Tax of {percent.normalize():f} %", "tax", rule="invoices.taxes")
        return self.taxes[percent]

    def has_all_of(self, order: Order) -> bool:
        """Tells whether each row of an order has its account."""
        rows = ((order.line_items, self.revenue), (order.shipping_lines, self.shipping), (order.fee_lines, self.fees))
        return all(row.id in held for some, held in rows for row in some)


def accounts_of(
    order: Order, *, config: InvoicesConfig, categories: Mapping[int, Mapping[str, int]], decimals: int
) -> InvoiceAccounts:
    """Finds the accounts of an order by the rules of its store.

    Args:
        order: The order.
        config: The rules.
        categories: By product id the slugs of its categories (0), of their parents (1), and so on; without a product the shop
            does not have any more.
        decimals: Decimals of the order's currency.

    Raises:
        MappingError: A line fits no rule or is of a product whose category decides and cannot be told, or bears a rate that
            the order does not name; nothing was written.
    """
    country = order.delivery_address.country
    revenue = {
        line.id: config.with_vat_code(_revenue(line, config, categories, country), _rate(order, line, decimals))
        for line in order.line_items
    }
    found: dict[str, Any] = {
        "revenue": revenue,
        "discounts": {}
        if config.discounts is None
        else {row_id: _like(config.discounts, account) for row_id, account in revenue.items()},
        "shipping": {
            row.id: config.with_vat_code(config.shipping, _rate(order, row, decimals)) for row in order.shipping_lines
        },
        "fees": {row.id: config.with_vat_code(config.fees, _rate(order, row, decimals)) for row in order.fee_lines},
        "taxes": _taxes(order, config),
    }
    return InvoiceAccounts(receivable=config.receivable, rounding=config.rounding, **found)


def with_named_since(accounts: InvoiceAccounts, order: Order, *, config: InvoicesConfig) -> InvoiceAccounts:
    """Returns the accounts of an invoice, and by the rules of now those of rates that had none, for they bore no tax in it."""
    return accounts.model_copy(update={"taxes": {**_taxes(order, config), **accounts.taxes}})


def _taxes(order: Order, config: InvoicesConfig) -> dict[Decimal, Account]:
    country = order.delivery_address.country
    return {
        percent: config.with_vat_code(account, percent)
        for percent in order.tax_rates.values()
        if (account := config.tax_account(percent, country=country)) is not None
    }


def _revenue(
    line: LineItem, config: InvoicesConfig, categories: Mapping[int, Mapping[str, int]], country: str
) -> Account:
    """Returns the account of the rule whose category is nearest to those of the product, the first of equally near ones.

    A rule for every category ends the search: it counts where none before it fits.
    """
    rules = config.revenue_rules(
        product=line.sku.strip() or line.plain_name, tax_class=line.tax_class or "standard", country=country
    )
    named = [rule for rule in rules if rule.category != EVERY]
    filed = categories.get(line.product_id) if named else {}
    if filed is None:
        raise _without_category(line)
    near = sorted((rule for rule in named if rule.category in filed), key=lambda rule: filed[rule.category])
    for rule in (*near, *rules[len(named) :]):
        return rule.account
    raise _without_account(f"Order line {line.id}", "revenue", rule="invoices.revenue")


def _like(account: Account, other: Account) -> Account:
    """Returns the account with the VAT code of what it lessens, unless it has its own."""
    return account if account.vat_code else account.model_copy(update={"vat_code": other.vat_code})


def _rate(order: Order, row: Row, decimals: int) -> Decimal | None:
    """Returns the one rate of a row, 0 if it has none, None if it has several: M3 then learns no code for it."""
    parts = tax_parts(row.taxes, row.total, rates=order.tax_rates, decimals=decimals, where=f"Line {row.id}")
    if len(parts) > 1:
        return None
    return parts[0].percent if parts else ZERO


def _without_account(what: str, kind: str, *, rule: str) -> MappingError:
    return MappingError(
        f"{what} fits no {kind} account; nothing was written.",
        rule=rule,
        field="AIT1",
        resolution=f"Add a rule under {rule} of the store file (category, tax class, country), give it to `connector store add`, "
        "then release the exchange.",
    )


def _without_category(line: LineItem) -> MappingError:
    """Says what to do of a product that is gone; its name stays out, for plug-ins let buyers write there."""
    sku = line.sku.strip()
    rule = f'{{product: "{sku or "name of the line"}", account: {{account: "..."}}}}'
    return MappingError(
        f"The shop does not have {f'product {sku}' if sku else 'the product'} of order line {line.id} any more: no category tells "
        "its revenue account; nothing was written.",
        rule="invoices.revenue",
        field="AIT1",
        resolution=f"Name its account in the store file, before the other rules of invoices.revenue: {rule}. Give it to `connector "
        "store add`: the order goes on by itself.",
    )
