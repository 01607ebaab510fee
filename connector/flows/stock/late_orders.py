"""Tells a quantity changed by hand from a sale that the shop announces late. Used by stock_to_m3.

An order may be in the shop's stock before it is in its lists: saved in a long transaction, its time of change lies behind what a
look has read already, and its webhook may be lost. The poll, whose readings overlap, finds it a little later.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from connector.errors import InvalidPayloadError, NotYetError
from connector.flows.context import Run
from connector.flows.stock.correcting import Correction
from connector.flows.stock.selling import read_waiting
from connector.ledger.late_sales import sales_heard_of_since
from connector.woocommerce.models import parse_order

HEARD_OF_WITHIN = timedelta(minutes=3)
"""By then two polls have read over what was open when the quantity was found."""
CLOCKS_DIFFER = timedelta(seconds=5)


def wait_for_orders(run: Run, correction: Correction) -> None:
    """Waits until orders that could explain the quantity have been heard of.

    Raises:
        NotYetError: It is too early to say that somebody changed the quantity.
    """
    left = datetime.fromisoformat(correction.found_at) + HEARD_OF_WITHIN - run.claim.now
    if left > timedelta(0):
        raise NotYetError(
            f"The shop holds {correction.seen} of SKU {correction.sku} instead of {correction.expected}; an order may explain it.",
            retry_after_s=left.total_seconds(),
            resolution="Nothing to do: orders of these minutes are read first.",
        )


def taken_late(run: Run, correction: Correction) -> Decimal:
    """Returns what orders placed before the quantity was found, and heard of since, took; in units of the shop."""
    found_at = datetime.fromisoformat(correction.found_at)
    run.journal.pause()
    read_waiting(run.journal.engine, run.store, now=run.claim.now)
    taken = Decimal(0)
    heard_of = sales_heard_of_since(
        run.journal.connection, run.store.name, product_id=correction.product_id, since=found_at
    )
    for units, body in heard_of:
        try:
            order = parse_order(body)
        except InvalidPayloadError:
            continue  # its own exchange tells a person
        if order.created_at <= found_at + CLOCKS_DIFFER:
            taken += units
    return taken
