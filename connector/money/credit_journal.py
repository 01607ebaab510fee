"""The journal of a credit for a direct invoice: what a refund takes back, with the sides of the sale turned.

Called by flows/books and flows/reconciling. The accounts are the invoice's own, and the refund that gives back the last cent posts
what invoice and earlier credits have left on each account: so all of it given back leaves nothing on any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from connector.accounting.accounts import Account
from connector.errors import AmountsDifferError
from connector.money.invoice_accounts import InvoiceAccounts
from connector.money.invoice_journal import (
    FEE,
    RECEIVABLE,
    REVENUE,
    ROUNDING,
    SHIPPING,
    invoice_journal,
    of_line,
    of_tax,
    rows_of,
)
from connector.money.journal import Entry, Journal, Side, credit, debit, make_journal
from connector.money.refunds import Of, Piece, Taken
from connector.money.rounding import ZERO, round_half_up
from connector.money.tax import tax_parts
from connector.stores.money import MoneyConfig
from connector.woocommerce.models import LineItem, Order


def credit_journal(
    sale: Order,
    takings: Sequence[Taken],
    *,
    accounts: InvoiceAccounts,
    money: MoneyConfig,
    decimals: int,
    in_books: Callable[[Journal], Journal],
) -> Journal:
    """Returns what the credit of the last refund posts; its first entry is the receivable, on the credit side.

    Args:
        sale: The order as it was invoiced.
        takings: What its refunds take back, oldest first.
        accounts: Those of the invoice.
        money: How far sums may miss by rounding.
        decimals: Decimals of the order's currency.
        in_books: Brings a journal into the currency of the books, at the rate of the invoice.

    Raises:
        MappingError: A tax has no account; nothing was written.
        AmountsDifferError: The refund does not add up.
    """
    posted = [in_books(invoice_journal(sale, accounts=accounts, money=money, decimals=decimals))]
    given_back, by_person = ZERO, False
    for place, taken in enumerate(takings):
        given_back += taken.total
        if given_back == sale.total and not by_person:
            posted.append(_all_that_is_left(posted))
        elif not taken.pieces and taken is not takings[-1]:
            by_person = by_person or bool(taken.total)  # nobody knows how that was credited
        else:
            entries = list(_of_refund(sale, taken, takings[:place], accounts=accounts, decimals=decimals))
            _require_rounding(entries, taken, limit=money.limit_for(rows_of(sale), decimals=decimals))
            posted.append(in_books(_turned(entries, currency=sale.currency, decimals=decimals)))
    return posted[-1]


def _all_that_is_left(posted: Sequence[Journal]) -> Journal:
    first, entries = posted[0], (entry for journal in posted for entry in journal.entries)
    return _turned(entries, currency=first.currency, decimals=first.decimals)


def _turned(entries: Iterable[Entry], *, currency: str, decimals: int) -> Journal:
    return make_journal(
        (replace(one, side=Side.CREDIT if one.side is Side.DEBIT else Side.DEBIT) for one in entries),
        currency=currency,
        decimals=decimals,
    )


def _of_refund(
    sale: Order, taken: Taken, before: Sequence[Taken], *, accounts: InvoiceAccounts, decimals: int
) -> Iterator[Entry]:
    """Yields what a refund takes back as if it were sold."""
    others = [
        *_of_lines(sale, taken, before, accounts=accounts, decimals=decimals),
        *(credit(one.net, accounts.shipping[one.source_id], SHIPPING) for one in taken.pieces if one.of is Of.SHIPPING),
        *(credit(one.net, accounts.fees[one.source_id], FEE) for one in taken.pieces if one.of is Of.FEE),
        *(
            credit(one.net, _account_of_money(sale, one, accounts, decimals), REVENUE)
            for one in taken.pieces
            if one.of is Of.AMOUNT
        ),
        *_of_taxes(sale, taken, accounts, decimals),
    ]
    yield debit(taken.total, accounts.receivable, RECEIVABLE)
    yield from others
    rounding = round_half_up(taken.total, decimals) + sum((one.signed for one in others), ZERO)
    yield credit(rounding, accounts.rounding, ROUNDING)


def _of_lines(
    sale: Order, taken: Taken, before: Sequence[Taken], *, accounts: InvoiceAccounts, decimals: int
) -> Iterator[Entry]:
    """Takes off each line's revenue and discount so much that all refunds together have taken the line's share of either."""
    for line in sale.line_items:
        earlier = [piece for one in before for piece in _of_line(one, line)]
        mine = list(_of_line(taken, line))
        if mine:
            so_far = _subtotal(line, earlier, decimals)
            net = sum((one.net for one in mine), ZERO)
            yield from of_line(line.id, _subtotal(line, [*earlier, *mine], decimals) - so_far, net, accounts)


def _of_line(taken: Taken, line: LineItem) -> Iterator[Piece]:
    return (one for one in taken.pieces if one.source_id == line.id and one.of in (Of.GOODS, Of.PRICE))


def _subtotal(line: LineItem, pieces: Sequence[Piece], decimals: int) -> Decimal:
    """Returns what pieces of a line take back of its price before discount: in the share of their money, else of units."""
    if line.total:
        share = sum((one.net for one in pieces), ZERO) / line.total
    else:
        share = sum((one.quantity for one in pieces), ZERO) / line.quantity
    return round_half_up(line.subtotal * share, decimals)


def _account_of_money(sale: Order, piece: Piece, accounts: InvoiceAccounts, decimals: int) -> Account:
    """Returns the account of the first row of the same rates; of the first of all if there is none."""
    rows = list(accounts.rows(sale))
    for row, account in rows:
        parts = tax_parts(row.taxes, row.total, rates=sale.tax_rates, decimals=decimals, where=f"Line {row.id}")
        if tuple(sorted(part.rate_id for part in parts if part.percent)) == piece.rates:
            return account
    return rows[0][1]


def _of_taxes(sale: Order, taken: Taken, accounts: InvoiceAccounts, decimals: int) -> Iterator[Entry]:
    """The tax of each rate as the refund states it, that of shipping rounded apart, as the shop does."""
    sums: dict[tuple[int, bool], Decimal] = {}
    for piece in taken.pieces:
        for rate, tax in piece.taxes:
            key = (rate, piece.of is Of.SHIPPING)
            sums[key] = sums.get(key, ZERO) + tax
    for (rate, _), tax in sorted(sums.items()):
        yield from of_tax(sale.tax_rates[rate], round_half_up(tax, decimals), accounts)


def _require_rounding(entries: Iterable[Entry], taken: Taken, *, limit: Decimal) -> None:
    missed = sum((one.amount for one in entries if one.what == ROUNDING), ZERO)
    if abs(missed) > limit:
        raise AmountsDifferError(
            f"The amounts of refund {taken.refund_id} do not add up: its rows and its amount differ by {missed}.",
            resolution="Delete the refund in the shop and make it anew; or credit the buyer in M3 by hand and discard this "
            "exchange.",
            limit=str(limit),
        )
