"""Finds out which items changed in M3 and makes them due. Called by workers/pulls.py and `connector sync`.

M3 lists changed items by day only, so the last day is read again and contents are compared. A list that comes back full is cut:
then day by day, and where one day has too many, all items by number. That walk also finds items that were deleted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from connector.errors import PermanentError
from connector.flows.catalogue.facts import completed, read_facts
from connector.flows.catalogue.rules import FLOW, ItemRules, item_rules
from connector.flows.context import StoreContext
from connector.flows.pulling import Progress, Pulled
from connector.ledger.cursors import PollState, keep_progress, move_cursor, read_poll
from connector.ledger.item_offers import known_between
from connector.ledger.kept import known
from connector.ledger.offers import ALL, Source, keep_sources, mark_due
from connector.ledger.session import Ledger, transaction
from connector.ledger.waking import wake
from connector.m3.programs.item_master import LOWEST, MOST_ROWS, list_changed, list_from
from connector.m3.programs.mms200mi import get_server_time, read_server_time
from connector.m3.values import day, day_text

CHANGES, WALK = "items", "items_full"
"""Cursors: the day up to which changes were read; the walk over all items."""

_OVERLAP = timedelta(days=1)


@dataclass(frozen=True)
class Walk:
    """A walk over all items: behind which number it goes on, and the day it began by M3's calendar."""

    began: str
    after: str = ""
    is_finished: bool = False

    def to_json(self) -> dict[str, Any]:
        """Returns what is kept in the ledger."""
        return {"began": self.began, "after": self.after}


def pull(
    ledger: Ledger, store: StoreContext, *, full: bool, for_s: float = math.inf, progress: Progress | None = None
) -> Pulled:
    """Reads what changed since the last pull, or all items, and makes those due that differ from what is known.

    Args:
        ledger: The ledger.
        store: Whose items.
        full: All items, in the order of their numbers; goes on where an earlier walk stopped. The first pull always is.
        for_s: After this time a walk stops at the end of a page.
        progress: Is told how many items were read.

    Raises:
        RetryableError: M3 or the ledger is away; what was read is kept.
        M3RejectedError: M3 refuses the list.
    """
    rules = item_rules(store)
    pulled = Pulled()
    if rules is None:
        return pulled
    puller = _Puller(ledger, store, rules, pulled, progress)
    with transaction(ledger) as connection:
        changes, walk = read_poll(connection, store.name, name=CHANGES), read_poll(connection, store.name, name=WALK)
    if full or changes.value is None or walk.progress is not None or not puller.read_changes(changes.value):
        puller.walk(walk, deadline=time.monotonic() + for_s)
    puller.wake()
    return pulled


