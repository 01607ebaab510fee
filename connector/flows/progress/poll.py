"""Asks M3 how far the posted orders are that are not finished: BODs and events get lost, this is the guarantee.

Called by workers/jobs.py and `connector sync`. Eighty orders a request; an order whose lines moved is made due once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from connector.flows.context import StoreContext
from connector.flows.polling import Polled
from connector.flows.progress.reading import mark_of, read_lines
from connector.flows.progress.stages import stage_of
from connector.ledger.cursors import move_cursor, read_cursor
from connector.ledger.dispatch import DueMessage
from connector.ledger.inbox import stage_delivery
from connector.ledger.leaving import changed_in_m3
from connector.ledger.order_progress import OpenOrder, mark_asked, mark_seen, unfinished
from connector.ledger.session import Ledger, OpenLedger, transaction
from connector.m3.bulk import MAX_TRANSACTIONS
from connector.m3.calls import Answer
from connector.m3.programs import ois100mi
from connector.m3.programs.order_progress import list_progress
from connector.m3.rejections import is_not_found
from connector.stores.progress import Stage

FLOW, POOL = "order_status_to_woo", "status"
CURSOR = "order_status"
FROM_THE_FIRST = 0
TOO_LONG = "more lines than M3 lists"
"""The mark of such an order."""


def poll_progress(ledger: Ledger, store: StoreContext, *, for_s: float = math.inf) -> Polled:
    """Compares the lines of the store's unfinished orders with what was last seen of them.

    How far it came is kept after each request: the next call goes on there, in whatever process. Two at once do no harm.

    Args:
        ledger: The ledger.
        store: Whose orders.
        for_s: After this time it stops, with `is_finished` False if there is more to read.

    Raises:
        ConnectorError: M3 or the ledger is away; the next call goes on where this one stopped.
    """
    deadline = time.monotonic() + for_s
    polled = Polled()
    while store.config.orders.progress.carry:
        with transaction(ledger) as connection:
            place = int(read_cursor(connection, store.name, name=CURSOR) or FROM_THE_FIRST)
            orders = unfinished(connection, store.name, after=place, most=MAX_TRANSACTIONS)
        if orders:
            _compare(ledger, store, orders, polled)
        place = orders[-1].binding_id if len(orders) == MAX_TRANSACTIONS else FROM_THE_FIRST
        with transaction(ledger) as connection:
            move_cursor(connection, store.name, name=CURSOR, value=str(place))
        if place == FROM_THE_FIRST:
            break
        if time.monotonic() > deadline:
            polled.is_finished = False
            break
    return polled


def _compare(ledger: Ledger, store: StoreContext, orders: Sequence[OpenOrder], polled: Polled) -> None:
    answers = store.m3.read([list_progress(order.number) for order in orders], max_records=ois100mi.MOST_LINES)
    readable = [answer.error is None or is_not_found(answer.error) for answer in answers]
    if not any(readable):
        answers[0].require()
    polled.rows += len(orders)
    with transaction(ledger) as connection:
        mark_asked(connection, [order.binding_id for order in orders])
        for order, answer, is_readable in zip(orders, answers, readable, strict=True):
            if is_readable:  # another one, locked perhaps, is looked at the next time
                _take(connection, store.name, order, answer, polled)


def _take(connection: OpenLedger, store: str, order: OpenOrder, answer: Answer, polled: Polled) -> None:
    """Keeps what was seen, and makes the order due if it moved; what was just posted has not.

    One with more lines than M3 lists is made due once: its own exchange shows people why nothing more is told of it.
    """
    lines = [] if answer.is_cut else read_lines(answer)
    mark = TOO_LONG if answer.is_cut else mark_of(lines)
    if mark == order.seen:
        return
    mark_seen(connection, order.binding_id, mark)
    if order.seen or stage_of([line.status for line in lines]) is not Stage.OPEN:
        make_due(connection, store, order.order_id, number=order.number, source="poll_m3", polled=polled)


def make_due(connection: OpenLedger, store: str, order_id: str, *, number: str, source: str, polled: Polled) -> None:
    """Stages that an order's status is looked at, whatever is known of it; `source`: poll_m3 or cli."""
    received = changed_in_m3(store, order_id, number=number, flow=FLOW, pool=POOL, source=source)
    recorded = stage_delivery(connection, received)
    polled.news += 1
    if recorded.due and recorded.exchange_id is not None:
        polled.messages.append(DueMessage(recorded.exchange_id, POOL, recorded.claim_no))
