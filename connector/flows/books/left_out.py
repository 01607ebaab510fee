"""What M3 does not invoice of an order because it was refunded before. Called by settlements_to_m3."""

from __future__ import annotations

from decimal import Decimal

from connector.flows.context import Run
from connector.ledger import reductions, refunds
from connector.money.portions import from_json
from connector.money.rounding import ZERO
from connector.woocommerce.models import Order


def left_out(run: Run, order: Order) -> Decimal:
    """Returns what refunds took off M3's order, and what was refunded of lines that somebody ended there."""
    connection, store = run.journal.connection, run.store.name
    rows = refunds.of_order(connection, store, order_id=order.id)
    ended = {row.refund_id for row in rows if row.has_ended}
    kept = reductions.of_order(connection, store, order_id=order.id)
    taken_off = {id_: from_json(content["now"]).total for id_, content in kept.items() if id_ not in ended}
    return sum((-one.total if one.id in ended else taken_off.get(one.id, ZERO) for one in order.refunds), ZERO)
