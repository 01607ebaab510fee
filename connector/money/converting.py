"""A journal in another currency: what its leading amount comes to is converted once, and everything else is spread to it.

Called by flows/books. Pure: no I/O, Decimal only. So a journal balances in the other currency to the cent, and the same total
always becomes the same amount, whatever it is split into (money-and-stock section 10).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from connector.money.journal import Entry, Journal, Side, make_journal
from connector.money.rounding import ZERO, round_half_up, spread


def converted(journal: Journal, convert: Callable[[Decimal], Decimal], *, currency: str, decimals: int) -> Journal:
    """Returns the journal in another currency.

    Args:
        journal: Entries that balance, in groups that balance each by itself (a payment and its prepayment; a fee and its VAT).
        convert: Gives an amount in the other currency, not rounded.
        currency: The other one.
        decimals: Its decimals.
    """
    entries = [one for group in _groups(journal) for one in _convert(group, convert, decimals)]
    return make_journal(entries, currency=currency, decimals=decimals)


def _groups(journal: Journal) -> Iterator[list[Entry]]:
    group: list[Entry] = []
    for entry in journal.entries:
        group.append(entry)
        if not sum((one.signed for one in group), ZERO):
            yield group
            group = []


def _convert(group: list[Entry], convert: Callable[[Decimal], Decimal], decimals: int) -> Iterator[Entry]:
    """Converts the first amount of a group, and spreads its counter-value over the others by largest remainder."""
    first, *others = group
    leading = round_half_up(convert(first.signed), decimals)
    shares = spread(-leading, [convert(one.signed) for one in others], decimals=decimals)
    for entry, amount in zip(group, (leading, *shares), strict=True):
        yield replace(entry, side=Side.DEBIT, amount=amount)
