"""The journal of a direct invoice: the receivable against revenue, shipping, fees, tax and rounding. Called by invoices_to_m3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from connector.accounting.accounts import Account
from connector.accounting.invoices import InvoicesConfig
from connector.errors import MappingError
from connector.money.journal import Entry, Journal, credit, debit, make_journal
from connector.money.rounding import ZERO, round_half_up
from connector.money.sums import check_currency, check_shop_sums
from connector.money.tax import shop_tax_shares, tax_parts
from connector.stores.money import MoneyConfig
from connector.woocommerce.models import FeeLine, LineItem, Order, ShippingLine

RECEIVABLE = "receivable"


def invoice_journal(
    order: Order,
    *,
    config: InvoicesConfig,
    money: MoneyConfig,
    categories: Mapping[int, frozenset[str]],
    decimals: int,
) -> Journal:
    """Returns what an invoice of the whole order posts; its first entry is the receivable.

    Args:
        order: The order.
        config: The accounts.
        money: How far the shop's own sums may miss its total by rounding.
        categories: Slugs of the categories of each product of the order, by product id.
        decimals: Decimals of the order's currency.

    Raises:
        MappingError: A line, rate or tax has no account; nothing was written.
        AmountsDifferError: The order does not add up.
    """
    rows = len(order.line_items) + len(order.shipping_lines) + len(order.fee_lines)
    check_currency(order, decimals=decimals)
    check_shop_sums(order, limit=money.limit_for(rows, decimals=decimals))
    others = [
        *_of_lines(order, config, categories, decimals),
        *_of_rest(order, config, decimals),
        *_of_taxes(order, config, decimals),
    ]
    rounding = round_half_up(order.total, decimals) + sum((one.signed for one in others), ZERO)
    entries = [
        debit(order.total, config.receivable, RECEIVABLE),
        *others,
        credit(rounding, config.rounding, "rounding"),
    ]
    return make_journal(entries, currency=order.currency, decimals=decimals)


def _of_lines(
    order: Order, config: InvoicesConfig, categories: Mapping[int, frozenset[str]], decimals: int
) -> Iterator[Entry]:
    country = order.delivery_address.country
    for line in order.line_items:
        found = config.revenue_account(
            categories=categories.get(line.product_id, frozenset()),
            tax_class=line.tax_class or "standard",
            country=country,
        )
        if found is None:
            raise _without_account(f"Order line {line.id}", "revenue", rule="invoices.revenue")
        account = config.with_vat_code(found, _rate(order, line, decimals))
        if config.discounts is None:
            yield credit(line.total, account, "revenue")
            continue
        yield credit(line.subtotal, account, "revenue")
        yield debit(line.subtotal - line.total, _like(config.discounts, account), "discount")


def _like(account: Account, other: Account) -> Account:
    """Returns the account with the VAT code of what it lessens, unless it has its own."""
    return account if account.vat_code else account.model_copy(update={"vat_code": other.vat_code})


def _of_rest(order: Order, config: InvoicesConfig, decimals: int) -> Iterator[Entry]:
    for shipping in order.shipping_lines:
        yield credit(
            shipping.total, config.with_vat_code(config.shipping, _rate(order, shipping, decimals)), "shipping"
        )
    for fee in order.fee_lines:
        yield credit(fee.total, config.with_vat_code(config.fees, _rate(order, fee, decimals)), "fee")


def _of_taxes(order: Order, config: InvoicesConfig, decimals: int) -> Iterator[Entry]:
    """The tax of each rate as the tax lines of the order state it, together the order's tax to the cent."""
    per_rate: dict[Decimal, Decimal] = {}
    for share in shop_tax_shares(order, decimals=decimals):
        per_rate[share.percent] = per_rate.get(share.percent, ZERO) + share.amount
    for rate, amount in sorted(per_rate.items()):
        if not amount:
            continue
        account = config.tax_account(rate, country=order.delivery_address.country)
        if account is None:
            raise _without_account(f"Tax of {rate.normalize():f} %", "tax", rule="invoices.taxes")
        yield credit(amount, config.with_vat_code(account, rate), f"tax {rate.normalize():f} %")


def _rate(order: Order, line: LineItem | ShippingLine | FeeLine, decimals: int) -> Decimal | None:
    """Returns the one rate of a line, 0 if it has none, None if it has several: M3 then learns no code for it."""
    parts = tax_parts(line.taxes, line.total, rates=order.tax_rates, decimals=decimals, where=f"Line {line.id}")
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
