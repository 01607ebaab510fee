"""Cents of rounding that M3's order has more or less than the shop's: the next return takes them along. Called by refunds_to_m3.

No head charge of an order is changed once M3 picks, so an order that became smaller then may have kept a rounding that is none
any more (order_changes/differing.py).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from connector.flows.order_changes.news import rounding_left_of
from connector.flows.refunds.reading import ROUNDING, Found
from connector.ledger.posted import Posted
from connector.money.refunds import Taken


def with_rounding_of_order(
    found: Found, posted: Posted, taken: Taken, *, limit: Decimal
) -> tuple[Taken, dict[str, str]]:
    """Returns what a return takes back, together with the cents that no return has taken along yet, and what is kept of them.

    Args:
        found: The refund.
        posted: Its order in M3.
        taken: What it takes back.
        limit: How far rounding may make the order miss.
    """
    cents = rounding_left_of(posted.document) - found.rounded
    if not cents or abs(cents) > limit or taken.total + cents <= 0:
        return taken, {}
    return replace(taken, total=taken.total + cents), {ROUNDING: str(cents)}
