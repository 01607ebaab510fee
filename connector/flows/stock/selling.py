"""Keeps what orders of the shop hold of its stock. Called by the order flow, for each order it reads, and by the stock flow.

The stock flow reads what no run has read yet: bodies that wait in the ledger, and orders the shop has not announced.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.errors import InvalidPayloadError
from connector.flows.context import Run, StoreContext
from connector.flows.polling import CURSOR as POLL_CURSOR
from connector.flows.polling import Polled, modified_at, record_row
from connector.ledger.cursors import move_cursor, read_cursor, store_created_at
from connector.ledger.offers import ALL
from connector.ledger.sales import (
    DROP_SALE,
    KEEP_SALES,
    OPEN_SALES,
    POSTED_SALE,
    Sale,
    SaleLine,
    Unread,
    keep_sales,
    kept,
    unread_sales,
)
from connector.ledger.session import Ledger, transaction
from connector.ledger.waking import wake
from connector.stores.config import StoreConfig
from connector.stores.orders import OrderAction
from connector.woocommerce.client import ANY
from connector.woocommerce.lines import LineItem
from connector.woocommerce.models import Order, parse_order

FLOW = "stock_to_woo"
REDUCED = "_reduced_stock"
HOLDING = frozenset({"on-hold", "processing", "completed"})
"""In these statuses a shop's order has taken its stock, and M3 is to get it sooner or later."""
PAGE = 200
READ_BEFORE = "stock_sales"  # the cursor that says that orders settled before stock was published were read
LOOKED = "stock_look"  # the cursor of the newest change a look at the shop has seen
LOOK_OVERLAP = timedelta(seconds=5)
OLD = timedelta(days=1)


def is_published(store: StoreContext) -> bool:
    """Tells whether anybody asks what orders of this store hold."""
    stock = [one.config.publish.stock for one in (store, *store.neighbours())]
    return any(one is not None for one in stock)


def note_order(run: Run, order: Order | None) -> None:
    """Stages what an order holds, as the order flow has just read it; None if the shop does not have it any more."""
    if not is_published(run.store):
        return
    if order is None:
        run.journal.stage(DROP_SALE, store=run.store.name, order_id=int(run.claim.business_key))
        return
    known = run.claim.newest_delivery_id or 0
    values = kept(run.store.name, [sale_of(run.store.config, order, delivery_id=known, now=run.claim.now)])
    run.journal.stage(OPEN_SALES, **values)
    run.journal.stage(KEEP_SALES, **values)
    for neighbour in run.store.neighbours():
        if neighbour.config.publish.stock is not None:  # its shop knows nothing of this sale
            run.messages += wake(run.journal.connection, neighbour.name, flow=FLOW, business_key=ALL)


def note_posted(run: Run, content: Mapping[str, Any]) -> None:
    """Stages what M3 holds of the order now; called again whenever that changes, or a person answers for the difference.

    What the shop's order holds above it stays in flight.

    Args:
        run: The run of the order.
        content: What was carried across, as `content_of` made it: quantities are absolute, of all lines.
    """
    note_issued(run, _posted_units(content))


def note_issued(run: Run, held: Mapping[str, Decimal]) -> None:
    """Stages the same, given by product: units that are in M3's figure, and not in flight any more."""
    if is_published(run.store) and run.claim.business_key.isdecimal():
        posted = json.dumps({product: f"{units:f}" for product, units in sorted(held.items())})
        run.journal.stage(POSTED_SALE, store=run.store.name, order_id=int(run.claim.business_key), posted=posted)


def _posted_units(content: Mapping[str, Any]) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for line in content["money"]["line_items"]:
        product = str(line["variation_id"] or line["product_id"])
        units[product] = units.get(product, Decimal(0)) + Decimal(str(line["quantity"]))
    return units


def sale_of(config: StoreConfig, order: Order, *, delivery_id: int, now: datetime) -> Sale:
    """Returns what an order holds of the shop's stock."""
    units: dict[tuple[int, str], Decimal] = {}
    for line in order.line_items:
        taken = taken_units(line)
        if taken > 0:
            key = (line.variation_id or line.product_id, line.sku)
            units[key] = units.get(key, Decimal(0)) + taken
    return Sale(
        order_id=order.id,
        delivery_id=delivery_id,
        holds=order.status in HOLDING or config.orders.action(order.status) in (OrderAction.CONFIRM, OrderAction.BATCH),
        lines=tuple(SaleLine(product, sku, taken) for (product, sku), taken in units.items()),
        counts=now - order.created_at < OLD,
    )


def taken_units(line: LineItem) -> Decimal:
    """Returns what a line of an order holds of the shop's stock.

    Source: WooCommerce keeps on each line how much it took (`_reduced_stock`), and changes it when it gives some back.
    """
    return max(Decimal(0), next((_units(row.value) for row in line.meta_data if row.key == REDUCED), Decimal(0)))


def _units(value: Any) -> Decimal:
    try:
        units = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return units if units.is_finite() else Decimal(0)


def read_waiting(ledger: Ledger, store: StoreContext, *, now: datetime) -> None:
    """Reads the stored orders that no run has read yet; the first time, also those settled before stock was published."""
    with transaction(ledger) as connection:
        is_first = read_cursor(connection, store.name, name=READ_BEFORE) is None
    after = 0
    while True:
        with transaction(ledger) as connection:
            unread = unread_sales(connection, store.name, after=after, most=PAGE, settled=is_first)
            keep_sales(connection, store.name, sales=list(_readable(store.config, unread, now=now)))
            if is_first and len(unread) < PAGE:
                move_cursor(connection, store.name, name=READ_BEFORE, value=now.isoformat())
        if len(unread) < PAGE:
            return
        after = unread[-1].exchange_id


def _readable(config: StoreConfig, unread: Iterable[Unread], *, now: datetime) -> Iterable[Sale]:
    """Leaves out bodies that are no order: their exchanges tell a person."""
    for one in unread:
        try:
            order = parse_order(one.body)
        except InvalidPayloadError:
            continue
        if order.id == one.order_id:
            yield sale_of(config, order, delivery_id=one.delivery_id, now=now)


def look_at_shop(ledger: Ledger, store: StoreContext) -> Polled:
    """Reads the orders changed in the shop since the last look, and stores them as a poll does.

    Webhooks come up to a minute late; an absolute quantity written meanwhile would undo their sales.

    Raises:
        RetryableError: The shop or the ledger is away.
    """
    with transaction(ledger) as connection:
        since = _looked_until(connection, store.name)
    polled, newest = Polled(), since
    for row in store.shop.list_orders(modified_after=since - LOOK_OVERLAP, statuses=(ANY,)):
        record_row(ledger, store, row, polled)
        newest = max(newest, modified_at(row) or newest)
    if newest > since:
        with transaction(ledger) as connection:
            move_cursor(connection, store.name, name=LOOKED, value=newest.isoformat())
    return polled


def _looked_until(connection: Any, store: str) -> datetime:
    """Returns the newest change seen, by the shop's own clock; the poll of orders may have seen a newer one."""
    seen = [read_cursor(connection, store, name=name) for name in (LOOKED, POLL_CURSOR)]
    moments = [datetime.fromisoformat(one) for one in seen if one]
    return max(moments, default=store_created_at(connection, store))
