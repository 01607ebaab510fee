"""How far orders are in M3, and what takes them further. Used by warehouse.py, parts.py, people.py, price_desk.py and rest.py."""

from __future__ import annotations

from decimal import Decimal

from sandbox.m3.book import is_return
from sandbox.m3.entities import Line, Order
from sandbox.m3.programs.order_changes import chg_line_batch_ent
from sandbox.m3.programs.orders import upd_price_info
from sandbox.m3.programs.run import Run
from tests.acceptance.simulation.world import M3, World

PICKED, SENT, INVOICED = "44", "66", "77"


def deliverable(world: World) -> list[Order]:
    """Returns the orders of M3 that are not invoiced yet, and not stopped, oldest first."""
    orders = [one for one in world.site.state.orders.values() if one.body.lines and not is_return(one)]
    return [one for one in orders if not one.is_held and one.lowest_status != INVOICED]


def open_lines(order: Order) -> list[Line]:
    """Returns the lines of an order of which something has not left."""
    return [line for line in order.body.lines.values() if line.open_quantity > 0]


def unpicked_lines(world: World) -> list[tuple[Order, Line]]:
    """Returns the lines that people may still change or end, with their orders."""
    orders = [one for one in deliverable(world) if one.highest_status < PICKED]
    return [(one, line) for one in orders for line in one.body.lines.values()]


def number_of(order: Order) -> int:
    """Returns which order of the shop an order of M3 is."""
    return int(order.body.head["YREF"].split("-")[1])


def advance(world: World, orno: str, to: str, *, ponr: int | None = None, quantity: Decimal | None = None) -> None:
    """Has M3 pick, send or invoice an order, or a line of it, or so much of the line (basic units)."""
    line = {"ponr": ponr, **({} if quantity is None else {"quantity": str(quantity)})}
    world.control(M3, f"orders/{orno}/advance", to=to, **({} if ponr is None else {"lines": [line]}))


def change_line(world: World, orno: str, ponr: int, *, quantity: Decimal, price: Decimal) -> None:
    """Does what a person does in OIS300 with a line nothing of which is picked."""
    line = {"ORNO": orno, "PONR": str(ponr), "POSX": "0"}
    settings = world.site.faults.settings
    with world.site.state.lock:
        chg_line_batch_ent(
            Run("OIS100MI", "ChgLineBatchEnt", {**line, "ORQA": str(quantity)}, world.site.state, settings)
        )
        upd_price_info(Run("OIS100MI", "UpdPriceInfo", {**line, "SAPR": str(price)}, world.site.state, settings))
