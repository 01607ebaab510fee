"""The journal of a direct invoice: the receivable against revenue, shipping, fees, tax and rounding. Called by flows/books."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connector.money.invoice_accounts import InvoiceAccounts
from connector.money.journal import Entry, Journal, credit, debit, make_journal
from connector.money.rounding import ZERO, round_half_up
from connector.money.sums import check_currency, check_shop_sums
from connector.money.tax import shop_tax_shares
from connector.stores.money import MoneyConfig
from connector.woocommerce.models import Order

RECEIVABLE, REVENUE, DISCOUNT, ROUNDING = "receivable", "revenue", "discount", "rounding"
SHIPPING, FEE = "shipping", "fee"


def invoice_journal(order: Order, *, accounts: InvoiceAccounts, money: MoneyConfig, decimals: int) -> Journal:
    """Returns what an invoice of the whole order posts; its first entry is the receivable.

    Args:
        order: The order.
        accounts: Where each row of it goes.
        money: How far the shop's own sums may miss its total by rounding.
        decimals: Decimals of the order's currency.

    Raises:
        MappingError: A tax has no account; nothing was written.
        AmountsDifferError: The order does not add up.
    """
    check_currency(order, decimals=decimals)
    check_shop_sums(order, limit=money.limit_for(rows_of(order), decimals=decimals))
    others = [
        *_of_lines(order, accounts),
        *(credit(row.total, accounts.shipping[row.id], SHIPPING) for row in order.shipping_lines),
        *(credit(row.total, accounts.fees[row.id], FEE) for row in order.fee_lines),
        *_of_taxes(order, accounts, decimals),
    ]
    rounding = round_half_up(order.total, decimals) + sum((one.signed for one in others), ZERO)
    entries = [
        debit(order.total, accounts.receivable, RECEIVABLE),
        *others,
        credit(rounding, accounts.rounding, ROUNDING),
    ]
    return make_journal(entries, currency=order.currency, decimals=decimals)


def rows_of(order: Order) -> int:
    """Returns how many rows of an order may be rounded."""
    return len(order.line_items) + len(order.shipping_lines) + len(order.fee_lines)


def _of_lines(order: Order, accounts: InvoiceAccounts) -> Iterator[Entry]:
    for line in order.line_items:
        yield from of_line(line.id, line.subtotal, line.total, accounts)


def of_line(line_id: int, subtotal: Decimal, total: Decimal, accounts: InvoiceAccounts) -> Iterator[Entry]:
    """Yields a line's revenue: before discount, with the discount apart, where the store has an account for it."""
    if not accounts.discounts:
        yield credit(total, accounts.revenue[line_id], REVENUE)
        return
    yield credit(subtotal, accounts.revenue[line_id], REVENUE)
    yield debit(subtotal - total, accounts.discounts[line_id], DISCOUNT)


def _of_taxes(order: Order, accounts: InvoiceAccounts, decimals: int) -> Iterator[Entry]:
    """The tax of each rate as the tax lines of the order state it, together the order's tax to the cent."""
    per_rate: dict[Decimal, Decimal] = {}
    for share in shop_tax_shares(order, decimals=decimals):
        per_rate[share.percent] = per_rate.get(share.percent, ZERO) + share.amount
    for rate, amount in sorted(per_rate.items()):
        yield from of_tax(rate, amount, accounts)


def of_tax(percent: Decimal, amount: Decimal, accounts: InvoiceAccounts) -> Iterator[Entry]:
    """Yields the tax of a rate, if there is any.

    Raises:
        MappingError: It has no account.
    """
    if amount:
        yield credit(amount, accounts.tax(percent), f"tax {percent.normalize():f} %")
