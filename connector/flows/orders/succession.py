"""Tells the order of an exchange from another one that got the same id of a restored shop. Called by flows/orders_to_m3.py.

The reference in M3 (YREF) holds the creation time, which never changes: two orders with one id have two references. The id
is handed over to the order that has it now; what M3 holds of the other one stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from connector.errors import NotYetError, RetryableError
from connector.flows import marks
from connector.flows.context import Run
from connector.flows.orders.source import fetch, read_newest, require_seen_since
from connector.flows.orders.values import epoch_of, reference_of
from connector.ledger.leaving import asked_again
from connector.ledger.succession import hand_over
from connector.ledger.tables import DocumentState
from connector.ledger.tenure import read_tenure
from connector.woocommerce.models import Order


def read_own(run: Run) -> Order | None:
    """Returns the newest state of the order this exchange carries, or None if the shop does not have it any more.

    Raises:
        NotYetError: Its id belongs to another order now; both go on as exchanges of their own.
        InvalidPayloadError, RemoteUnavailableError, RateLimitedError: See `read_newest`.
    """
    order = read_newest(run)
    if order is None or _is_own(run, order):
        return order
    order = fetch(run)  # a stored body may be late news of the order that had this id before
    if order is not None and not _is_own(run, order):
        _hand_over(run, order)
    return order


def look_before_resolving(run: Run, *, tell: Callable[[Order | None], object]) -> None:
    """Lets another order go its own way before this one's unfinished document is followed, which may wait for a person.

    What the order's mark says that a person discarded is not followed either.

    Args:
        run: This run.
        tell: Is told what the shop says, if there is such a document and the shop can be asked.

    Raises:
        NotYetError: See `read_own`.
    """
    document = run.claim.live_document
    if document is None or document.state is DocumentState.CONFIRMED:
        return
    try:
        order = read_own(run)
        if order is not None and run.store.config.m3.tenure:
            require_seen_since(run, order, read_tenure(run.journal.connection, run.store.name))
        marks.recall(run, order)
        tell(order)
    except NotYetError:
        raise
    except RetryableError:
        return  # a sick shop must not keep us from clearing up in M3


def _is_own(run: Run, order: Order) -> bool:
    sent = {document.yref for document in run.claim.documents if document.yref is not None}
    return not sent or reference_of(run.store.name, order) in sent


def _hand_over(run: Run, order: Order) -> None:
    key = run.claim.business_key
    before = next(document.yref for document in reversed(run.claim.documents) if document.yref is not None)
    hand_over(
        run.journal.connection,
        run.store.name,
        order_id=key,
        from_epoch=epoch_of(before),
        to_epoch=int(order.created_at.timestamp()),
    )
    run.journal.audit(
        "id handed over",
        system="ledger",
        key=key,
        before={"YREF": before},
        after={"YREF": reference_of(run.store.name, order)},
        why="the shop gave the id to another order",
    )
    run.leave(asked_again(run.store.name, order.id, flow=run.claim.flow, pool=run.claim.pool))
    raise NotYetError(
        f"The shop gave the id {key} to another order, which is carried by an exchange of its own.",
        retry_after_s=0,
        resolution="Nothing to do: what M3 holds of this one stays.",
    )
