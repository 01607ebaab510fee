"""How far orders are in M3, and what takes them further. Used by warehouse.py, people.py and rest.py."""

from __future__ import annotations

from sandbox.m3.book import is_return
from sandbox.m3.entities import Order
from tests.acceptance.simulation.world import M3, World

PICKED, SENT, INVOICED = "44", "66", "77"


def deliverable(world: World) -> list[Order]:
    """Returns the orders of M3 that are not invoiced yet, and not stopped, oldest first."""
    orders = [one for one in world.site.state.orders.values() if one.body.lines and not is_return(one)]
    return [one for one in orders if not one.is_held and one.lowest_status != INVOICED]


def number_of(order: Order) -> int:
    """Returns which order of the shop an order of M3 is."""
    return int(order.body.head["YREF"].split("-")[1])


def advance(world: World, orno: str, to: str) -> None:
    """Has M3 pick, send or invoice an order."""
    world.control(M3, f"orders/{orno}/advance", to=to)
