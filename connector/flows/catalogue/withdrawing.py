"""Holds withdrawals back when far too many come within a day: M3 was cleared, or another company answers. Used by loading.py.

The day is the last 24 hours, whatever the number of runs: an M3 that loses its items bit by bit is no better. The flow is paused
and the items stay due, to be read in M3 again. A run that meets items held back before was let go on by a person, so it believes
M3, and counting begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connector.flows.asking import Ask
from connector.flows.catalogue.content import PUBLISHED
from connector.flows.catalogue.planning import VARIABLE, Trouble, Wanted
from connector.flows.catalogue.rules import FLOW
from connector.ledger.withdrawals import (
    HELD_BACK,
    count_withdrawn,
    count_written,
    forget_withdrawn,
    hold_back,
    is_any_held_back,
    note_withdrawn,
)
from connector.publishing.items import ItemsPublishing, Owner

ALWAYS, PERCENT, NEVER_ABOVE = 5, 2, 500
"""So many may be withdrawn within a day of any shop; of larger ones this share; but never more than this, for a run takes a
thousand items at a time and has to know before it writes."""

_SHOWN = 5
_RESOLUTION = (
    "Was M3 cleared or refreshed, does another company answer, or was publish.items of the store file changed? If it is "
    "wrong, mend it. Then, or if it is right: connector store resume {store}. M3 is asked again, and believed."
)


class Brake:
    """Counts what is withdrawn within a day."""

    def __init__(self, store: str, *, config: ItemsPublishing, ask: Ask) -> None:
        """Begins with nothing; where the shop owns the status, nothing is ever withdrawn."""
        self._store = store
        self._is_needed = config.owner("status") is Owner.M3
        self._ask = ask
        self._is_believed = False
        self.has_held_back = False

    def held_back(self, wanted: Iterable[Wanted]) -> dict[str, Trouble]:
        """Returns the items that must not be withdrawn now, by number; with the first of them the flow is paused."""
        off = [one for one in wanted if _leaves(one)] if self._is_needed else []
        leaving = [one.item.number for one in off if _counts(one)]
        if not leaving or self._is_believed:
            return {}
        gone = self._ask(count_withdrawn, self._store, besides=leaving)
        carried = gone + self._ask(count_written, self._store, flow=FLOW, status=PUBLISHED)
        if gone + len(leaving) <= max(ALWAYS, min(carried * PERCENT // 100, NEVER_ABOVE)):
            self._ask(note_withdrawn, self._store, item_numbers=leaving)
            return {}
        self._is_believed = self._ask(is_any_held_back, self._store, flow=FLOW, item_numbers=leaving)
        if self._is_believed:
            self._ask(forget_withdrawn, self._store)
            return {}
        self._ask(
            hold_back,
            self._store,
            flow=FLOW,
            item_numbers=[one.item.number for one in off],
            reason=_reason(leaving, gone=gone, carried=carried),
            resolution=_RESOLUTION.format(store=self._store),
        )
        self.has_held_back = True
        return {one.item.number: _trouble(one.item.number, self._store) for one in off}


def _leaves(one: Wanted) -> bool:
    return not one.is_on and one.item.offer.written.get("status") == PUBLISHED


def _counts(one: Wanted) -> bool:
    """Tells whether an item counts for itself; the variations of a family that leaves go with its product."""
    return one.kind == VARIABLE or one.family is None or (one.family.is_on and one.item.offer.is_due)


def _reason(leaving: Sequence[str], *, gone: int, carried: int) -> str:
    named = ", ".join(leaving[:_SHOWN]) + (", ..." if len(leaving) > _SHOWN else "")
    return (
        f"{gone + len(leaving)} of {carried} products would have left the shop within a day, for M3 says of their items that "
        f"they ended, are gone or are not selected. {len(leaving)} of them were not withdrawn ({named})."
    )


def _trouble(number: str, store: str) -> Trouble:
    return Trouble(
        HELD_BACK,
        f"Item {number} would leave the shop, one of too many within a day; it was not withdrawn.",
        f"See `connector status` for what to look at; then connector store resume {store}",
    )
