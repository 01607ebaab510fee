"""The way of the shop's deliveries to the receiver. Rules of machine.py."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sandbox.shop.delivery import Prepared
from tests.acceptance.simulation.days import SOME, Day, step


class Deliveries(Day):
    """The rules about webhooks: in time, late, twice, never, in any order."""

    @precondition(lambda self: self.world.undelivered())
    @rule(
        which=SOME,
        fate=st.sampled_from(("arrives", "arrives twice", "is held up", "is lost", "arrives, its hint is lost")),
    )
    @step
    def deliver(self, which: int, fate: str) -> None:
        """One delivery is sent; the receiver may die before it sends its hint to the broker."""
        waiting = self.world.undelivered()
        prepared = self.world.take_delivery(waiting[which % len(waiting)])
        if prepared is None:
            return
        self.tally.faults[f"delivery {fate}"] += fate != "arrives"
        self.tell(f"A delivery of {prepared.headers['X-WC-Webhook-Topic']} {fate}.")
        if fate == "is held up":
            self.held.append(prepared)
        elif fate != "is lost":
            self._arrive(prepared, times=2 if fate == "arrives twice" else 1, loses_hint="hint" in fate)

    @precondition(lambda self: self.world.undelivered())
    @rule()
    @step
    def deliver_all(self) -> None:
        """All deliveries arrive as they should."""
        waiting = self.world.undelivered()
        for one in waiting:
            if prepared := self.world.take_delivery(one):
                assert self.world.deliver(prepared) == 200
        if waiting:
            self.tell(f"{len(waiting)} deliveries arrive in order.")

    @precondition(lambda self: self.held)
    @rule(which=SOME, times=st.integers(1, 2))
    @step
    def arrive_late(self, which: int, times: int) -> None:
        """A delivery that was held up arrives, as it was sent."""
        prepared = self.held.pop(which % len(self.held))
        self._arrive(prepared, times=times, loses_hint=False)
        twice = " twice" if times == 2 else ""
        self.tell(f"A delivery of {prepared.headers['X-WC-Webhook-Topic']} that was held up arrives{twice}.")

    def _arrive(self, prepared: Prepared, *, times: int, loses_hint: bool) -> None:
        self.world.loses_next_hint = loses_hint
        answers = [self.world.deliver(prepared) for _ in range(times)]
        self.world.loses_next_hint = False
        assert answers == [200] * times
