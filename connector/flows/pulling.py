"""What the pulls and comparisons of items, prices and stock have in common: their results. Used by the packages of these flows,
workers/pulls.py, `connector sync` and `connector reconcile`.

Each package has a `pull.py` and a `compare.py`:

    pull(ledger: Ledger, store: StoreContext, *, full: bool, for_s: float = math.inf, progress: Progress | None = None) -> Pulled
    compare(ledger: Ledger, store: StoreContext, *, item_numbers: Collection[str] | None = None,
            progress: Progress | None = None) -> Iterator[Compared]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from connector.ledger.dispatch import DueMessage

Progress = Callable[[int, int | None], None]
"""Is told how many items were looked at since the call began, and how many there are in all, if that is known."""


@dataclass
class Pulled:
    """What a pull found: items read, items that became due, the messages to send after it."""

    read: int = 0
    changed: int = 0
    messages: list[DueMessage] = field(default_factory=list)
    is_finished: bool = True  # False: there is more to read, at once; the place is kept in the ledger


class Reason(StrEnum):
    """Why a field is as it is on both sides."""

    EQUAL = "equal"
    IN_FLIGHT = "in_flight"  # orders that M3 has not made yet account for it
    BUFFER = "buffer"  # kept back by the store file
    PART_OF_UNIT = "part_of_unit"  # M3 counts in smaller units than the shop sells, which sells whole ones
    NOT_SOLD = "not_sold"  # the store file sells nothing of an item of this status
    BELOW_NONE = "below_none"  # M3 lacks some; no shop shows less than none
    PENDING = "pending"  # due in the ledger: the next run of the flow carries it
    SHOP_OWNED = "shop_owned"  # the shop is the master of this field
    ERROR = "error"  # the flow could not carry the item; its words say why
    UNKNOWN_IN_SHOP = "unknown_in_shop"  # M3 offers the item, the shop has no product of it
    UNKNOWN_IN_M3 = "unknown_in_m3"  # the shop has a product with this SKU, M3 no item
    DIFFERENT = "different"  # nothing known explains it


AS_DUE = frozenset(
    {
        Reason.EQUAL,
        Reason.IN_FLIGHT,
        Reason.BUFFER,
        Reason.PART_OF_UNIT,
        Reason.NOT_SOLD,
        Reason.BELOW_NONE,
        Reason.SHOP_OWNED,
    }
)
"""With these the shop shows what it should show, though it may be another value than M3's own."""
EXPLAINED = AS_DUE | {Reason.PENDING}
"""With these nobody has to act."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One field of one item on both sides, as text; None where a side has none.

    All rows of an item follow one another; an item of which all is equal gives one row with EQUAL, whatever the field.
    """

    item_number: str | None  # None for a product of the shop that is no item
    sku: str | None
    product_id: int | None
    field: str
    m3: str | None  # what M3 says
    shop: str | None  # what the shop says
    reason: Reason
    due: str | None = None  # what the shop should show of what M3 says, where that is computed
    wanted: str | None = None  # what a run would write now; None: it would leave the field as it is
    words: str = ""  # of an error or anything a person has to know: what, where
    remedy: str = ""
