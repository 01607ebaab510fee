"""Asks M3 which balances changed, each minute, or has everything compared, each night. Called by workers/pulls.py and the CLI.

M3 says which items and warehouses changed since a moment of its own clock. The runs of the stock flow read the figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from connector.flows.context import StoreContext
from connector.flows.pulling import Progress, Pulled
from connector.flows.stock.discovering import discover
from connector.flows.stock.quantity import balance_mark
from connector.ledger.bound_products import find_products
from connector.ledger.cursors import move_cursor, read_cursor
from connector.ledger.offers import count_offers, mark_all_due, mark_due
from connector.ledger.sales import forget_old_sales
from connector.ledger.session import Ledger, transaction
from connector.ledger.stock_offers import marks_of_settled
from connector.m3.programs import balances, mms200mi

FLOW = "stock_to_woo"
CURSOR = "balances"
OVERLAP_MS = 120_000
"""Twice the minute between two pulls: what M3 commits late, or a run read too early, is looked at once more.

The rows have no time of their own, so a change is listed for two minutes; one with the very balance that was last read for what
the shop shows makes nothing due.
"""
MOST_ROWS = 1000
"""Some gateways cut every list at 1,000 rows whatever is asked for, so a longer one would look whole (protocol.md section 2)."""


def pull(
    ledger: Ledger,
    store: StoreContext,
    *,
    full: bool,
    for_s: float = math.inf,
    progress: Progress | None = None,
) -> Pulled:
    """Makes the items due whose balance changed since the last call; all products of the shop if `full`.

    One call to M3 whatever changed, so there is nothing to go on with: a call that failed is simply made again. A list that was
    cut has no place to go on from either; then everything is compared. The first call of a store compares everything.

    Args:
        ledger: The ledger.
        store: Whose shop.
        full: Compare every product the shop is known to have.
        for_s: Not used: a call is short, but for the walk over the products of a shop that the connector did not make.
        progress: Told once.

    Raises:
        RetryableError: M3 or the ledger cannot be asked now; the cursor stays.
    """
    time_answer = store.m3.read([mms200mi.get_server_time()])[0]
    until_ms = mms200mi.read_server_time(time_answer).milliseconds
    with transaction(ledger) as connection:
        since = read_cursor(connection, store.name, name=CURSOR)
    changed = None if full or since is None else _changed_items(store, int(since) - OVERLAP_MS)
    if changed is None and store.config.publish.items is None:
        discover(ledger, store)
    with transaction(ledger) as connection:
        if changed is None:
            messages = mark_all_due(connection, store.name, flow=FLOW)
            count = count_offers(connection, store.name, flow=FLOW).due
            forget_old_sales(connection, store.name)
        else:
            known = marks_of_settled(connection, store.name, item_numbers={row.item for row in changed})
            news = {row.item for row in changed if not _is_read(row, known)}
            sold = find_products(connection, store.name, item_numbers=news)  # most items of M3 are in no shop
            messages = mark_due(connection, store.name, flow=FLOW, item_numbers=sold)
            count = len(sold)
        move_cursor(connection, store.name, name=CURSOR, value=str(until_ms))
    if progress:
        progress(count, count)
    return Pulled(read=count, changed=count, messages=messages)


def _changed_items(store: StoreContext, since_ms: int) -> list[balances.ChangedBalance] | None:
    """Returns what changed in the store's warehouses since a moment of M3's clock; None if M3 cut the list."""
    answer = store.m3.read([balances.list_changed(since_ms)], max_records=MOST_ROWS)[0]
    if answer.is_cut:
        return None
    return [row for row in balances.read_changed(answer) if row.warehouse in store.config.warehouses]


def _is_read(row: balances.ChangedBalance, known: Mapping[str, Mapping[str, str]]) -> bool:
    """Tells whether what the shop shows was computed from this very balance."""
    mark = balance_mark(row.allocatable, row.available)
    return mark is not None and known.get(row.item, {}).get(row.warehouse) == mark
