"""What people do who are told of something: in M3, and with dead letters. Rules of machine.py."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from tests.acceptance.simulation.days import SOME, Day, step
from tests.acceptance.simulation.sent_by_m3 import number_of, unpicked_lines


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

    @precondition(lambda self: self.world.sort.gives_back and unpicked_lines(self.world))
    @rule(which=SOME)
    @step
    def close_line(self, which: int) -> None:
        """A person ends a line of an order in M3."""
        lines = unpicked_lines(self.world)
        order, line = lines[which % len(lines)]
        number = number_of(order)
        self.world.close_line(order.orno, line.ponr)
        self.history.end_in_m3(number, ponr=line.ponr, sku=line.itno, quantity=int(line.quantity))
        self.tell(f"A person ends line {line.ponr} of {order.orno} in M3, which is order {number}.")

    @precondition(lambda self: self.dead)
    @rule(which=SOME)
    @step
    def release_dead_letter(self, which: int) -> None:
        """A person releases a dead letter."""
        released = self.dead[which % len(self.dead)]
        self.world.release(released)
        self.tell(f"A person releases {self._what(released)}.")

    def _hanging(self) -> list[str]:
        batches = self.world.site.state.batch_orders.values()
        return [one.temporary_orno for one in batches if not one.orno and one.errors and one.body.lines]
