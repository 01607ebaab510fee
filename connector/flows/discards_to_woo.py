"""Marks the shop's order with what of it a person discarded, and takes the mark away with the discard. Run by workers/base.py.

Left by a discard and its release. A ledger that is put back to before a discard finds it by the mark (marks.py) with the order that
it reads anyway. The PUT is absolute, so it may be sent twice; an order of which nothing was ever discarded costs nothing.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from connector.errors import NotYetError, WooRejectedError
from connector.flows import tenure
from connector.flows.context import Run
from connector.flows.marks import MARK_META, text_of
from connector.flows.orders.source import UNKNOWN_ORDER, fetch
from connector.flows.orders.values import reference_of
from connector.flows.outcome import Done
from connector.ledger import bindings
from connector.ledger.discard_marks import standing_of
from connector.ledger.document_records import References
from connector.ledger.succession import is_set_aside
from connector.ledger.tables import StepState
from connector.ledger.trail import TrailLine
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.models import Order

KIND, MARK = "discard_mark", "mark"
NOT_THERE = (UNKNOWN_ORDER, "woocommerce_rest_order_invalid_id", "woocommerce_rest_invalid_id")
"""The shop's own words for an order it does not have, as GET and PUT say it."""


def run(run: Run) -> Done:
    """Brings the mark of one order to what is discarded of it.

    Raises:
        NotYetError: A mark that a lost worker sent may still arrive; or another installation may write for the store.
        OutcomeUnknownError: The answer was lost; the next run looks.
        WooRejectedError: The shop refuses.
    """
    if is_set_aside(run.claim.business_key):
        return Done("the shop gave the id to another order")
    wait_for_mark(run)
    order = fetch(run)
    if order is not None and not _is_own(run, order):
        return _end(run, "the shop gave the id to another order")
    wanted = text_of(standing_of(run.journal.connection, run.store.name, order_id=int(run.claim.business_key)))
    if order is None or not write(run, order, wanted):
        return _end(run, "the order does not exist in the shop any more")
    return _end(run, "the shop's order is marked" if wanted else "the shop's order bears no mark")


def write(run: Run, order: Order, wanted: str) -> bool:
    """Writes the mark if the order has another one; False if the shop does not have the order any more.

    Raises:
        ConnectorError: See `run`.
    """
    before = order.meta(MARK_META) or ""
    if before == wanted:
        return True
    tenure.require(run)
    begun = run.claim.live_document is not None
    document = run.claim.live_document or run.journal.begin_document(
        KIND, m3_scope=run.store.m3_scope, references=References(), plan={}
    )
    changes = changes_of(order, wanted)
    old, new = {MARK_META: before}, {MARK_META: wanted}
    told = TrailLine(action="PUT order meta", system="shop", key=str(order.id), before=old, after=new)
    intent = run.journal.intend(document.id, MARK, request=changes, told=[told], part=None)
    is_there = True
    try:
        run.journal.send(intent, partial(run.store.shop.put_order, order.id, changes))
        run.journal.mark(intent, StepState.DONE, {})
        run.journal.tell([told])
    except WooRejectedError as error:
        if error.remote_code not in NOT_THERE:  # any other 404 may be a plug-in's or a proxy's
            raise
        is_there = False
    if not begun:
        run.journal.forget_document(document.id)
    return is_there


def changes_of(order: Order, wanted: str) -> JSONDict:
    """Returns what is sent: a row by its key alone replaces the value, one by its id without a value is removed."""
    if wanted:
        return {"meta_data": [{"key": MARK_META, "value": wanted}]}
    return {
        "meta_data": [{"id": row.id, "key": row.key, "value": None} for row in order.meta_data if row.key == MARK_META]
    }


def wait_for_mark(run: Run) -> None:
    """Waits for a mark that a killed worker may have sent: it may be an older one, and arrive after ours.

    Raises:
        NotYetError: The settle time since it was intended is not over.
    """
    last = None if run.claim.live_document is None else run.claim.live_document.step(MARK)
    if last is None or not last.is_open:
        return
    settled_at = last.intended_at + timedelta(seconds=run.store.settle_s)
    if run.claim.now < settled_at:
        raise NotYetError(
            "The mark of the shop's order was begun by a worker that was lost; it may still arrive.",
            retry_after_s=(settled_at - run.claim.now).total_seconds(),
            resolution="Nothing to do: the order is read after the settle time.",
        )


def _is_own(run: Run, order: Order) -> bool:
    """Tells whether the shop's order is still the one that was posted, if one was."""
    bound = bindings.find_order(run.journal.connection, shop_scope=run.store.name, shop_key=run.claim.business_key)
    return bound is None or bound[1] in (None, reference_of(run.store.name, order))


def _end(run: Run, words: str) -> Done:
    """Ends a run; what an earlier one had begun is over."""
    document = run.claim.live_document
    if document is not None:
        run.journal.forget_document(document.id)
    return Done(words)
