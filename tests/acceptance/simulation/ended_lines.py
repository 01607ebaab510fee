"""Lines that people ended in M3 while the shop has them: no machine may add them there again. Used by books.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.acceptance.simulation.orders_history import CONFIRMED, Version, quantities


@dataclass(frozen=True)
class EndedLine:
    """A line a person ended in M3. `since` is the place of the version that the shop had of its order then."""

    sku: str
    quantity: int
    since: int


def of_ended_lines(order: dict[str, Any], versions: list[Version], ended: list[EndedLine]) -> Iterator[str]:
    """What a person ended stays so, unless the shop has taken it off since, too: then it may come back from there."""
    now = quantities((one["itno"], one["quantity"]) for one in order["lines"])
    gone: Counter[str] = Counter()
    for line in ended:
        gone[line.sku] += line.quantity
    for line in ended:
        then, later = versions[line.since], versions[line.since :]
        if any(one.status not in CONFIRMED or one.units_of(line.sku) < then.units_of(line.sku) for one in later):
            continue
        most = max(one.units_of(line.sku) for one in versions) - gone[line.sku]
        if now[line.sku] > max(most, 0):
            yield f"overwritten: a person ended {line.sku} of order {order['orno']} in M3, and it holds {now[line.sku]} again"
