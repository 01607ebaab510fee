"""Asks the shop for its accounts, because webhooks get lost and the shop has no list of those that changed. Called by
workers/jobs.py and `connector sync`.

A row is stored only if it differs from the newest one known. An account that is not listed any more is looked at by its own
run: only a GET by its number proves that it is gone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable

from connector.errors import NeedsPersonError
from connector.flows.context import StoreContext
from connector.flows.customers.leaving import FLOW, POOL, account_asked
from connector.flows.customers.seeing import login_of
from connector.flows.polling import MISSING_SHARE, MOST_MISSING, Polled, keep_received, record_resource
from connector.ledger.cursors import PollState, keep_progress, move_cursor, read_poll
from connector.ledger.known_customers import bound_accounts
from connector.ledger.session import Ledger, transaction
from connector.ledger.shop_accounts import learn_logins
from connector.publishing.customers import Create
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.paging import Page, Place

CURSOR = "customers"


def poll_customers(ledger: Ledger, store: StoreContext, *, for_s: float = math.inf) -> Polled:
    """Reads all accounts of the store, and makes those due that are carried and have changed or are gone.

    Its place is kept after each page, and the next call goes on there, in whatever process.

    Args:
        ledger: The ledger.
        store: Whose accounts.
        for_s: After this time it stops at the end of a page, with `is_finished` False.

    Raises:
        RetryableError: The shop or the ledger is away; the next call goes on where this one stopped.
        NeedsPersonError: So many are gone at once that the shop is more likely wrong.
    """
    polled = Polled()
    config = store.config.customers.accounts
    if config is None:
        return polled
    deadline = time.monotonic() + for_s
    with transaction(ledger) as connection:
        state = read_poll(connection, store.name, name=CURSOR)
        bound = {one.account for one in bound_accounts(connection, store.name)}
    place = Place(state.progress["offset"], state.progress["last_id"]) if state.progress else Place()
    polled.missing = list(state.progress["missing"]) if state.progress else []
    for page in store.shop.customers.pages(place=place):
        wanted = None if config.create is Create.AT_ONCE else bound
        _record(ledger, store, page.rows, polled, wanted=wanted)
        polled.missing += sorted(_unlisted(bound, page, after=place.last_id))
        kept = _keep(ledger, store.name, state, page, polled.missing)
        if kept is None:  # another worker is ahead of this one
            return polled
        state, place = kept, page.after
        if time.monotonic() > deadline and not page.is_last:
            polled.is_finished = False
            return polled
    return _ask_missing(ledger, store, polled, known=len(bound))


def ask_for_customers(ledger: Ledger, store: str, *, customer_ids: Iterable[int], source: str = "cli") -> Polled:
    """Makes accounts due by the shop's number, whatever is known of them: each run asks the shop anew."""
    polled = Polled()
    for customer_id in customer_ids:
        keep_received(ledger, account_asked(store, customer_id, source=source), polled)
    return polled


def _record(
    ledger: Ledger, store: StoreContext, rows: list[JSONDict], polled: Polled, *, wanted: Collection[int] | None
) -> None:
    polled.rows += len(rows)
    carried = [row for row in rows if wanted is None or int(row["id"]) in wanted]
    for row in carried:
        record_resource(ledger, store.name, row, polled, kind="customer", flow=FLOW, pool=POOL)
    logins = {int(row["id"]): login for row in carried if (login := login_of(row))}
    if logins:
        with transaction(ledger) as connection:
            learn_logins(connection, store.name, logins)


def _unlisted(bound: Collection[int], page: Page, *, after: int) -> set[int]:
    """Returns the accounts that are carried and would have stood on this page."""
    listed = {int(row["id"]) for row in page.rows}
    last = math.inf if page.is_last else page.after.last_id
    return {one for one in bound if after < one <= last and one not in listed}


def _keep(ledger: Ledger, store: str, state: PollState, page: Page, missing: list[int]) -> PollState | None:
    progress = {"offset": page.after.offset, "last_id": page.after.last_id, "missing": missing}
    with transaction(ledger) as connection:
        kept = keep_progress(connection, store, name=CURSOR, value=state.value or "", before=state, after=progress)
        if kept is not None and page.is_last:
            move_cursor(connection, store, name=CURSOR, value="read")
        return kept


def _ask_missing(ledger: Ledger, store: StoreContext, polled: Polled, *, known: int) -> Polled:
    missing, polled.missing = polled.missing, []
    if len(missing) > max(MOST_MISSING, known * MISSING_SHARE):
        raise NeedsPersonError(
            f"{len(missing)} accounts that are customers of M3 are not in the shop's list any more.",
            resolution="Was the shop restored, moved or cleared? If it is wrong, mend it. If they were really deleted: "
            f"connector sync customers_to_m3 --ids {','.join(map(str, missing[:5]))}{' ...' if len(missing) > 5 else ''}",
        )
    asked = ask_for_customers(ledger, store.name, customer_ids=missing, source="poll_missing")
    polled.news += asked.news
    polled.messages += asked.messages
    return polled
