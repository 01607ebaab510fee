"""Leaves the exchanges of the ledger that an order asks for. Called by the order's own run, which every news of an order causes."""

from __future__ import annotations

from connector.flows.context import Run
from connector.ledger.inbox import Received
from connector.woocommerce.models import Order

PAYMENTS = "payments_to_m3"
POOL = "finance"


def leave_payment(run: Run, order: Order | None) -> None:
    """Stages the exchange of an order's payment, once it is paid; the same payment brings nothing new."""
    if order is None or order.date_paid_gmt is None or run.store.config.payments is None:
        return
    run.leave(_told(run, order, flow=PAYMENTS, topic="order.paid", content=f"paid:{order.date_paid_gmt.isoformat()}"))


def _told(run: Run, order: Order, *, flow: str, topic: str, content: str) -> Received:
    return Received(
        store=run.store.name,
        source="order",
        topic=topic,
        kind="order",
        resource_id=str(order.id),
        flow=flow,
        business_key=run.claim.business_key,
        pool=POOL,
        body=None,
        body_size=0,
        body_sha256="",
        content_hash=content,
        is_full=True,
    )
