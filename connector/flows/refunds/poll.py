"""Asks the shop for the refunds of the last weeks: a deleted one is told by nothing else, and a lost message loses none.

Called by workers/jobs.py, and by `connector sync` for those a person names. What is not listed any more is looked at by its own
run: only a GET by its id proves a deletion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from connector.errors import PermanentError, WooRejectedError
from connector.flows.context import StoreContext
from connector.flows.polling import Polled, keep_received
from connector.flows.refunds.noticing import asked, found, ids_of, key_of
from connector.flows.refunds.reading import NO_ORDER, NOT_FOUND
from connector.ledger import refunds
from connector.ledger.cursors import now
from connector.ledger.session import Ledger, transaction
from connector.woocommerce.canonical import JSONDict

LOOK_BACK_DAYS = 60
Window = tuple[datetime, datetime | None]
"""From and to when; without an end up to now."""


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
    for row in _of_orders(store, sorted({ids_of(key)[0] for key in known.all})) if rows is None else rows:
        polled.rows += 1
        key = key_of(int(row["parent_id"]), int(row["id"]))
        listed.add(key)
        if key not in known.all:
            _tell(ledger, store, key, polled)
    for key in sorted(known.all - known.missed):
        if key_of(*ids_of(key)) in listed:
            continue
        keep_received(ledger, asked(store.name, key, source="poll_missing"), polled)
    return polled


def ask_for_refunds(
    ledger: Ledger, store: StoreContext, *, order_ids: Iterable[int] = (), window: Window | None = None
) -> Polled:
    """Makes refunds be looked at again because a person asks: those of some orders, or those made in some time.

    Raises:
        PermanentError: The shop is too old to list refunds by time.
        RetryableError: The shop or the ledger is away.
    """
    polled = Polled()
    for key in list_keys(store, order_ids=order_ids, window=window):
        polled.rows += 1
        keep_received(ledger, asked(store.name, key, source="cli"), polled)
    return polled


def list_keys(store: StoreContext, *, order_ids: Iterable[int] = (), window: Window | None = None) -> Iterator[str]:
    """Yields the business keys of the refunds the shop lists: of some orders, or made in some time.

    Raises:
        PermanentError: The shop is too old to list refunds by time.
        RetryableError: The shop is away.
    """
    rows = _of_orders(store, order_ids) if window is None else store.shop.refunds.since(window[0])
    if rows is None:
        raise PermanentError(
            "This shop is too old to list refunds by time.",
            resolution="Name their orders: connector sync refunds_to_m3 --ids 1001,1002.",
        )
    for row in rows:
        if window is None or window[1] is None or _made_at(row) <= window[1]:
            yield key_of(int(row["parent_id"]), int(row["id"]))


def _made_at(row: JSONDict) -> datetime:
    return datetime.fromisoformat(str(row["date_created_gmt"])).replace(tzinfo=UTC)


def _tell(ledger: Ledger, store: StoreContext, key: str, polled: Polled) -> None:
    order_id, refund_id = ids_of(key)
    with transaction(ledger) as connection:
        is_posted = refunds.is_order_posted(connection, store.name, order_id=order_id)
    keep_received(ledger, found(store.name, order_id=order_id, refund_id=refund_id, is_posted=is_posted), polled)


def _of_orders(store: StoreContext, order_ids: Iterable[int]) -> Iterator[JSONDict]:
    """Yields the refunds of orders; those that the shop does not have have none."""
    for order_id in order_ids:
        try:
            rows = store.shop.refunds.of_order(order_id)
        except WooRejectedError as error:
            if error.status == NOT_FOUND and error.remote_code in NO_ORDER:
                continue
            raise
        yield from ({**row, "parent_id": order_id} for row in rows)
