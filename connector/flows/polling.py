"""Asks the shop what changed, because webhooks get lost: the poll is the guarantee, webhooks only make it fast.

Called by workers/jobs.py and `connector sync --since`. A row is stored only if it differs from the newest one known.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.flows.context import StoreContext
from connector.flows.poll_walk import LISTINGS, PollWalk
from connector.ledger.cursors import (
    PollState,
    keep_progress,
    known_missing,
    move_cursor,
    now,
    open_order_ids,
    read_poll,
    store_created_at,
)
from connector.ledger.dispatch import DueMessage
from connector.ledger.inbox import Received, record_delivery
from connector.ledger.leaving import asked, of_order
from connector.ledger.session import Ledger, transaction
from connector.woocommerce.canonical import canonical_json
from connector.woocommerce.webhooks import read_resource

CURSOR = "orders"
OVERLAP = timedelta(minutes=15)
FLOW, POOL = "orders_to_m3", "orders"
MOST_MISSING, MISSING_SHARE = 5, 0.02

Progress = Callable[[int], None]


@dataclass
class Polled:
    """What a poll found: rows read, rows that were new, the messages to send, and missing orders left alone."""

    rows: int = 0
    news: int = 0
    messages: list[DueMessage] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    is_finished: bool = True  # False: there is more to read, at once


def poll_changed(ledger: Ledger, store: StoreContext, *, for_s: float = math.inf) -> Polled:
    """Reads the orders changed since the cursor, with an overlap; moves the cursor to what is surely stored.

    How far it came is kept after each page: the next call goes on there, in whatever process. Two at once do no harm: the
    one that finds the other ahead stops. The first poll of a store starts when the store was added, however late it runs:
    older orders are carried only when asked for (`connector sync --since`).

    Args:
        ledger: The ledger.
        store: Whose orders.
        for_s: After this time it stops at the end of a page, with `is_finished` False if there is more to read.

    Raises:
        RetryableError: The shop or the ledger is away; the cursor stays, and the next call goes on where this one stopped.
    """
    deadline = time.monotonic() + for_s
    polled = Polled()
    walk, state = _walk_to_go_on(ledger, store.name)
    while not walk.is_finished:
        listing = LISTINGS[walk.listing]
        for page in store.shop.order_pages(status=listing, modified_after=walk.since - OVERLAP, place=walk.place):
            walk = walk.after(page, newest=_record_all(ledger, store, page.rows, polled, newest=walk.newest))
            kept = _keep(ledger, store.name, walk, before=state)
            if kept is None:  # another worker is ahead of this one
                return polled
            state = kept
            if time.monotonic() > deadline and not walk.is_finished:
                polled.is_finished = False
                return polled
    return polled


def _walk_to_go_on(ledger: Ledger, store: str) -> tuple[PollWalk, PollState]:
    """Returns the walk under way, or a new one, and where the poll stands."""
    with transaction(ledger) as connection:
        state = read_poll(connection, store, name=CURSOR)
        if state.progress is not None:
            return PollWalk.from_json(state.progress), state
        since = datetime.fromisoformat(state.value) if state.value else store_created_at(connection, store)
        return PollWalk(since=since, started_at=now(connection), newest=since), state


def _keep(ledger: Ledger, store: str, walk: PollWalk, *, before: PollState) -> PollState | None:
    """Keeps how far the walk came, or its end; None if another worker has gone on meanwhile."""
    since, after = walk.since.isoformat(), walk.to_json()
    with transaction(ledger) as connection:
        kept = keep_progress(connection, store, name=CURSOR, value=since, before=before, after=after)
        if kept is not None and walk.is_finished:
            move_cursor(connection, store, name=CURSOR, value=walk.cursor.isoformat())
        return kept


def _record_all(
    ledger: Ledger, store: StoreContext, rows: list[dict[str, Any]], polled: Polled, *, newest: datetime
) -> datetime:
    """Stores the rows of a page; returns the latest change among them and `newest`."""
    for row in rows:
        record_row(ledger, store, row, polled)
        newest = max(newest, modified_at(row) or newest)
    return newest


def poll_since(
    ledger: Ledger, store: StoreContext, *, since: datetime, until: datetime | None, progress: Progress | None = None
) -> Polled:
    """Reads the orders changed in a window a person asks for; leaves the cursor alone."""
    polled = Polled()
    for row in store.shop.list_orders(modified_after=since):
        changed_at = modified_at(row)
        if until is None or changed_at is None or changed_at <= until:
            record_row(ledger, store, row, polled)
        if progress:
            progress(polled.rows)
    return polled


def poll_open(ledger: Ledger, store: StoreContext) -> Polled:
    """Reads the orders still open by id, since some changes leave their date alone; a missing one is looked at by itself.

    Returns:
        What was found. So many newly missing at once that the shop is more likely wrong than they are deleted are left
        alone and returned as `missing`; the caller pauses the flow until a person looked.

    Raises:
        RetryableError: The shop or the ledger is away.
    """
    with transaction(ledger) as connection:
        wanted = open_order_ids(connection, store.name)
    polled = Polled()
    if not wanted:
        return polled
    seen: set[int] = set()
    for row in store.shop.list_orders(include=wanted):
        seen.add(int(row["id"]))
        record_row(ledger, store, row, polled)
    missing = [one for one in wanted if one not in seen]
    with transaction(ledger) as connection:
        missing = sorted(set(missing) - known_missing(connection, store.name, missing))
    if len(missing) > max(MOST_MISSING, len(wanted) * MISSING_SHARE):
        polled.missing = missing
        return polled
    return believe_missing(ledger, store.name, order_ids=missing, polled=polled)


def believe_missing(ledger: Ledger, store: str, *, order_ids: Iterable[int], polled: Polled | None = None) -> Polled:
    """Makes orders due that the shop did not list; the run of each asks for it by id, which alone proves a deletion."""
    polled = polled or Polled()
    for order_id in order_ids:
        keep_received(ledger, _asked(store, order_id, source="poll_missing"), polled)
    return polled


def ask_for(ledger: Ledger, store: str, *, order_ids: Iterable[int]) -> Polled:
    """Makes orders due by id, whatever is known of them: each run asks the shop anew."""
    polled = Polled()
    for order_id in order_ids:
        keep_received(ledger, _asked(store, order_id, source="cli"), polled)
    return polled


def record_row(ledger: Ledger, store: StoreContext, row: dict[str, Any], polled: Polled) -> None:
    """Stores an order of a list if it differs from the newest one known, and counts it in `polled`."""
    polled.rows += 1
    record_resource(ledger, store.name, row, polled, kind="order", flow=FLOW, pool=POOL)


def record_resource(
    ledger: Ledger, store: str, row: dict[str, Any], polled: Polled, *, kind: str, flow: str, pool: str
) -> None:
    """Stores a row of any list of the shop (`kind`: order or product) if it differs from the newest one known."""
    body = canonical_json(row)
    resource = read_resource(f"{kind}.updated", body)
    received = Received(
        store=store,
        source="poll",
        topic=f"{kind}.polled",
        kind=kind,
        resource_id=str(row["id"]),
        flow=flow,
        business_key=str(row["id"]),
        pool=pool,
        body=body,
        body_size=len(body),
        body_sha256=hashlib.sha256(body).hexdigest(),
        content_hash=resource.content_hash,
        modified_at=resource.modified_at,
        is_full=resource.is_full,
        note=resource.problem,
    )
    keep_received(ledger, received, polled)


def _asked(store: str, order_id: int, *, source: str) -> Received:
    return asked(store, of_order(str(order_id), flow=FLOW, pool=POOL), topic="order.asked", source=source)


def keep_received(ledger: Ledger, received: Received, polled: Polled) -> None:
    """Stores a delivery and adds to `polled` whether it was news, with its message if one is to be sent."""
    recorded = record_delivery(ledger, received)
    polled.news += recorded.delivery_id is not None
    if recorded.due and recorded.exchange_id is not None and recorded.pool is not None:
        polled.messages.append(DueMessage(recorded.exchange_id, recorded.pool, recorded.claim_no))


def modified_at(row: dict[str, Any]) -> datetime | None:
    """Returns when the shop last changed an order, by its own clock."""
    text = row.get("date_modified_gmt")
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if isinstance(text, str) and text else None
