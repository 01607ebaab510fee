"""What people do who are told of something: in M3, and with dead letters. Rules of machine.py."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from sandbox.m3.entities import Order
from tests.acceptance.simulation.days import SOME, Day, step
from tests.acceptance.simulation.sent_by_m3 import PICKED, deliverable, number_of


class People(Day):
    """The rules about people."""

    @precondition(lambda self: self._hanging())
    @rule(which=SOME)
    @step
    def release_batch_order(self, which: int) -> None:
        """A person releases a batch order in OIS275."""
        hanging = self._hanging()
        temporary = hanging[which % len(hanging)]
        self.tell(f"A person releases batch order {temporary}: {self.world.release_batch_order(temporary)}.")

    @precondition(lambda self: self.world.sort.gives_back and self._open_lines())
    @rule(which=SOME)
    @step
    def close_line(self, which: int) -> None:
        """A person ends a line of an order in M3."""
        lines = self._open_lines()
        order, ponr = lines[which % len(lines)]
        number, line = number_of(order), order.body.lines[ponr]
        self.world.close_line(order.orno, ponr)
        self.history.end_in_m3(number, sku=line.itno, quantity=int(line.quantity))
        self.tell(f"A person ends line {ponr} of {order.orno} in M3, which is order {number}.")

    @precondition(lambda self: self.dead)
    @rule(which=SOME)
    @step
    def release_dead_letter(self, which: int) -> None:
        """A person releases a dead letter."""
        released = self.dead[which % len(self.dead)]
        self.world.release(released)
        self.tell(f"A person releases {self._what(released)}.")

    def _open_lines(self) -> list[tuple[Order, int]]:
        orders = [one for one in deliverable(self.world) if one.highest_status < PICKED]
        return [(one, ponr) for one in orders for ponr in one.body.lines]

    def _hanging(self) -> list[str]:
        batches = self.world.site.state.batch_orders.values()
        return [one.temporary_orno for one in batches if not one.orno and one.errors and one.body.lines]
