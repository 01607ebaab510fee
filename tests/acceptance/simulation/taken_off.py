"""What the ledger says that refunds took off orders M3 has not picked. Used by books.py and orders_at_rest.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.acceptance.simulation.orders_history import quantities
from tests.acceptance.simulation.world import World


@dataclass(frozen=True)
class TakenOff:
    """What the ledger says that a refund takes off an order M3 has not picked."""

    lines: Counter[str]
    total: Decimal


_TAKEN_OFF = "SELECT order_id, content FROM order_reduction ORDER BY order_id, refund_id"


def read_taken_off(world: World, shop: dict[str, Any]) -> dict[int, list[TakenOff]]:
    """Returns it by order of the shop."""
    skus = {line["id"]: line["sku"] or "" for part in ("orders", "gone") for one in shop[part] for line in one["lines"]}
    found: dict[int, list[TakenOff]] = {}
    for row in world.rows(_TAKEN_OFF):
        pieces = [one for one in row["content"]["now"]["pieces"] if one["of"] == "goods"]
        lines = quantities((skus[one["source_id"]], one["quantity"]) for one in pieces)
        found.setdefault(row["order_id"], []).append(TakenOff(lines, Decimal(row["content"]["now"]["total"])))
    return found


def totals_of(taken_off: dict[int, list[TakenOff]]) -> dict[int, Decimal]:
    """Returns by order how much it is in all."""
    return {number: sum((one.total for one in some), Decimal(0)) for number, some in taken_off.items()}


def grown(order: dict[str, Any], off: Iterable[TakenOff]) -> tuple[tuple[tuple[str, int], ...], Decimal]:
    """Returns lines and total of an order with what was taken off it."""
    lines, total = quantities((one["itno"], one["quantity"]) for one in order["lines"]), Decimal(order["total"])
    for one in off:
        lines, total = lines + one.lines, total + one.total
    return tuple(sorted(lines.items())), total
