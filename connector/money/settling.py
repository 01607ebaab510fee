"""What each invoice of an order is paid of one payment. Called by settlements_to_m3. Pure: no I/O, Decimal only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from connector.money.rounding import ZERO


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
