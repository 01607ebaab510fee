"""How much of a refund moves money between the gateway's clearing account and what we owe the buyer. Called by repayments_to_m3.

Where the payment is a prepayment, it is what the gateway paid back. With `payments.settle.against: clearing` no payment was posted
but on the invoices. What M3 does not credit of a refund its invoice left out, so that was never debited to the clearing account.
This follows from what the refund has become in M3 and from whether the order is paid, not from when it is asked. Either way the
accounts end alike: the gateway owes what was paid less what it paid back (docs/money.md).
"""

from __future__ import annotations

from decimal import Decimal

from connector.accounting.payments import PaymentsConfig
from connector.errors import MissingDependencyError, NeedsPersonError
from connector.flows.books.carried import is_to_be_invoiced
from connector.flows.books.invoiced import direct_invoice
from connector.flows.books.refunded import Refunded
from connector.flows.context import Run
from connector.flows.refunds import noticing
from connector.flows.refunds.noticing import FLOW, key_of
from connector.flows.refunds.reading import ROUNDING
from connector.ledger import discards, reductions, refunds
from connector.ledger.posted import find_posted
from connector.ledger.refunds import OrderRefund
from connector.ledger.tables import State
from connector.money.rounding import ZERO

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
    credited = _credited(run, what)
    if credited is None:
        return ZERO
    return credited if refund.refunded_payment else credited - refund.amount


def _credited(run: Run, what: Refunded) -> Decimal | None:
    """Returns what M3 credits of a refund; None if M3 has neither the order nor an invoice of it."""
    connection, store, order_id = run.journal.connection, run.store.name, what.order.id
    posted = find_posted(connection, shop_scope=store, shop_key=str(order_id))
    if posted is None and is_to_be_invoiced(run, order_id):
        return None if direct_invoice(run, what.order, remedy=BY_HAND) is None else what.refund.amount
    rows = [one for one in refunds.of_order(connection, store, order_id=order_id) if one.refund_id == what.refund.id]
    _require_settled(run, what, rows)
    if posted is None:
        return None
    returns = refunds.posted_of_order(connection, store, order_id=order_id)
    mine = [one for one in returns if one.refund_id == what.refund.id]
    # Cents of the order that a return takes along are none of the refund's: the payment was posted without them.
    credited = sum((one.total - Decimal(one.content.get(ROUNDING, 0)) for one in mine), ZERO)
    is_taken_off = what.refund.id in reductions.of_order(connection, store, order_id=order_id)
    if not (credited or is_taken_off or any(row.has_ended for row in rows)):  # settled while M3 did not have the order
        run.leave(noticing.asked(store, key_of(order_id, what.refund.id), source="order"))
        raise _wait(run, what)
    return credited


def _require_settled(run: Run, what: Refunded, rows: list[OrderRefund]) -> None:
    """Makes sure that the refund and all further parts of it are carried."""
    connection, store = run.journal.connection, run.store.name
    keys = {key_of(what.order.id, what.refund.id), *(row.business_key for row in rows)}
    for key in sorted(keys):
        by_hand = discards.find(connection, store, flow=FLOW, business_key=key)
        if by_hand is not None:
            raise NeedsPersonError(
                f"A person settled refund {what.refund.id} without the connector, and its money went back. {by_hand.words}",
                resolution=BY_HAND,
            )
    if not rows or any(row.state is not State.DONE for row in rows):
        raise _wait(run, what)


def _wait(run: Run, what: Refunded) -> MissingDependencyError:
    return MissingDependencyError(
        f"Whether refund {what.refund.id} makes M3's invoice of order {what.order.id} smaller or is credited is not settled yet.",
        kind=FLOW,
        key=f"{run.store.name}/{key_of(what.order.id, what.refund.id)}",
        resolution="Nothing to do: it goes on when the refund is settled; see the refund's own exchange.",
        is_of_m3=True,
    )
