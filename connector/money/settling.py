"""What each invoice of an order is paid of one payment. Called by settlements_to_m3. Pure: no I/O, Decimal only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from connector.money.rounding import ZERO


def payable(amounts: Collection[Decimal], *, is_open: Decimal, limit: Decimal) -> Decimal | None:
    """Returns how much of a payment goes onto the invoices; None if they are open for something else.

    A refund may be no more than what rounding moves. What is open to the cent counts; else only one amount may be meant.

    Args:
        amounts: What it may be: what was paid, and that less what was given back. Before M3 invoiced the order, a refund made
            its invoices smaller; after it, it is a credit of its own.
        is_open: What is open of the invoices.
        limit: How far they may miss by rounding.
    """
    meant = {amount for amount in amounts if abs(is_open - amount) <= limit}
    if is_open in meant:
        return is_open
    return meant.pop() if len(meant) == 1 else None


def spread(total: Decimal, opens: Sequence[Decimal]) -> list[Decimal]:
    """Returns the share of each invoice: what is open of it, and on the last one what rounding leaves.

    Args:
        total: What was paid.
        opens: What is open of each invoice, oldest first; together the total, but for rounding.
    """
    shares: list[Decimal] = []
    for place, is_open in enumerate(opens, start=1):
        rest = total - sum(shares, ZERO)
        shares.append(rest if place == len(opens) else min(is_open, rest))
    return shares
