"""M3's warehouse picks and sends orders, and M3 invoices them. Rules of machine.py."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sandbox.m3.book import is_return
from sandbox.m3.entities import Order
from tests.acceptance.simulation.days import SOME, Day, step
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


class Warehouse(Day):
    """The rules about what becomes of orders in M3."""

    @precondition(lambda self: self.world.sort.delivers and deliverable(self.world))
    @rule(which=SOME, to=st.sampled_from((PICKED, SENT, INVOICED, INVOICED)), all_of_them=st.booleans())
    @step
    def deliver_in_m3(self, which: int, to: str, all_of_them: bool) -> None:
        """Orders are picked, leave or are invoiced."""
        orders = deliverable(self.world)
        for order in orders if all_of_them else [orders[which % len(orders)]]:
            if order.lowest_status < to:
                self._deliver(order, to)

    def _deliver(self, order: Order, to: str) -> None:
        advance(self.world, order.orno, to)
        number = number_of(order)
        self.history.delivered.add(number)
        self.tell(f"M3 takes {order.orno}, which is order {number}, to {to}.")
