"""Days pass, and people enter M3's exchange rates, or forget to. Rules of machine.py."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.acceptance.simulation.buyers import Buyers
from tests.acceptance.simulation.days import SOME, step
from tests.acceptance.simulation.rates_of_m3 import days_of, enter_rates, rate_of
from tests.acceptance.simulation.rest import RATES_JOBS
from workers.jobs import run_turn

DAY_S = 86_400.0


class Rates(Buyers):
    """The rules about books of one currency."""

    @rule(which=SOME)
    @step
    def enter_rate(self, which: int) -> None:
        """Somebody in M3 enters the rate of a day, the present one or one that was forgotten."""
        days = [*reversed(days_of(self.world))]
        day = days[which % len(days)]
        enter_rates(self.world, [day])
        self.tell(f"Somebody in M3 enters the rate of {day}: {rate_of(day)}.")

    @rule()
    @step
    def let_day_pass(self) -> None:
        """It is tomorrow, and M3 has no rate of it yet."""
        self.world.clock.advance(DAY_S)
        self.tell("A day passes.")

    @rule(beats=st.integers(1, 2))
    @step
    def read_rates(self, beats: int) -> None:
        """Beat sends the job that reads rates; perhaps twice."""
        said = [run_turn(self.world.workers[number], job) for number in range(beats) for job in RATES_JOBS]
        self.tell(f"pull_rates: {'; '.join(said)}.")

    @rule(arrives=st.booleans())
    @step
    def place_in_dollars(self, arrives: bool) -> None:
        """A buyer pays in another currency than that of the books."""
        self.place(kind="usd", arrives=arrives)
