"""What is kept of a change with the order's document, from before its first write until nothing of it can come late; pure.

Called by bringing_up.py, news.py and watching.py. forms.py says how it is written down.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connector.flows.order_changes.forms import FORM, present
from connector.flows.orders.left import QUANTITY
from connector.ledger.document_records import DocumentRecord

CHANGE = "change"
"""Its name in a document's plan, and of its steps."""

ENTRY_DEADLINE = timedelta(hours=1)
"""How long a change that M3 has taken may be without effect: ...BatchEnt may act as a batch."""


@dataclass(frozen=True)
class Entry:
    """A write that M3 has taken. `line` and `quantity` are those of a ...BatchEnt, which may take effect a while later.

    `is_passed` once M3 has taken another quantity of the line: this one may still show for a while, and does not stay.
    """

    at: datetime
    line: str = ""  # CUPO
    quantity: str = ""
    is_passed: bool = False

    def may_come(self, state: Mapping[str, Any], *, now: datetime) -> bool:
        """Tells whether M3 may still bring it in: it does not show, and its time is not over."""
        held = state["lines"].get(self.line)
        is_shown = held is not None and held[QUANTITY] == self.quantity
        return bool(self.line) and not is_shown and now - self.at <= ENTRY_DEADLINE


@dataclass(frozen=True)
class Change:
    """A change that was begun and may not be over.

    `states` are those between which M3 may be, the first as it was found, the last the present target; `keys` the parts of the
    shop's order it touches; `entered` what M3 has taken and does not show, by write. `is_done` once M3 holds the target.
    """

    states: tuple[dict[str, Any], ...]
    keys: tuple[str, ...]
    entered: Mapping[str, Entry] = field(default_factory=dict)
    is_done: bool = False

    def aimed_at(self, target: dict[str, Any], *, keys: tuple[str, ...]) -> Change:
        """Returns the change with another target; what M3 has taken for the one before may still come."""
        if self.states[-1] == target and not self.is_done:
            return self
        return replace(self, states=(*self.states, target), keys=keys, is_done=False)

    def taking(self, taken: Mapping[str, Entry]) -> Change:
        """Returns the change with what M3 has taken now; of several quantities of a line the one taken last will stay."""
        lines = {entry.line for entry in taken.values() if entry.line}
        before = {
            write: replace(entry, is_passed=entry.is_passed or entry.line in lines)
            for write, entry in self.entered.items()
        }
        return replace(self, entered={**before, **taken})

    def is_awaited(self, write: str) -> bool:
        """Tells whether M3 has taken a write that will stay once it shows, so that it is not sent again."""
        entry = self.entered.get(write)
        return entry is not None and not entry.is_passed

    def forgetting(self, state: Mapping[str, Any], *, left: Collection[str], now: datetime) -> Change:
        """Returns the change without what has taken effect.

        Args:
            state: What M3 holds.
            left: The writes that are still to be made.
            now: The ledger's time.
        """
        kept = {
            write: entry
            for write, entry in self.entered.items()
            if (write in left and self.is_awaited(write)) or entry.may_come(state, now=now)
        }
        return replace(self, entered=kept)

    def without(self, writes: Collection[str]) -> Change:
        """Returns the change as if M3 had never taken `writes`: a person says that they will not come."""
        return replace(self, entered={write: entry for write, entry in self.entered.items() if write not in writes})

    def to_json(self) -> dict[str, Any]:
        """Returns what is kept in the plan."""
        entered = {
            write: {
                "at": entry.at.isoformat(),
                "line": entry.line,
                "quantity": entry.quantity,
                "passed": entry.is_passed,
            }
            for write, entry in self.entered.items()
        }
        return {
            "form": FORM,
            "states": list(self.states),
            "keys": list(self.keys),
            "entered": entered,
            "done": self.is_done,
        }


def change_of(document: DocumentRecord) -> Change | None:
    """Returns what is kept of a change that was begun and may not be over.

    Raises:
        NeedsPersonError: A newer version of the connector has written it down.
    """
    if CHANGE not in document.plan:
        return None
    kept = present(document.plan[CHANGE])
    entered = {
        write: Entry(datetime.fromisoformat(one["at"]), one["line"], one["quantity"], one["passed"])
        for write, one in kept["entered"].items()
    }
    return Change(tuple(kept["states"]), tuple(kept["keys"]), entered, bool(kept["done"]))


def is_under_way(document: DocumentRecord) -> bool:
    """Tells whether M3 may hold anything between two states of the order."""
    change = change_of(document)
    return change is not None and not change.is_done
