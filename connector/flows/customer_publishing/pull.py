"""Asks M3 which customers changed, or has all that have an account compared. Called by workers/pulls.py and the command line.

M3 lists by time stamp, in the order of numbers. Only customers with an account in the shop are made due.
"""

from __future__ import annotations

import math

from connector.flows.context import StoreContext
from connector.flows.customer_publishing.fields import FLOW
from connector.flows.pulling import Progress, Pulled
from connector.ledger.cursors import move_cursor, read_cursor
from connector.ledger.known_customers import bound_accounts
from connector.ledger.offers import mark_due
from connector.ledger.session import Ledger, transaction
from connector.m3.programs import crs610mi, mms200mi

CURSOR = "customers_of_m3"
OVERLAP_MS = 60_000
"""A change may be stamped some time before it can be seen."""
MOST_ROWS = 1000
"""Some gateways cut every list there; then all are compared."""


def pull(
    ledger: Ledger, store: StoreContext, *, full: bool, for_s: float = math.inf, progress: Progress | None = None
) -> Pulled:
    """Makes the customers due that changed since the last call; all that have an account if `full`, or the first time.

    Args:
        ledger: The ledger.
        store: Whose shop.
        full: Compare every one.
        for_s: Not used: it is one call.
        progress: Told once.

    Raises:
        RetryableError: M3 or the ledger cannot be asked now; the cursor stays.
    """
    answer = store.m3.read([mms200mi.get_server_time()])[0]
    until_ms = mms200mi.read_server_time(answer).milliseconds
    with transaction(ledger) as connection:
        since = read_cursor(connection, store.name, name=CURSOR)
    changed = None if full or since is None else _changed(store, max(0, int(since) - OVERLAP_MS))
    with transaction(ledger) as connection:
        numbers = [one.number for one in bound_accounts(connection, store.name, numbers=changed)]
        messages = mark_due(connection, store.name, flow=FLOW, item_numbers=numbers)
        move_cursor(connection, store.name, name=CURSOR, value=str(until_ms))
    if progress:
        progress(len(numbers), len(numbers))
    return Pulled(read=len(numbers), changed=len(numbers), messages=messages)


def _changed(store: StoreContext, since_ms: int) -> list[str] | None:
    """Returns the customers stamped at a moment of M3's clock or later; None if M3 cut the list."""
    answer = store.m3.read([crs610mi.list_changed(since_ms)], max_records=MOST_ROWS)[0]
    return None if answer.is_cut else crs610mi.read_numbers(answer)
