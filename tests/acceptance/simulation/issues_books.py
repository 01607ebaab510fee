"""What must hold of units of invoiced orders: M3 has booked out what the order holds of the shop's stock. Used by books.py."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.acceptance.simulation.invoices_history import InvoicesHistory, Stated
from tests.acceptance.simulation.sorts import LOCATION
from tests.acceptance.simulation.stock_numbers import EXECUTED, line_of
from tests.acceptance.simulation.world import World

Book = Mapping[str, Any]
FLOW = "issues_to_m3"
CONFIRMED = ("processing", "completed")


def of_issues(world: World, m3: Book, history: InvoicesHistory) -> Iterator[str]:
    """Says what is wrong at this moment; see `require_sound`."""
    if not world.sort.issues_stock:
        return
    most: Counter[int] = Counter()
    for stated in history.orders.values():
        for one in stated:
            most |= Counter(one.held)
    for message in m3["stock_messages"]:
        line = line_of(message["msnr"])
        if line not in history.skus or message["whsl"] != LOCATION:
            yield f"unexpected: message {message['msnr']} of M3 is of no line of the shop, or in {message['whsl']}"
        elif message["itno"] != history.skus[line]:
            yield f"unexpected: message {message['msnr']} is of {message['itno']}, the line of {history.skus[line]}"
    for line, units in _booked(m3).items():
        if not 0 <= units <= most[line]:
            yield f"doubled: {units} units of line {line} are booked out of M3's stock, it held {most[line]} at most"


def of_issues_at_rest(world: World, m3: Book, history: InvoicesHistory, waiting: Collection[int]) -> Iterator[str]:
    """Says what is wrong when nothing is left to do; see `require_complete`.

    Args:
        world: The world.
        m3: M3's book.
        history: What the shop ever stated.
        waiting: The orders whose units wait for a person.
    """
    if not world.sort.issues_stock:
        return
    yield from (
        f"stuck: message {one['msnr']} is not executed" for one in m3["stock_messages"] if one["stat"] != EXECUTED
    )
    booked = _booked(m3)
    for number, stated in history.orders.items():
        if number in world.shop.orders and number not in waiting:
            yield from _of_order(number, stated[-1], booked)


def _of_order(number: int, now: Stated, booked: Mapping[int, int]) -> Iterator[str]:
    """A status that is not carried across takes nothing more out; what the shop took back is in again in any."""
    for line, held in now.held.items():
        is_right = booked[line] == held if now.status in CONFIRMED else booked[line] <= held
        if not is_right:
            yield (
                f"wrong units: line {line} of order {number} ({now.status}) holds {held}, M3 has booked {booked[line]} out"
            )


def _booked(m3: Book) -> Mapping[int, int]:
    units: defaultdict[int, int] = defaultdict(int)
    for message in m3["stock_messages"]:
        if message["stat"] == EXECUTED:
            units[line_of(message["msnr"])] -= int(Decimal(message["quantity"]))
    return units
