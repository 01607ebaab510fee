"""The journal of a credit for a direct invoice: what a refund takes back, posted as if it were sold, with all sides turned.

Called by credits_to_m3. The same rules find the same accounts, so a sale and its refunds leave nothing on any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connector.accounting.invoices import InvoicesConfig
from connector.money.invoice_journal import invoice_journal
from connector.money.journal import Journal, Side, make_journal
from connector.money.refunds import Of, Piece, Taken
from connector.money.returning import mirror
from connector.money.rounding import round_half_up
from connector.money.tax import tax_parts
from connector.stores.money import MoneyConfig
from connector.woocommerce.models import LineItem, Order


def credit_journal(
    order: Order,
    taken: Taken,
    *,
    config: InvoicesConfig,
    money: MoneyConfig,
    categories: Mapping[int, frozenset[str]],
    decimals: int,
) -> Journal:
    """Returns what a credit posts; its first entry is the receivable, on the credit side.

    Args:
        order: The order as it was sold.
        taken: What the refund takes back.
        config: The accounts.
        money: How far the shop's own sums may miss by rounding.
        categories: Slugs of the categories of each product of the order, by product id.
        decimals: Decimals of the order's currency.

    Raises:
        MappingError: Something given back has no account; nothing was written.
        AmountsDifferError: The refund does not add up.
    """
    sale = mirror(order, taken, decimals=decimals)
    pieces = {piece.line_id: piece for piece in taken.pieces}
    lines = tuple(_as_sold(order, pieces[line.id], line, decimals=decimals) for line in sale.line_items)
    made = invoice_journal(
        sale.model_copy(update={"line_items": lines}),
        config=config,
        money=money,
        categories=categories,
        decimals=decimals,
    )
    return make_journal(
        (replace(one, side=Side.CREDIT if one.side is Side.DEBIT else Side.DEBIT) for one in made.entries),
        currency=made.currency,
        decimals=decimals,
    )


def _as_sold(order: Order, piece: Piece, line: LineItem, *, decimals: int) -> LineItem:
    """Gives a line back the product, tax class and discount it was sold with; money of no line those of a line of its rates."""
    sold = next((one for one in order.line_items if one.id == piece.source_id), None)
    if sold is not None and piece.of in (Of.GOODS, Of.PRICE):
        share = line.total / sold.total if sold.total else None
        subtotal = line.total if share is None else round_half_up(sold.subtotal * share, decimals)
        return line.model_copy(
            update={"product_id": sold.product_id, "tax_class": sold.tax_class, "subtotal": subtotal}
        )
    like = next((one for one in order.line_items if _rates(order, one, decimals=decimals) == piece.rates), None)
    if like is None or piece.of is not Of.AMOUNT:
        return line
    return line.model_copy(update={"product_id": like.product_id, "tax_class": like.tax_class})


def _rates(order: Order, line: LineItem, *, decimals: int) -> tuple[int, ...]:
    parts = tax_parts(line.taxes, line.total, rates=order.tax_rates, decimals=decimals, where=f"Line {line.id}")
    return tuple(sorted(part.rate_id for part in parts if part.percent))
