"""Leaves the exchanges of the ledger that an order or a refund asks for. Called by their own runs, which all news causes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from connector.flows.books.prepaid import payments_of
from connector.flows.context import Run
from connector.flows.refunds.noticing import ids_of, key_of
from connector.ledger.inbox import Received
from connector.ledger.leaving import noted, of_order
from connector.ledger.standing import find_standing
from connector.stores.orders import OrderAction, OrdersConfig
from connector.woocommerce.canonical import canonical_json
from connector.woocommerce.models import Order, Refund

PAYMENTS, REPAYMENTS, INVOICES = "payments_to_m3", "repayments_to_m3", "invoices_to_m3"
SETTLEMENTS, CREDITS = "settlements_to_m3", "credits_to_m3"
POOL = "finance"
GONE = "gone"


def leave_payment(run: Run, order: Order | None) -> None:
    """Stages the exchanges of an order's payment, once it is paid; the same payment brings nothing new."""
    if order is None or order.date_paid_gmt is None or run.store.config.payments is None:
        return
    content = f"paid:{order.date_paid_gmt.isoformat()}:{order.payment_method}:{order.total}:{order.currency}"
    run.leave(_told(run, flow=PAYMENTS, topic="order.paid", content=content, body=_payment_body(order)))
    leave_settlement(run, order)
    if not run.store.config.payments.has_prepayments:  # a refund made before asks for nothing until then
        for refund in order.refunds:
            run.leave(_of_order_refund(run, order, refund.id, flow=REPAYMENTS, content=_repaid(order, refund.id)))


def leave_invoice(run: Run, order: Order | None) -> None:
    """Stages the exchange of an order's invoice; only what becomes of the order in M3, or another amount, brings news.

    Another status that means the same does not: an invoice that a person entered by hand would be posted beside it.
    """
    action = None if order is None else run.store.config.orders.action(order.status)
    if order is None or action is not OrderAction.NONE or order.refunds:
        tell_invoice(run, order)


def tell_invoice(run: Run, order: Order | None) -> None:
    """Stages what an invoice is told of its order. Its own run that posts nothing tells itself what it read: only then is it
    news when the order is again as it was told before.
    """
    body = invoice_state(run.store.config.orders, order)
    content = f"invoice:{hashlib.sha256(body).hexdigest()}"
    run.leave(_told(run, flow=INVOICES, topic="order.changed", content=content, body=body))


def leave_settlement(run: Run, order: Order, *, is_invoiced: bool = False) -> None:
    """Stages the exchange that pays the order's invoices, once it is paid; looked at again when it may have one at last."""
    config = run.store.config.payments
    if config is None or config.settle is None or order.date_paid_gmt is None:
        return
    action = "invoiced" if is_invoiced else run.store.config.orders.action(order.status).value
    content = f"paid:{order.date_paid_gmt.isoformat()}:{action}"
    run.leave(_told(run, flow=SETTLEMENTS, topic="order.paid", content=content, body=_payment_body(order)))


def leave_credit(run: Run, refund: Refund | None) -> bool:
    """Stages the exchange that credits a directly invoiced order for a refund; also of one that is gone.

    Returns:
        Whether there is one, be it from when the store file still said how: else the invoice's own run has a person credit.
    """
    config = run.store.config.invoices
    if (config is None or not config.credit_prefix) and not _is_minded(run, flow=CREDITS):
        return False
    content = GONE if refund is None else _refunded(refund.id)
    run.leave(_of_refund(_told(run, flow=CREDITS, topic="refund.found", content=content)))
    return True


def _is_minded(run: Run, *, flow: str) -> bool:
    """Tells whether a flow sees to this refund already, from when the store file still had it."""
    known = find_standing(run.journal.connection, run.store.name, flow=flow, key=run.claim.business_key)
    return known is not None and known.is_minded


def pass_by(run: Run, refund: Refund) -> None:
    """Stages that a posting of a refund found no invoice: the refund is news to it when one is posted after all."""
    run.leave(_of_refund(_told(run, flow=run.claim.flow, topic="refund.passed_by", content=f"passed_by:{refund.id}")))


def leave_passed_by(run: Run, order: Order) -> None:
    """Stages what posts the refunds of an order whose invoice is posted; news only to what found none."""
    config = run.store.config
    is_credited = config.invoices is not None and bool(config.invoices.credit_prefix)
    is_onto_invoices = config.payments is not None and not config.payments.has_prepayments
    for refund in order.refunds:
        if is_credited:
            run.leave(_of_order_refund(run, order, refund.id, flow=CREDITS, content=_refunded(refund.id)))
        if is_onto_invoices:
            run.leave(_of_order_refund(run, order, refund.id, flow=REPAYMENTS, content=_repaid(order, refund.id)))


def _of_order_refund(run: Run, order: Order, refund_id: int, *, flow: str, content: str) -> Received:
    target = replace(of_order(run.claim.business_key, flow=flow, pool=POOL), key=key_of(order.id, refund_id))
    return _of_refund(noted(run.store.name, target, topic="order.paid", content=content))


def _refunded(refund_id: int) -> str:
    return f"refunded:{refund_id}"


def _repaid(order: Order | None, refund_id: int) -> str:
    """What a repayment is told by: its refund, and whether the order is paid."""
    is_paid = order is not None and order.date_paid_gmt is not None
    return f"repaid:{refund_id}{':paid' if is_paid else ''}"


def leave_repayment(run: Run, order: Order | None, refund: Refund | None) -> None:
    """Stages the exchange of what a gateway gave back of an order; also of a refund that is gone, which may have been posted.

    Where nothing was posted of a payment but onto its invoices, what a person pays back is looked at, too (books/repaid.py).
    """
    if run.store.config.payments is None:
        return
    if refund is not None and not refund.refunded_payment:
        config = payments_of(run, ids_of(run.claim.business_key)[0])
        if config is None or config.has_prepayments:
            return
    content = GONE if refund is None else _repaid(order, refund.id)
    run.leave(_of_refund(_told(run, flow=REPAYMENTS, topic="refund.repaid", content=content)))


def _of_refund(told: Received) -> Received:
    return replace(told, kind="refund", resource_id=(told.business_key or "").partition("-")[2])


def payment_state(order: Order) -> dict[str, str | None]:
    """Returns when and how an order was paid, if it was, and what it costs."""
    paid = order.date_paid_gmt
    return {
        "paid": None if paid is None else paid.isoformat(),
        "method": order.payment_method,
        "currency": order.currency,
        "total": str(order.total),
    }


def _payment_body(order: Order) -> bytes:
    return canonical_json(payment_state(order))


def invoice_state(rules: OrdersConfig, order: Order | None) -> bytes:
    """Returns what an order asks of its invoice, as JSON: what its status means, and its amounts."""
    if order is None:
        return canonical_json({"action": GONE})
    state = {"action": rules.action(order.status), "made": order.created_at.isoformat(), **money_of(order)}
    return canonical_json(state)


def payment_of(order: Order) -> dict[str, object]:
    """Returns what a payment is made of, and nothing of the buyer."""
    kept: dict[str, object] = json.loads(order.model_dump_json(include={"currency", "total", "payment_method"}))
    return kept


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


def _told(run: Run, *, flow: str, topic: str, content: str, body: bytes | None = None) -> Received:
    target = of_order(run.claim.business_key, flow=flow, pool=POOL)
    return noted(run.store.name, target, topic=topic, content=content, body=body)