class _Puller:
    """One pull."""

    def __init__(
        self, ledger: Ledger, store: StoreContext, rules: ItemRules, pulled: Pulled, progress: Progress | None
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._rules = rules
        self._pulled = pulled
        self._progress = progress

    def read_changes(self, since: str) -> bool:
        """Reads the changes since a day; False if there are more of one day than M3 lists."""
        today = self._today()
        first = (day(since) or today) - _OVERLAP
        for some in self._changed(first, today):
            if some is None:
                return False
            self._keep(some)
        with transaction(self._ledger) as connection:
            move_cursor(connection, self._store.name, name=CHANGES, value=day_text(today))
        return True

    def walk(self, state: PollState, *, deadline: float) -> None:
        """Reads all items by number, or goes on with an earlier walk; its place is kept after each page."""
        walk = Walk(**known(Walk, state.progress)) if state.progress else Walk(began=day_text(self._today()))
        while not walk.is_finished:
            records, is_last = self._page(walk.after)
            self._keep(records)
            last = records[-1]["ITNO"] if records else walk.after
            self._find_gone(records, after=walk.after, is_last=is_last)
            walk = replace(walk, after=last, is_finished=is_last)
            kept = self._keep_place(walk, before=state)
            if kept is None:  # another worker is ahead of this one
                return
            state = kept
            if time.monotonic() > deadline and not is_last:
                self._pulled.is_finished = False
                return

    def wake(self) -> None:
        """Makes the flow's exchange due if anything is."""
        if self._pulled.changed:
            with transaction(self._ledger) as connection:
                self._pulled.messages += wake(connection, self._store.name, flow=FLOW, business_key=ALL)

    def _today(self) -> date:
        return read_server_time(self._store.m3.read([get_server_time()])[0]).date

    def _changed(self, first: date, today: date) -> Iterator[list[dict[str, str]] | None]:
        """Gives the items changed since a day, at once if M3 lists them so, else day by day; None for a day with too many."""
        records = self._list_changed(first, None)
        if records is not None:
            yield records
            return
        # One day more: M3's calendar may be ahead of the one its clock was asked in.
        for number in range((today - first).days + 2):
            one = first + timedelta(days=number)
            records = self._list_changed(one, one)
            yield records
            if records is None:
                return

    def _list_changed(self, first: date, last: date | None) -> list[dict[str, str]] | None:
        call = list_changed(
            day_text(first),
            day_text(last) if last else "",
            columns=self._rules.columns_of_lists,
            language=self._rules.config.language,
        )
        answer = self._store.m3.read([call], max_records=MOST_ROWS)[0]
        return None if answer.is_cut else [one for one in answer.require() if one.get("ITNO")]

    def _page(self, after: str) -> tuple[list[dict[str, str]], bool]:
        """Returns the items behind a number, and whether they are the last. The list begins with the number asked for."""
        call = list_from(after or LOWEST, columns=self._rules.columns_of_lists, language=self._rules.config.language)
        answer = self._store.m3.read([call], max_records=MOST_ROWS)[0]
        records = [one for one in answer.page() if one.get("ITNO") and one["ITNO"] != after]
        return records, not answer.is_cut or not records

    def _keep(self, records: list[dict[str, str]]) -> None:
        """Keeps what M3 said; what differs from what was known is due, and what M3 refused: the run tells people why."""
        if self._rules.needs_basic:
            read = read_facts(self._store, self._rules, item_numbers=[one["ITNO"] for one in records])
        else:
            read = completed(self._store, self._rules, records=records)
        sources = [Source(item_number=number, facts=facts) for number, facts in read.facts.items()]
        refused = [number for number, error in read.errors.items() if isinstance(error, PermanentError)]
        with transaction(self._ledger) as connection:
            changed = keep_sources(connection, self._store.name, flow=FLOW, sources=sources)
            self._pulled.messages += mark_due(connection, self._store.name, flow=FLOW, item_numbers=refused)
        self._pulled.read += len(records)
        self._pulled.changed += len(changed) + len(refused)
        if self._progress:
            self._progress(self._pulled.read, None)

    def _find_gone(self, records: list[dict[str, str]], *, after: str, is_last: bool) -> None:
        """Makes known items due that the walk did not meet, where M3's order of numbers is the ledger's."""
        numbers = [one["ITNO"] for one in records]
        if any(not after < one for one in numbers) or numbers != sorted(numbers):
            return
        last = None if is_last else numbers[-1]
        with transaction(self._ledger) as connection:
            known = known_between(connection, self._store.name, flow=FLOW, after=after, last=last)
            gone = sorted(known - set(numbers))
            self._pulled.messages += mark_due(connection, self._store.name, flow=FLOW, item_numbers=gone)
        self._pulled.changed += len(gone)

    def _keep_place(self, walk: Walk, *, before: PollState) -> PollState | None:
        """Keeps how far the walk came, or its end; None if another worker has gone on meanwhile."""
        store = self._store.name
        with transaction(self._ledger) as connection:
            kept = keep_progress(connection, store, name=WALK, value=walk.began, before=before, after=walk.to_json())
            if kept is not None and walk.is_finished:
                move_cursor(connection, store, name=WALK, value=walk.began)
                move_cursor(connection, store, name=CHANGES, value=walk.began)
            return kept
