"""Finds out which prices changed: by M3's list of changes every minute, by a walk over all items once a day.

Called by workers/pulls.py and `connector sync prices_to_woo`. Marks items due and wakes the exchange; nothing is written.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from datetime import date
from typing import Any

from connector.flows.context import StoreContext
from connector.flows.prices.item_prices import facts_of
from connector.flows.prices.looking import VARIABLE, known_units, today_of
from connector.flows.prices.reading import Lists, read_lists, read_prices
from connector.flows.pulling import Progress, Pulled
from connector.flows.stock.discovering import discover
from connector.ledger.bound_products import find_products
from connector.ledger.cursors import PollState, keep_progress, move_cursor, now, read_poll
from connector.ledger.offer_pages import ItemState, count_items, mark_changing, page_of_items
from connector.ledger.offers import ALL, Source, keep_sources, mark_due
from connector.ledger.session import Ledger, transaction
from connector.ledger.waking import wake
from connector.m3.programs import mms200mi, ois320mi
from connector.publishing.prices import PricesPublishing

FLOW = "prices_to_woo"
CURSOR = "prices"
OVERLAP_MS = 60_000
"""A change may be stamped some time before it can be seen."""
MOST_CHANGES = 1000
"""The longest list of changes asked for; if more changed, a walk over all items takes no longer."""
PAGE = 400


@dataclass(frozen=True)
class _Moment:
    """When a pull began: M3's time stamp, and the civil date in the division's zone."""

    stamp_ms: int
    day: date

    def to_json(self) -> dict[str, Any]:
        return {"stamp_ms": self.stamp_ms, "day": self.day.isoformat()}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> _Moment:
        return cls(kept["stamp_ms"], date.fromisoformat(kept["day"]))


def pull(
    ledger: Ledger, store: StoreContext, *, full: bool, for_s: float = math.inf, progress: Progress | None = None
) -> Pulled:
    """Makes the items due whose prices in M3 may have changed, or change by themselves today.

    The first pull of a store, and one after more changes than M3 lists, walks over all items known to be in the shop; so does
    a walk that a call before left in the middle. Its place is kept after each page. Two at once do no harm: the one that
    finds the other ahead stops. What the shop does not have is passed over; a product made there by hand is found by the walk.

    Args:
        ledger: The ledger.
        store: Whose prices.
        full: Walk over all items, whatever M3 lists as changed.
        for_s: After this time it stops at the end of a page, with `is_finished` False.
        progress: Is told how many items were looked at, and of how many.

    Raises:
        ConnectorError: M3 or the ledger is away; the next call goes on where this one stopped.
    """
    config = store.config.publish.prices
    if config is None:
        return Pulled()
    deadline = time.monotonic() + for_s
    with transaction(ledger) as connection:
        state = read_poll(connection, store.name, name=CURSOR)
        today = today_of(store, now(connection))
    if state.progress is None and state.value and not full:
        found = _changes(ledger, store, config, since=_Moment.from_json(json.loads(state.value)), today=today)
        if found is not None:
            return found
    return _walk(ledger, store, config, state=state, today=today, until_s=deadline, progress=progress)


def _begin(store: StoreContext, today: date) -> _Moment:
    """The stamp is taken before anything is read, from M3's clock."""
    answer = store.m3.read([mms200mi.get_server_time()])[0]
    return _Moment(mms200mi.read_server_time(answer).milliseconds, today)


def _changes(
    ledger: Ledger, store: StoreContext, config: PricesPublishing, *, since: _Moment, today: date
) -> Pulled | None:
    """Marks what M3 lists as changed, and on a new day what changes with it; None if the list of changes was cut."""
    begun = _begin(store, today)
    call = ois320mi.list_new_prices(max(0, since.stamp_ms - OVERLAP_MS))
    answer = store.m3.read([call], max_records=MOST_CHANGES)[0]
    if answer.is_cut:
        return None
    ours = {(config.price_list, config.currency, ""), (config.campaign_list, config.currency, "")}
    rows = ois320mi.read_new_prices(answer)
    items = {row.item_number for row in rows if (row.code, row.currency, row.customer) in ours}
    with transaction(ledger) as connection:
        items &= find_products(connection, store.name, item_numbers=items).keys()
        messages = mark_due(connection, store.name, flow=FLOW, item_numbers=items)
        if today > since.day:
            messages += mark_changing(connection, store.name, flow=FLOW, today=today)
        move_cursor(connection, store.name, name=CURSOR, value=json.dumps(begun.to_json()))
    return Pulled(read=len(items), changed=len(items), messages=messages)


def _walk(
    ledger: Ledger,
    store: StoreContext,
    config: PricesPublishing,
    *,
    state: PollState,
    today: date,
    until_s: float,
    progress: Progress | None,
) -> Pulled:
    """Reads the prices of all items page by page; an item of which M3 says something else than last time becomes due."""
    pulled = Pulled()
    begun = _Moment.from_json(state.progress) if state.progress else _begin(store, today)
    if state.progress is None and store.config.publish.items is None:
        discover(ledger, store)  # nobody else knows which items the shop's products are
    after = str(state.progress["after"]) if state.progress else ""
    with transaction(ledger) as connection:
        total = count_items(connection, store.name, flow=FLOW)
    lists = read_lists(store, config, today=today)
    while True:
        with transaction(ledger) as connection:
            page = page_of_items(connection, store.name, flow=FLOW, after=after, most=PAGE)
        sources = _read(store, lists, page)
        after = page[-1].item_number if page else after
        with transaction(ledger) as connection:
            changed = keep_sources(connection, store.name, flow=FLOW, sources=sources)
            place = begun.to_json() | {"after": after}
            value = state.value or ""
            kept = keep_progress(connection, store.name, name=CURSOR, value=value, before=state, after=place)
            if kept is None:  # another worker is ahead of this one; what this one marked stays marked
                return pulled
            state = kept
            if changed:
                pulled.messages += wake(connection, store.name, flow=FLOW, business_key=ALL)
            if len(page) < PAGE:
                pulled.messages += mark_changing(connection, store.name, flow=FLOW, today=today)
                move_cursor(connection, store.name, name=CURSOR, value=json.dumps(begun.to_json()))
        pulled.read += len(page)
        pulled.changed += len(changed)
        if progress:
            progress(pulled.read, total)
        if len(page) < PAGE:
            return pulled
        if time.monotonic() > until_s:
            pulled.is_finished = False
            return pulled


def _read(store: StoreContext, lists: Lists, page: list[ItemState]) -> list[Source]:
    """Returns what M3 says about the items of a page the shop has; parents of variations have no price of their own."""
    sold = [one for one in page if one.kind not in (None, VARIABLE)]
    units = {one.item_number: known for one in sold if (known := known_units(one.written))}
    prices = read_prices(store, lists, [one.item_number for one in sold], units=units)
    return [Source(item_number=item, facts=facts_of(one, today=lists.today)) for item, one in prices.items()]
