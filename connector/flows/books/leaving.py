"""Leaves the exchanges of the ledger that an order asks for. Called by the order's own run, which every news of an order causes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from connector.flows.context import Run
from connector.ledger.inbox import Received
from connector.stores import OrderAction
from connector.woocommerce.canonical import canonical_json
from connector.woocommerce.models import Order

PAYMENTS, INVOICES = "payments_to_m3", "invoices_to_m3"
POOL = "finance"


def leave_payment(run: Run, order: Order | None) -> None:
    """Stages the exchange of an order's payment, once it is paid; the same payment brings nothing new."""
    if order is None or order.date_paid_gmt is None or run.store.config.payments is None:
        return
    run.leave(_told(run, flow=PAYMENTS, topic="order.paid", content=f"paid:{order.date_paid_gmt.isoformat()}"))


def leave_invoice(run: Run, order: Order | None) -> None:
    """Stages the exchange of an order's invoice; only another status or another amount brings news."""
    if order is not None and run.store.config.orders.action(order.status) is OrderAction.NONE and not order.refunds:
        return
    state = {"status": "gone"} if order is None else {"status": order.status, **money_of(order)}
    content = f"invoice:{hashlib.sha256(canonical_json(state)).hexdigest()}"
    run.leave(_told(run, flow=INVOICES, topic="order.changed", content=content))


def money_of(order: Order) -> dict[str, object]:
    """Returns the amounts of an order, line by line: what an invoice is made of, and nothing of the buyer."""
    kept: dict[str, object] = json.loads(order.model_dump_json(include=_MONEY))
    return kept


_ROWS = {"__all__": {"id", "total", "total_tax"}}
_MONEY: dict[str, Any] = {
    **{"currency": True, "total": True, "total_tax": True},
    **{"line_items": _ROWS, "shipping_lines": _ROWS, "fee_lines": _ROWS},
    "refunds": {"__all__": {"id", "total"}},
}


def _told(run: Run, *, flow: str, topic: str, content: str) -> Received:
    return Received(
        store=run.store.name,
        source="order",
        topic=topic,
        kind="order",
        resource_id=run.claim.business_key,
        flow=flow,
        business_key=run.claim.business_key,
        pool=POOL,
        body=None,
        body_size=0,
        body_sha256="",
        content_hash=content,
        is_full=True,
    )
