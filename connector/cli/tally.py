"""Counts a comparison item by item while its rows pass by; used by `connector reconcile` and `connector sync --dry-run`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from connector.flows.pulling import EXPLAINED, Compared, Reason


class Tally:
    """How many items were compared, are equal on both sides, or differ for which reasons."""

    def __init__(self) -> None:
        """Begins at nothing."""
        self.items = 0
        self.equal = 0
        self.explained = 0  # equal, or differing only for reasons that need nobody
        self.reasons: Counter[Reason] = Counter()  # items that have a field with it

    def counted(self, rows: Iterable[Compared]) -> Iterator[Compared]:
        """Passes the rows on, an item at a time, and counts them."""
        for _, fields in groupby(rows, key=lambda row: (row.item_number, row.sku, row.product_id)):
            item = list(fields)
            reasons = {row.reason for row in item}
            self.items += 1
            self.equal += reasons == {Reason.EQUAL}
            self.explained += reasons <= EXPLAINED
            self.reasons.update(reasons if reasons == {Reason.EQUAL} else reasons - {Reason.EQUAL})
            yield from item

    @property
    def is_explained(self) -> bool:
        """Whether nobody has to act."""
        return self.explained == self.items

    @property
    def is_all_equal(self) -> bool:
        """Whether both sides are the same in everything."""
        return self.equal == self.items

    def lines(self) -> list[str]:
        """Returns the figures as sentences."""
        reasons = [
            f"{self.reasons[reason]} {reason.value.replace('_', ' ')}" for reason in Reason if self.reasons[reason]
        ]
        return [
            f"{self.items} items compared: {percent(self.equal, self.items)} % are equal on both sides, "
            f"{percent(self.explained, self.items)} % are equal or explained.",
            *([f"Items by reason: {', '.join(reasons)}."] if reasons else []),
        ]

    def to_json(self) -> dict[str, Any]:
        """Returns the figures; shares are percent of the items, as text with two decimals, never rounded up to 100."""
        return {
            "items": self.items,
            "equal": self.equal,
            "equal_percent": percent(self.equal, self.items),
            "explained": self.explained,
            "explained_percent": percent(self.explained, self.items),
            "reasons": {reason.value: self.reasons[reason] for reason in Reason if self.reasons[reason]},
        }


def percent(part: int, whole: int) -> str:
    """Returns a share in percent with two decimals, rounded down; of nothing everything is 100."""
    hundredths = 10000 if whole == 0 else part * 10000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}"
