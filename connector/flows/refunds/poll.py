"""Asks the shop for the refunds of the last weeks: a deleted one is told by nothing else, and a lost message loses none.

Called by workers/jobs.py. What is not listed any more is looked at by its own run: only a GET by its id proves a deletion.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from connector.errors import WooRejectedError
from connector.flows.context import StoreContext
from connector.flows.polling import Polled, keep_received
from connector.flows.refunds.noticing import asked, found, ids_of, key_of
from connector.ledger import refunds
from connector.ledger.cursors import now
from connector.ledger.session import Ledger, transaction
from connector.woocommerce.canonical import JSONDict

LOOK_BACK_DAYS = 60
NOT_FOUND = 404


def poll_refunds(ledger: Ledger, store: StoreContext) -> Polled:
    """Makes refunds due that nobody told of, and those that the shop does not list any more.

    Raises:
        RetryableError: The shop or the ledger is away; the next turn asks again.
    """
    config = store.config.refunds
    days = LOOK_BACK_DAYS if config is None else config.look_back_days
    with transaction(ledger) as connection:
        known = refunds.known_keys(connection, store.name, days=days)
        since = now(connection) - timedelta(days=days)
    polled, listed = Polled(), set()
    rows = store.shop.refunds.since(since)
    for row in _of_orders(store, known.all) if rows is None else rows:
        polled.rows += 1
        key = key_of(int(row["parent_id"]), int(row["id"]))
        listed.add(key)
        if key not in known.all:
            _tell(ledger, store, key, polled)
    for key in sorted(known.all - known.missed - listed):
        keep_received(ledger, asked(store.name, key, source="poll_missing"), polled)
    return polled


def _tell(ledger: Ledger, store: StoreContext, key: str, polled: Polled) -> None:
    order_id, refund_id = ids_of(key)
    with transaction(ledger) as connection:
        is_posted = refunds.is_order_posted(connection, store.name, order_id=order_id)
    keep_received(ledger, found(store.name, order_id=order_id, refund_id=refund_id, is_posted=is_posted), polled)


def _of_orders(store: StoreContext, keys: Iterable[str]) -> Iterable[JSONDict]:
    """Yields the refunds of the orders that have had one, for a shop without a list of all."""
    for order_id in sorted({ids_of(key)[0] for key in keys}):
        try:
            rows = store.shop.refunds.of_order(order_id)
        except WooRejectedError as error:
            if error.status != NOT_FOUND:
                raise
            continue
        yield from ({**row, "parent_id": order_id} for row in rows)
