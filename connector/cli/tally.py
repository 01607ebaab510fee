"""Counts a comparison item by item while its rows pass by; used by `connector reconcile` and `connector sync --dry-run`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from connector.flows.pulling import AS_DUE, EXPLAINED, Compared, Reason


class Tally:
    """Of how many items the shop shows what it should, of how many the very values of M3, and why the others do not.

    The two are not the same: what the shop should show of a stock is what M3 has free, less what orders hold that M3 does not
    know, less the buffer, in whole units. An item whose field the shop is master of shows what it should whatever M3 says.
    """

    def __init__(self) -> None:
        """Begins at nothing."""
        self.items = 0
        self.equal = 0  # the shop shows what it should
        self.same = 0  # of those, the very values of M3
        self.explained = 0  # equal, or on its way
        self.reasons: Counter[Reason] = Counter()  # items that have a field with it
        self.numbers: set[str] = set()  # of M3's items among them

    def counted(self, rows: Iterable[Compared]) -> Iterator[Compared]:
        """Passes the rows on, an item at a time, and counts them."""
        for _, fields in groupby(rows, key=lambda row: (row.item_number, row.sku, row.product_id)):
            item = list(fields)
            reasons = {row.reason for row in item}
            self.items += 1
            self.numbers.update(row.item_number for row in item if row.item_number)
            self.equal += reasons <= AS_DUE
            self.same += reasons == {Reason.EQUAL}
            self.explained += reasons <= EXPLAINED
            self.reasons.update(reasons if reasons == {Reason.EQUAL} else reasons - {Reason.EQUAL})
            yield from item

    def not_found(self, wanted: Iterable[str] | None) -> list[str]:
        """Returns the numbers a person named of which nothing was compared."""
        return [one for one in wanted or () if one not in self.numbers]

    @property
    def is_explained(self) -> bool:
        """Whether nobody has to act."""
        return self.explained == self.items

    @property
    def is_all_equal(self) -> bool:
        """Whether the shop shows what it should in everything."""
        return self.equal == self.items

    def lines(self) -> list[str]:
        """Returns the figures as sentences."""
        reasons = [
            f"{self.reasons[reason]} {reason.value.replace('_', ' ')}" for reason in Reason if self.reasons[reason]
        ]
        return [
            f"{self.items} items compared: of {percent(self.equal, self.items)} % the shop shows what it should "
            f"(of {percent(self.same, self.items)} % M3's very values); {percent(self.explained, self.items)} % do or are due.",
            *([f"Items by reason: {', '.join(reasons)}."] if reasons else []),
        ]

    def to_json(self) -> dict[str, Any]:
        """Returns the figures; shares are percent of the items, as text with two decimals, never rounded up to 100.

        `equal` counts what shows what is due, `same_as_m3` what shows M3's very values.
        """
        return {
            "items": self.items,
            "equal": self.equal,
            "equal_percent": percent(self.equal, self.items),
            "same_as_m3": self.same,
            "same_as_m3_percent": percent(self.same, self.items),
            "explained": self.explained,
            "explained_percent": percent(self.explained, self.items),
            "reasons": {reason.value: self.reasons[reason] for reason in Reason if self.reasons[reason]},
        }


def of_what_was_not_found(numbers: list[str]) -> str:
    """Returns a sentence about item numbers of which nothing was compared."""
    return (
        f"Nothing was compared of {', '.join(numbers)}: M3 has no such number, or the store file does not publish it."
    )


def percent(part: int, whole: int) -> str:
    """Returns a share in percent with two decimals, rounded down; of nothing everything is 100."""
    hundredths = 10000 if whole == 0 else part * 10000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}"
