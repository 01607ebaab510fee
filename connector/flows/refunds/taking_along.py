"""Cents of rounding that M3's order has more or less than the shop's: the next return takes them along. Called by refunds_to_m3.

No head charge of an order is changed once M3 picks, so an order that became smaller then may have kept a rounding that is none
any more (order_changes/differing.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from connector.flows.context import Run
from connector.flows.order_changes.news import rounding_left_of
from connector.flows.refunds.reading import ROUNDING, Found
from connector.ledger.posted import Posted
from connector.money.refunds import Taken
from connector.money.rounding import ZERO


def with_rounding_of_order(
    run: Run, found: Found, posted: Posted, taken: Taken, *, decimals: int
) -> tuple[Taken, dict[str, str]]:
    """Returns what a return takes back, together with the cents that no return has taken along yet, and what is kept of them.

    Cents that it cannot bear stay for the next one that can, or as a rounding.

    Args:
        run: This run.
        found: The refund.
        posted: Its order in M3.
        taken: What it takes back.
        decimals: Places of the currency.
    """
    cents = rounding_left_of(posted.document) - found.rounded
    if not cents or not bears(run, taken, cents, decimals=decimals) or taken.total + cents <= 0:
        return taken, {}
    return replace(taken, total=taken.total + cents), {ROUNDING: str(cents)}


def bears(run: Run, taken: Taken, cents: Decimal, *, decimals: int) -> bool:
    """Tells whether a return may miss its rows by cents of its order's: it is proved within the limit of its own rows."""
    limit = run.store.config.money.limit_for(max(len(taken.pieces), 1), decimals=decimals)
    missed = taken.total - sum((piece.gross for piece in taken.pieces), ZERO)
    return max(abs(cents), abs(missed + cents)) <= limit


def is_borne(run: Run, taken: Taken, along: Mapping[str, str], *, decimals: int) -> bool:
    """Tells whether the last of several returns, which has what the others leave, can bear the cents that they take along."""
    if not along:
        return True
    cents = Decimal(along[ROUNDING])
    return taken.total > 0 and bears(run, replace(taken, total=taken.total - cents), cents, decimals=decimals)
