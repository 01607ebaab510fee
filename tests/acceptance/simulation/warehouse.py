"""M3's warehouse picks and sends orders, and M3 invoices them. Rules of machine.py."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sandbox.m3.entities import Order
from tests.acceptance.simulation.buyers import KINDS, Buyers
from tests.acceptance.simulation.days import SOME, step
from tests.acceptance.simulation.rest import work_off
from tests.acceptance.simulation.sent_by_m3 import INVOICED, PICKED, SENT, advance, deliverable, number_of

ENOUGH = 9
"""Messages until an order that nothing holds up is in M3."""


class Warehouse(Buyers):
    """The rules about what becomes of orders in M3."""

    @precondition(lambda self: self.world.sort.delivers and deliverable(self.world))
    @rule(which=SOME, to=st.sampled_from((PICKED, SENT, INVOICED, INVOICED)), all_of_them=st.booleans())
    @step
    def deliver_in_m3(self, which: int, to: str, all_of_them: bool) -> None:
        """Orders are picked, leave or are invoiced."""
        orders = deliverable(self.world)
        for order in orders if all_of_them or not orders else [orders[which % len(orders)]]:
            if order.lowest_status < to:
                self._deliver(order, to)

    @precondition(lambda self: self.world.sort.delivers)
    @rule(kind=st.sampled_from(KINDS))
    @step
    def sell(self, kind: str) -> None:
        """A buyer places an order, the pools run, and M3 invoices what it has."""
        self.place(kind=kind, arrives=True)
        work_off(self.world, most=ENOUGH)
        self.deliver_in_m3(which=0, to=INVOICED, all_of_them=True)

    def _deliver(self, order: Order, to: str) -> None:
        advance(self.world, order.orno, to)
        number = number_of(order)
        self.history.delivered.add(number)
        self.tell(f"M3 takes {order.orno}, which is order {number}, to {to}.")
