"""Reads the statuses of an order's lines as one stage. Called by reading.py."""

from __future__ import annotations

from collections.abc import Collection

from connector.stores.progress import Stage

CLOSED = "99"
"""Completed without delivery: nothing of the line is to come."""
_BEGINNING = frozenset({"05", "10"})  # quotation, preliminary
KNOWN = _BEGINNING | {
    *("22", "23", "24", "26", "27"),
    *("33", "34", "36", "37"),
    *("44", "46", "47"),
    *("66", "67", "77"),
}
"""Order line statuses (order-rules section 6): the least progressed part of the quantity, then the most progressed one."""


def stage_of(statuses: Collection[str]) -> Stage | None:
    """Returns how far an order is; None if all its lines are closed, or M3 says something nobody knows.

    Args:
        statuses: ORST of each line. Those closed without delivery do not hold the others up.
    """
    live = [status for status in statuses if status != CLOSED]
    if not live or unknown_among(statuses):
        return None
    least = min("0" if status in _BEGINNING else status[0] for status in live)
    most = max("0" if status in _BEGINNING else status[1] for status in live)
    if least >= "6":
        return Stage.INVOICED if least == "7" else Stage.DELIVERED
    return _BY_MOST.get(most, Stage.OPEN)


_BY_MOST = {
    "7": Stage.PART_INVOICED,
    "6": Stage.PART_DELIVERED,
    "4": Stage.PICKING,
    "3": Stage.ALLOCATED,
}


def unknown_among(statuses: Collection[str]) -> list[str]:
    """Returns the statuses that are none of M3's order line statuses."""
    return sorted({status for status in statuses if status not in KNOWN and status != CLOSED})
