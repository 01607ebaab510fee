"""Lets the refunds of one order go one after another. Called by refunds_to_m3.

Two at once would take the same restocked piece, and one that was deleted in the shop meanwhile would not be counted. The later
one waits for the earlier one, and before anything is begun in M3 nobody else may have begun.
"""

from __future__ import annotations

from connector.errors import MissingDependencyError, NotYetError
from connector.flows.context import Run
from connector.flows.refunds import noticing
from connector.flows.refunds.noticing import FLOW
from connector.flows.refunds.reading import Found
from connector.ledger import refunds
from connector.ledger.refunds import OrderRefund
from connector.ledger.tables import State

AT_WORK = (State.READY, State.RUNNING, State.WAITING, State.BLOCKED)
WAITS_FOR_INVOICE = "invoice"


def wait_for_earlier(run: Run, found: Found) -> None:
    """Lets earlier refunds of the order be settled first; those nobody told of are told of.

    One that waits for a person or for an invoice holds nobody up: when it goes on, it counts what was carried meanwhile.

    Raises:
        MissingDependencyError: An earlier one is not settled.
    """
    order_id, refund_id = noticing.ids_of(run.claim.business_key)
    rows = refunds.of_order(run.journal.connection, run.store.name, order_id=order_id)
    known = {row.refund_id for row in rows}
    for unknown in sorted({one.id for one in found.earlier} - known):
        run.leave(noticing.found(run.store.name, order_id=order_id, refund_id=unknown, is_posted=True))
        raise _wait(run, noticing.key_of(order_id, unknown))
    for row in rows:
        if row.refund_id < refund_id and _goes_first(row):
            raise _wait(run, row.business_key)


def _goes_first(row: OrderRefund) -> bool:
    """What is posted has begun all it ever will: a deleted one is looked at again and again while a person is to decide."""
    return row.state in AT_WORK and row.blocked_kind != WAITS_FOR_INVOICE and not row.is_posted


def take_turn(run: Run, found: Found) -> None:
    """Makes sure, right before something is begun in M3, that nobody else has begun for this order since it was read.

    It holds until the next commit, which is that of the first step.

    Raises:
        MissingDependencyError: Another refund of the order is at it.
        NotYetError: Another one came to M3 since this run read what there is.
    """
    order_id, _ = noticing.ids_of(run.claim.business_key)
    connection = run.journal.connection
    refunds.lock_order(connection, run.store.name, order_id=order_id)
    for row in refunds.of_order(connection, run.store.name, order_id=order_id):
        if row.exchange_id != run.claim.exchange_id and row.is_begun and row.state in AT_WORK:
            raise _wait(run, row.business_key)
    posted = refunds.posted_of_order(connection, run.store.name, order_id=order_id)
    if {one.exchange_id for one in posted} - {run.claim.exchange_id} != found.counted:
        raise NotYetError(
            "Another refund of this order came to M3 meanwhile.",
            resolution="Nothing to do: it is planned anew.",
        )


def _wait(run: Run, key: str) -> MissingDependencyError:
    order_id, refund_id = noticing.ids_of(key)
    return MissingDependencyError(
        f"Refund {refund_id} of order {order_id} goes first.",
        kind=FLOW,
        key=f"{run.store.name}/{key}",
        resolution="Nothing to do: this one goes on when that one is settled, and is looked at every quarter of an hour.",
    )
