"""How many units of an item the shop may show; pure arithmetic. Used by assessing.py.

The rule and why it is so: docs/decisions/0010-what-the-shop-may-sell.md. Source: money-and-stock.md section 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

ZERO = Decimal(0)
MOST_SHOWN = 999_999_999
"""More of anything is no stock but a slip of the keyboard; the shop would take it."""


@dataclass(frozen=True)
class Figures:
    """What M3 says of an item, summed over the warehouses, in its basic unit."""

    on_hand: Decimal = ZERO  # STQT
    allocatable: Decimal = ZERO  # AV01
    available: Decimal = ZERO  # AV02
    reserved: Decimal = ZERO  # REQT
    unallocated: Decimal = ZERO  # of our confirmed order lines, what is neither allocated nor delivered

    def plus(self, other: Figures) -> Figures:
        """Adds another warehouse; nothing is cut at zero, for one warehouse's lack is another's stock."""
        return Figures(
            self.on_hand + other.on_hand,
            self.allocatable + other.allocatable,
            self.available + other.available,
            self.reserved + other.reserved,
            self.unallocated + other.unallocated,
        )

    @property
    def free(self) -> Decimal:
        """What may still be sold of what M3 knows.

        Our unallocated lines are in the reserved figure, whatever else is: more than it they cannot be.
        """
        unallocated = max(ZERO, min(self.unallocated, self.reserved))
        return min(self.allocatable - unallocated, self.available)


def balance_mark(allocatable: Decimal | None, available: Decimal | None) -> str | None:
    """Returns what tells one balance of a warehouse from the next (AV01 and AV02); None if it cannot be told."""
    if allocatable is None or available is None:
        return None
    return f"{allocatable.normalize():f} {available.normalize():f}"


def shown(free: Decimal, *, in_flight: Decimal, factor: Decimal, buffer: Decimal) -> int:
    """Returns the whole units the shop may show, never less than none.

    Args:
        free: What M3 could still give, basic units.
        in_flight: What orders hold that M3 does not know, basic units.
        factor: Basic units in one unit of the shop, above zero.
        buffer: Units of the shop kept back.
    """
    units = ((free - in_flight) / factor).to_integral_value(ROUND_FLOOR)
    return max(0, int((units - buffer).to_integral_value(ROUND_FLOOR)))
