"""M3's warehouse sends orders in part, and M3 invoices what left; the rest comes later, or not on that day. Rules of machine.py."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sandbox.m3.entities import Line, Order
from tests.acceptance.simulation.buyers import KINDS
from tests.acceptance.simulation.days import SOME, step
from tests.acceptance.simulation.refunds import ALL_GOODS, LINE, PARTS, Refunds
from tests.acceptance.simulation.rest import work_off
from tests.acceptance.simulation.sent_by_m3 import INVOICED, PICKED, SENT, advance, deliverable, number_of, open_lines
from tests.acceptance.simulation.warehouse import ENOUGH, Warehouse

ONE = Decimal(1)


class Parts(Refunds, Warehouse):
    """The rules about what leaves in part."""

    @precondition(lambda self: self.world.sort.delivers and deliverable(self.world))
    @rule(
        which=SOME,
        line=SOME,
        to=st.sampled_from((SENT, INVOICED, INVOICED, PICKED)),
        one_piece=st.booleans(),
        rest_comes=st.booleans(),
    )
    @step
    def deliver_part_in_m3(self, which: int, line: int, to: str, one_piece: bool, rest_comes: bool) -> None:
        """One line of an order, or a piece of it, is picked, leaves or is invoiced; of the rest nothing more may come that day."""
        orders = deliverable(self.world)
        order = orders[which % len(orders)]
        lines = open_lines(order)
        if lines:
            self._deliver_part(order, lines[line % len(lines)], to, one_piece=one_piece and to != PICKED)
            (self.world.on_back_order.discard if rest_comes else self.world.on_back_order.add)(order.orno)

    @precondition(lambda self: self.world.sort.delivers)
    @rule(
        kind=st.sampled_from(KINDS),
        one_piece=st.booleans(),
        what=st.sampled_from(("nothing", *PARTS, LINE, ALL_GOODS, ALL_GOODS)),
        is_between=st.booleans(),
    )
    @step
    def sell_in_parts(self, kind: str, one_piece: bool, what: str, is_between: bool) -> None:
        """A buyer orders, M3 invoices it in two parts, and between them or after them something is given back."""
        self.place(kind=kind, arrives=True)
        work_off(self.world, most=ENOUGH)
        newest = max(self.world.shop.orders)
        order = next((one for one in deliverable(self.world) if number_of(one) == newest), None)
        if order is None or not open_lines(order):
            return
        self._deliver_part(order, open_lines(order)[0], INVOICED, one_piece=one_piece)
        if what != "nothing" and is_between:
            self._give_newest_back(what)
        self._deliver(order, INVOICED)
        if what != "nothing" and not is_between:
            self._give_newest_back(what)

    def _give_newest_back(self, what: str) -> None:
        self.give_back(which=len(self._orders()) - 1, what=what, paid_back=True, restocks=True, arrives=True)
        work_off(self.world, most=ENOUGH)

    def _deliver_part(self, order: Order, line: Line, to: str, *, one_piece: bool) -> None:
        pieces = ONE if one_piece and line.open_quantity > ONE else line.open_quantity
        advance(self.world, order.orno, to, ponr=line.ponr, quantity=None if to == PICKED else pieces)
        number = number_of(order)
        self.history.delivered.add(number)
        self.tell(f"M3 takes {pieces} of line {line.ponr} of {order.orno}, which is order {number}, to {to}.")
