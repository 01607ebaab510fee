"""Counts in words, as the tables of the demo show them."""

from __future__ import annotations

from decimal import Decimal


def counted(count: Decimal | int, one: str, many: str = "") -> str:
    """Returns `1 line`, `2 lines`; `many` where it is more than `one` with an s behind it."""
    return f"{Decimal(count):f} {one if count == 1 else many or one + 's'}"
