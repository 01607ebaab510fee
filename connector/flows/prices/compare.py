"""Compares the prices of items in M3 with those the shop shows, and writes nothing.

Called by `connector reconcile prices` and the dry run of `connector sync prices_to_woo`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from connector.flows.asking import Ask, asking
from connector.flows.context import StoreContext
from connector.flows.prices.looking import VARIABLE, Looked, Wanted, known_units, look, today_of
from connector.flows.prices.pull import FLOW
from connector.flows.prices.reading import Lists, read_lists
from connector.flows.pulling import Compared, Progress, Reason
from connector.ledger.cursors import now
from connector.ledger.offer_pages import ItemState, count_items, page_of_items
from connector.ledger.session import Ledger, transaction

PAGE = 100
PRICE = "regular_price"


def compare(
    ledger: Ledger,
    store: StoreContext,
    *,
    item_numbers: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Iterator[Compared]:
    """Yields both sides of each item that has, or should have, a price in the shop; a page at a time.

    Args:
        ledger: The ledger.
        store: Whose prices.
        item_numbers: Only these items; None for all.
        progress: Is told how many items were looked at, and of how many.

    Raises:
        ConnectorError: M3, the shop or the ledger is away.
    """
    config = store.config.publish.prices
    if config is None:
        return
    with transaction(ledger) as connection:
        moment = now(connection)
        total = count_items(connection, store.name, flow=FLOW) if item_numbers is None else len(item_numbers)
    lists = read_lists(store, config, today=today_of(store, moment))
    after, count = "", 0
    while True:
        with transaction(ledger) as connection:
            page = page_of_items(connection, store.name, flow=FLOW, after=after, most=PAGE, item_numbers=item_numbers)
        yield from _compare_page(store, lists, page, ask=asking(ledger), moment=moment)
        count += len(page)
        if progress:
            progress(count, total)
        if len(page) < PAGE:
            return
        after = page[-1].item_number


def wanted(one: ItemState) -> Wanted:
    """Returns what is known of an item as `look` wants it."""
    return Wanted(one.item_number, one.sku, one.product_id, one.parent_id, one.kind, units=known_units(one.written))


def _compare_page(
    store: StoreContext, lists: Lists, page: list[ItemState], *, ask: Ask, moment: datetime
) -> Iterator[Compared]:
    sold = {one.item_number: one for one in page if one.kind != VARIABLE}
    for looked in look(store, lists, [wanted(one) for one in sold.values()], ask=ask, now=moment):
        yield from _rows(looked, sold[looked.item_number])


def _rows(looked: Looked, state: ItemState) -> Iterator[Compared]:
    """One row for each field that differs, or one that all is equal or nothing can be said."""
    shown = looked.shown
    if shown is None and looked.decision.wrong is None:
        if PRICE in state.written:  # it had a price there once; an item the shop never had is nothing to it
            yield _row(looked, state, PRICE, m3=None, reason=Reason.UNKNOWN_IN_SHOP)
        return
    for name in looked.changes:
        reason = Reason.PENDING if state.is_due else Reason.ERROR if state.problem else Reason.DIFFERENT
        yield _row(looked, state, name, m3=looked.decision.values[name], reason=reason)
    if looked.decision.wrong is not None:
        yield _row(looked, state, PRICE, m3=looked.decision.values.get(PRICE), reason=Reason.ERROR)
    elif not looked.changes and shown is not None and shown.kind != VARIABLE:
        yield _row(looked, state, PRICE, m3=looked.decision.values.get(PRICE), reason=Reason.EQUAL)


def _row(looked: Looked, state: ItemState, name: str, *, m3: str | None, reason: Reason) -> Compared:
    wrong = looked.decision.wrong if reason is Reason.ERROR else None
    return Compared(
        item_number=looked.item_number,
        sku=looked.shown.sku if looked.shown else state.sku,
        product_id=looked.shown.product_id if looked.shown else state.product_id,
        field=name,
        m3=m3,
        shop=looked.shown.values.get(name) if looked.shown else None,
        reason=reason,
        wanted=looked.changes.get(name),
        words=wrong.problem if wrong else state.problem or "",
        remedy=wrong.remedy if wrong else state.remedy or "",
    )
