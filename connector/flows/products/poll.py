"""Asks the shop which products changed, because webhooks get lost. Called by workers/jobs.py and `connector sync`.

A change of a variation moves its parent's date, not a list's row of its own, so the parent's variations are read with it. A row is
stored only if it differs from the newest one known.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from connector.errors import WooRejectedError
from connector.flows.context import StoreContext
from connector.flows.polling import Polled, Progress, keep_received, record_resource
from connector.flows.products.carrying import FLOW
from connector.ledger.cursors import PollState, keep_progress, move_cursor, now, read_poll
from connector.ledger.item_offers import first_bound_at, items_of_products
from connector.ledger.leaving import Target, asked
from connector.ledger.session import Ledger, transaction
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.instants import read_instant
from connector.woocommerce.paging import Place

POOL = "catalog"
CURSOR = "products"
OVERLAP = timedelta(minutes=15)
NOT_FOUND = 404
VARIABLE = "variable"


def poll_products(ledger: Ledger, store: StoreContext, *, for_s: float = math.inf) -> Polled:
    """Reads the products changed since the cursor, with an overlap; moves the cursor when all are stored.

    Its place is kept after each page, and the next call goes on there. The first poll of a store starts when the first product
    was known to be an item, however late it runs: what was changed before is found by `connector reconcile catalogue`.

    Args:
        ledger: The ledger.
        store: Whose products.
        for_s: After this time it stops at the end of a page, with `is_finished` False.

    Raises:
        RetryableError: The shop or the ledger is away; the cursor stays.
    """
    polled = Polled()
    if store.config.publish.products is None:
        return polled
    deadline = time.monotonic() + for_s
    with transaction(ledger) as connection:
        state = read_poll(connection, store.name, name=CURSOR)
        began = now(connection)
        since = datetime.fromisoformat(state.value) if state.value else first_bound_at(connection, store.name)
        if since is None:
            move_cursor(connection, store.name, name=CURSOR, value=began.isoformat())
            return polled
    place, started = _place(state, began)
    for page in store.shop.products.pages(place=place, modified_after=since - OVERLAP):
        _record_known(ledger, store, page.rows, polled)
        kept = _keep(ledger, store.name, state, page.after, since=since, started=started, is_last=page.is_last)
        if kept is None:  # another worker is ahead of this one
            return polled
        state = kept
        if time.monotonic() > deadline and not page.is_last:
            polled.is_finished = False
            return polled
    return polled


def poll_products_since(
    ledger: Ledger, store: StoreContext, *, since: datetime, until: datetime | None, progress: Progress | None = None
) -> Polled:
    """Reads the products changed in a window a person asks for; leaves the cursor alone.

    Raises:
        RetryableError: The shop or the ledger is away.
    """
    polled = Polled()
    for page in store.shop.products.pages(modified_after=since):
        _record_known(ledger, store, [row for row in page.rows if _is_within(row, until)], polled)
        if progress:
            progress(polled.rows)
    return polled


def _is_within(row: JSONDict, until: datetime | None) -> bool:
    stamp = row.get("date_modified_gmt")
    return until is None or not isinstance(stamp, str) or read_instant(stamp) <= until


def ask_for_products(ledger: Ledger, store: str, *, product_ids: Iterable[int]) -> Polled:
    """Makes products due by the shop's number, whatever is known of them: each run asks the shop anew."""
    polled = Polled()
    for product_id in product_ids:
        key = str(product_id)
        target = Target(flow=FLOW, pool=POOL, key=key, kind="product", resource_id=key)
        keep_received(ledger, asked(store, target, topic="product.asked", source="cli"), polled)
    return polled


def _place(state: PollState, began: datetime) -> tuple[Place, datetime]:
    kept = state.progress
    if kept is None:
        return Place(0, 0), began
    return Place(kept["offset"], kept["last_id"]), datetime.fromisoformat(kept["started_at"])


def _keep(
    ledger: Ledger, store: str, state: PollState, after: Place, *, since: datetime, started: datetime, is_last: bool
) -> PollState | None:
    progress = {"offset": after.offset, "last_id": after.last_id, "started_at": started.isoformat()}
    with transaction(ledger) as connection:
        kept = keep_progress(connection, store, name=CURSOR, value=since.isoformat(), before=state, after=progress)
        if kept is not None and is_last:
            move_cursor(connection, store, name=CURSOR, value=started.isoformat())
        return kept


def _record_known(ledger: Ledger, store: StoreContext, rows: list[JSONDict], polled: Polled) -> None:
    """Stores the rows of products that are items of M3; the others are the shop's own business."""
    polled.rows += len(rows)
    for row in _with_variations(store, rows):
        with transaction(ledger) as connection:
            known = items_of_products(connection, store.name, product_ids=[row["id"]])
        if known:
            record_resource(ledger, store.name, row, polled, kind="product", flow=FLOW, pool=POOL)


def _with_variations(store: StoreContext, rows: list[JSONDict]) -> Iterator[JSONDict]:
    for row in rows:
        yield row
        if row.get("type") == VARIABLE:
            yield from _variations(store, int(row["id"]))


def _variations(store: StoreContext, parent: int) -> Iterator[JSONDict]:
    try:
        for page in store.shop.products.variation_pages(parent):
            yield from page.rows
    except WooRejectedError as error:
        if error.status != NOT_FOUND:
            raise
