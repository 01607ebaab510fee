"""What people do who are told of something: in M3, and with dead letters. Rules of machine.py."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from tests.acceptance.simulation.days import SOME, Day, step


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
