"""What happened on a day that the books are held against, told by whoever does it. Used by days.py and books.py."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.acceptance.simulation.accounts_history import AccountsHistory
from tests.acceptance.simulation.edited_lines import EditedLine
from tests.acceptance.simulation.ended_lines import EndedLine
from tests.acceptance.simulation.goods import GoodsHistory
from tests.acceptance.simulation.invoices_history import InvoicesHistory
from tests.acceptance.simulation.orders_history import Version, quantities


@dataclass
class History:
    """What the shop ever held, told by whoever changes it, and what was done that explains a dead letter."""

    versions: dict[int, list[Version]] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    poison: set[int] = field(default_factory=set)
    ended_in_m3: dict[int, list[EndedLine]] = field(default_factory=dict)
    edited_in_m3: dict[int, dict[int, EditedLine]] = field(default_factory=dict)
    delivered: set[int] = field(default_factory=set)
    put_back: set[int] = field(default_factory=set)  # to a status before what M3 had done of it by then
    changes: Counter[int] = field(default_factory=Counter)
    goods: GoodsHistory = field(default_factory=GoodsHistory)
    accounts: AccountsHistory = field(default_factory=AccountsHistory)
    money: InvoicesHistory = field(default_factory=InvoicesHistory)

    def is_poison(self, number: int) -> bool:
        """Tells whether an order may wait for a person: M3 does not know a thing of it, or has ended one."""
        versions = self.versions.get(number, [])
        return number in self.poison or any(sku in self.goods.ended for one in versions for sku, _ in one.lines)

    @property
    def touched_in_m3(self) -> set[int]:
        """The orders that people changed in M3."""
        return self.ended_in_m3.keys() | self.edited_in_m3.keys()

    def edit_in_m3(self, number: int, *, ponr: int, line: EditedLine) -> None:
        """Adds how a person left a line of an order in M3."""
        self.edited_in_m3.setdefault(number, {})[ponr] = line
        self.changes[number] += 1

    def end_in_m3(self, number: int, *, ponr: int, sku: str, quantity: int) -> None:
        """Adds that a person ended a line of an order in M3."""
        self.edited_in_m3.get(number, {}).pop(ponr, None)
        line = EndedLine(sku, quantity, since=len(self.versions[number]) - 1)
        self.ended_in_m3.setdefault(number, []).append(line)
        self.changes[number] += 1

    def may_contradict(self, key: str) -> bool:
        """Tells whether a refund may name what its order has no more, or be more than M3 has left, also by one since deleted."""
        number = int(key.split("-")[0])
        is_behind = number in self.delivered and self.money.is_edited(number)
        return is_behind or self.money.has_deleted_refund(number) or self._has_lost_lines(number)

    def _has_lost_lines(self, number: int) -> bool:
        """Tells whether lines of an order were removed in the shop, or ended or changed in M3 by a person."""
        versions = self.versions.get(number, [])
        is_less = any(
            before.units_of(sku) > now.units_of(sku) for before, now in pairwise(versions) for sku, _ in before.lines
        )
        return is_less or number in self.touched_in_m3

    def note(self, row: dict[str, Any]) -> None:
        """Adds an order as the shop's book has it now."""
        lines = tuple(sorted(quantities((one["sku"] or "", one["quantity"]) for one in row["lines"]).items()))
        self.versions.setdefault(row["id"], []).append(Version(row["status"], row["total"], lines))
