"""People change a price or a quantity of an order in M3. Rules of machine.py."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sandbox.m3.entities import Line
from tests.acceptance.simulation.days import SOME, Day, step
from tests.acceptance.simulation.edited_lines import EditedLine
from tests.acceptance.simulation.sent_by_m3 import change_line, number_of, unpicked_lines

CENT, MORE = Decimal("0.01"), 10
"""Far from what any buyer does: what a person leaves in M3 is never what the shop comes to say."""


class PriceDesk(Day):
    """The rules about what people change in M3."""

    @precondition(lambda self: self.world.sort.delivers and unpicked_lines(self.world))
    @rule(which=SOME, what=st.sampled_from(("price", "quantity")), amount=st.integers(1, 9))
    @step
    def change_line_in_m3(self, which: int, what: str, amount: int) -> None:
        """A person changes the price or the quantity of a line nothing of which is picked."""
        lines = unpicked_lines(self.world)
        order, line = lines[which % len(lines)]
        number, left = number_of(order), _changed(line, what, amount)
        change_line(self.world, order.orno, line.ponr, quantity=left.quantity, price=left.price)
        self.history.edit_in_m3(number, ponr=line.ponr, line=left)
        self.tell(
            f"A person leaves line {line.ponr} of {order.orno}, which is order {number}, as {left.quantity} at {left.price}."
        )


def _changed(line: Line, what: str, amount: int) -> EditedLine:
    if what == "price":
        return EditedLine(line.quantity, line.price + CENT * (MORE + amount))
    return EditedLine(line.quantity + MORE + amount, line.price)
