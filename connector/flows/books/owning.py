"""What each flow of the ledger begins with: the order, whether the posting is its own, and what an earlier run left unfinished.

Called by the flows of payments and invoices.
"""

from __future__ import annotations

from connector.errors import NotYetError
from connector.flows import marks
from connector.flows.books import posting
from connector.flows.books.keys import epoch_of
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.flows.orders.source import fetch
from connector.flows.outcome import Done
from connector.ledger.document_records import DocumentRecord
from connector.ledger.leaving import asked_again
from connector.ledger.succession import hand_over
from connector.woocommerce.models import Order

ORDERS, ORDERS_POOL = "orders_to_m3", "orders"


def finish_set_aside(run: Run) -> Done:
    """Ends the posting of an order whose id the shop gave to another one: what was begun is finished, nothing is begun."""
    document = posting.take_up(run)
    if document is None:
        return Done("the shop gave the id to another order")
    return Done(f"posted as {document.final_number}; the shop gave its id to another order")


def take_up(run: Run) -> tuple[Order | None, DocumentRecord | None]:
    """Reads the order, and finishes what an earlier run began before anybody asks what the order is like now.

    Returns:
        The order, None if the shop does not have it any more; and what is posted of it, if anything is.

    Raises:
        NotYetError: Its id belongs to another order now; both go on as exchanges of their own.
        ConnectorError: See `posting.post`.
    """
    order = fetch(run)
    marks.recall(run, order)
    document = run.claim.live_document
    if document is not None and order is not None:
        require_own(run, order, epoch=Sheet.from_json(document.plan["sheet"]).epoch)
    return order, posting.take_up(run)


def require_own(run: Run, order: Order, *, epoch: str) -> None:
    """Lets pass only the order a document was made for.

    Raises:
        NotYetError: Its id belongs to another order now; both go on as exchanges of their own.
    """
    if epoch == epoch_of(order):
        return
    key = run.claim.business_key
    hand_over(
        run.journal.connection,
        run.store.name,
        order_id=key,
        from_epoch=int(epoch),
        to_epoch=int(epoch_of(order)),
    )
    run.leave(asked_again(run.store.name, order.id, flow=run.claim.flow, pool=run.claim.pool))
    # What was left of the other order went with the exchanges of this one: its own run leaves it anew.
    run.leave(asked_again(run.store.name, order.id, flow=ORDERS, pool=ORDERS_POOL))
    raise NotYetError(
        f"The shop gave the id {key} to another order, which is carried by an exchange of its own.",
        retry_after_s=0,
        resolution="Nothing to do: what M3 holds of this one stays.",
    )
