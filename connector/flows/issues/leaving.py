"""Leaves the exchange that books an order's units out of M3's stock, if the store file says so. Called by the order's own run.

What M3 has booked out is given back also when the store file says so no more.
"""

from __future__ import annotations

import hashlib

from connector.flows.context import Run
from connector.flows.issues.rules import stated
from connector.flows.stock.selling import taken_units
from connector.ledger import bindings
from connector.ledger.leaving import noted, of_order
from connector.woocommerce.canonical import canonical_json
from connector.woocommerce.models import Order

FLOW, POOL = "issues_to_m3", "inventory"


def leave_issue(run: Run, order: Order | None) -> None:
    """Stages it; only what becomes of the order in M3, or other units that it holds of the shop's stock, brings news."""
    if stated(run.store) is None and not _has_booked(run):
        return
    state: dict[str, object] = {"action": "gone"}
    if order is not None:
        held = {str(line.id): f"{taken_units(line):f}" for line in order.line_items}
        action = run.store.config.orders.action(order.status)
        state = {"action": action, "made": order.created_at.isoformat(), "held": held}
    content = f"issue:{hashlib.sha256(canonical_json(state)).hexdigest()}"
    target = of_order(run.claim.business_key, flow=FLOW, pool=POOL)
    run.leave(noted(run.store.name, target, topic="order.held", content=content))


def _has_booked(run: Run) -> bool:
    key = run.claim.business_key
    return (
        bindings.find_m3_key(run.journal.connection, bindings.ISSUE, shop_scope=run.store.name, shop_key=key)
        is not None
    )
