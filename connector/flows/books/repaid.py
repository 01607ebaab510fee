"""How much of a refund moves money between the gateway's clearing account and what we owe the buyer. Called by repayments_to_m3.

Where the payment is a prepayment, it is what the gateway paid back. With `payments.settle.against: clearing` no payment was posted
but on the invoices, so a refund that made an invoice smaller took its part out of the clearing account already. Either way the
accounts end alike: the gateway owes what was paid less what it paid back (docs/money.md).
"""

from __future__ import annotations

from decimal import Decimal

from connector.accounting.payments import PaymentsConfig
from connector.errors import MissingDependencyError, NeedsPersonError
from connector.flows.books.invoiced import direct_invoice
from connector.flows.books.refunded import Refunded
from connector.flows.context import Run
from connector.flows.refunds.noticing import FLOW, ids_of
from connector.ledger import discards, reductions, refunds
from connector.ledger.posted import find_posted
from connector.ledger.tables import State
from connector.money.portions import from_json
from connector.money.rounding import ZERO
from connector.stores.orders import CarriedAs

BY_HAND = "Book by hand what the gateway paid back in M3; then discard this exchange."


def amount_of(run: Run, what: Refunded, config: PaymentsConfig) -> Decimal:
    """Returns what the gateway owes us less because of a refund; negative: more.

    Raises:
        MissingDependencyError: Whether M3's invoice becomes smaller by it or it is credited is not settled yet.
        NeedsPersonError: A person settled the order or the refund without the connector.
    """
    refund = what.refund
    if config.has_prepayments:
        return refund.amount if refund.refunded_payment else ZERO
    if what.order.date_paid_gmt is None and not refund.refunded_payment:
        return ZERO
    reduced, is_credited = _in_m3(run, what)
    if not refund.refunded_payment:
        return -reduced
    return refund.amount - reduced if is_credited else ZERO


def _in_m3(run: Run, what: Refunded) -> tuple[Decimal, bool]:
    """Returns by how much the refund made M3's invoice smaller, and whether M3 credits the rest of it."""
    connection, store, order_id = run.journal.connection, run.store.name, what.order.id
    posted = find_posted(connection, shop_scope=store, shop_key=str(order_id))
    if posted is None and run.store.config.orders.carried_as is CarriedAs.INVOICE:
        return ZERO, direct_invoice(run, what.order, remedy=BY_HAND) is not None
    key = run.claim.business_key
    _require_settled(run, key)
    kept = reductions.of_order(connection, store, order_id=order_id).get(what.refund.id)
    reduced = ZERO if kept is None else min(from_json(kept["now"]).total, what.refund.amount)
    return reduced, refunds.content_of(connection, store, key) is not None


def _require_settled(run: Run, key: str) -> None:
    order_id, refund_id = ids_of(key)
    by_hand = discards.find(run.journal.connection, run.store.name, flow=FLOW, business_key=key)
    if by_hand is not None:
        raise NeedsPersonError(
            f"A person settled refund {refund_id} without the connector, and its money went back. {by_hand.words}",
            resolution=BY_HAND,
        )
    rows = refunds.of_order(run.journal.connection, run.store.name, order_id=order_id)
    if any(row.business_key == key and row.state is State.DONE for row in rows):
        return
    raise MissingDependencyError(
        f"Whether refund {refund_id} makes M3's invoice of order {order_id} smaller or is credited is not settled yet.",
        kind=FLOW,
        key=f"{run.store.name}/{key}",
        resolution="Nothing to do: it goes on when the refund is settled; see the refund's own exchange.",
        is_of_m3=True,
    )
