"""An order as the shop had it at some moment. Used by books.py and ended_lines.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.harness import STORE

CONFIRMED = ("processing", "completed")
CLOSED = ("cancelled", "failed", "trash")


@dataclass(frozen=True)
class Version:
    """An order as the shop had it at some moment."""

    status: str
    total: str
    lines: tuple[tuple[str, int], ...]

    def units_of(self, sku: str) -> int:
        """Returns how many of a thing it had."""
        return dict(self.lines).get(sku, 0)

    def is_like(self, lines: tuple[tuple[str, int], ...], total: Decimal, *, cents: Decimal) -> bool:
        """Tells whether it had these lines and came to this total, but for so many cents."""
        return self.lines == lines and abs(Decimal(self.total) - total) <= cents


def quantities(lines: Iterable[tuple[str, Any]]) -> Counter[str]:
    """Counts how many of each thing some lines have in all."""
    counted: Counter[str] = Counter()
    for item, quantity in lines:
        counted[item] += int(Decimal(quantity))
    return counted


def shop_id_of(order: dict[str, Any]) -> int:
    """Returns the order of the shop that one of M3 says to be; 0 if it says none."""
    store, _, rest = order["yref"].partition("-")
    number = rest.partition("-")[0]
    return int(number) if store == STORE and number.isdigit() else 0
