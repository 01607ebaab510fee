"""Asks the shop what changed, because webhooks get lost: the poll is the guarantee, webhooks only make it fast.

Called by workers/jobs.py and `connector sync --since`. A row is stored only if it differs from the newest one known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.flows.context import StoreContext
from connector.flows.registry import FLOWS
from connector.ledger.cursors import move_cursor, now, open_order_ids, read_cursor, store_created_at
from connector.ledger.dispatch import DueMessage
from connector.ledger.inbox import Received, record_delivery
from connector.ledger.session import Ledger, transaction
from connector.woocommerce.canonical import canonical_json
from connector.woocommerce.webhooks import read_resource

CURSOR = "orders"
OVERLAP = timedelta(minutes=15)
FLOW = FLOWS["orders_to_m3"]
MOST_MISSING, MISSING_SHARE = 5, 0.02

Progress = Callable[[int], None]


@dataclass
class Polled:
    """What a poll found: rows read, rows that were new, the messages to send, and missing orders left alone."""

    rows: int = 0
    news: int = 0
    messages: list[DueMessage] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)


def poll_changed(ledger: Ledger, store: StoreContext) -> Polled:
    """Reads the orders changed since the cursor, with an overlap; moves the cursor to what is surely stored.

    The first poll of a store starts when the store was added, however late it runs: older orders are carried only when
    asked for (`connector sync --since`).

    Raises:
        RetryableError: The shop or the ledger is away; the cursor stays.
    """
    with transaction(ledger) as connection:
        kept = read_cursor(connection, store.name, name=CURSOR)
        since = datetime.fromisoformat(kept) if kept else store_created_at(connection, store.name)
        started_at = now(connection)
    newest = since
    polled = Polled()
    for row in store.shop.list_orders(modified_after=since - OVERLAP):
        newest = max(newest, _modified_at(row) or newest)
        _record(ledger, store, row, polled)
    with transaction(ledger) as connection:
        # What changed behind a long poll's back is newer than its start, so the cursor never passes that.
        move_cursor(connection, store.name, name=CURSOR, value=min(newest, started_at).isoformat())
    return polled


def poll_since(
    ledger: Ledger, store: StoreContext, *, since: datetime, until: datetime | None, progress: Progress | None = None
) -> Polled:
    """Reads the orders changed in a window a person asks for; leaves the cursor alone."""
    polled = Polled()
    for row in store.shop.list_orders(modified_after=since):
        modified_at = _modified_at(row)
        if until is None or modified_at is None or modified_at <= until:
            _record(ledger, store, row, polled)
        if progress:
            progress(polled.rows)
    return polled


def poll_open(ledger: Ledger, store: StoreContext) -> Polled:
    """Reads the orders still open by id, since some changes leave their date alone; a missing one is looked at by itself.

    Returns:
        What was found. So many missing at once that the shop is more likely wrong than they are deleted are left alone
        and returned as `missing`.

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
        _record(ledger, store, row, polled)
    missing = [one for one in wanted if one not in seen]
    if len(missing) > max(MOST_MISSING, len(wanted) * MISSING_SHARE):
        polled.missing = missing
        return polled
    for order_id in missing:
        _keep(ledger, _asked(store.name, order_id, source="poll_missing"), polled)
    return polled


def ask_for(ledger: Ledger, store: str, *, order_ids: Iterable[int]) -> Polled:
    """Makes orders due by id, whatever is known of them: each run asks the shop anew."""
    polled = Polled()
    for order_id in order_ids:
        _keep(ledger, _asked(store, order_id, source="cli"), polled)
    return polled


def _record(ledger: Ledger, store: StoreContext, row: dict[str, Any], polled: Polled) -> None:
    body = canonical_json(row)
    resource = read_resource("order.updated", body)
    polled.rows += 1
    received = Received(
        store=store.name,
        source="poll",
        topic="order.polled",
        kind="order",
        resource_id=str(row["id"]),
        flow=FLOW.name,
        business_key=str(row["id"]),
        pool=FLOW.pool,
        body=body,
        body_size=len(body),
        body_sha256=hashlib.sha256(body).hexdigest(),
        content_hash=resource.content_hash,
        modified_at=resource.modified_at,
        is_full=resource.is_full,
        note=resource.problem,
    )
    _keep(ledger, received, polled)


def _asked(store: str, order_id: int, *, source: str) -> Received:
    return Received(
        store=store,
        source=source,
        topic="order.asked",
        kind="order",
        resource_id=str(order_id),
        flow=FLOW.name,
        business_key=str(order_id),
        pool=FLOW.pool,
        body=None,
        body_size=0,
        body_sha256="",
        is_full=False,
    )


def _keep(ledger: Ledger, received: Received, polled: Polled) -> None:
    recorded = record_delivery(ledger, received)
    if recorded.delivery_id is not None:
        polled.news += 1
    if recorded.due and recorded.exchange_id is not None:
        polled.messages.append(DueMessage(recorded.exchange_id, FLOW.pool, recorded.claim_no))


def _modified_at(row: dict[str, Any]) -> datetime | None:
    text = row.get("date_modified_gmt")
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if isinstance(text, str) and text else None
