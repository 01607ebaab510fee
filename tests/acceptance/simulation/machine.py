"""The state machine: what buyers, shop, broker, workers, M3 and people may do next, in any order. Run by __main__.py.

The rules stand in files of their own. Each tells its step as a sentence; Hypothesis draws a day of them, and the sentences of
the shortest day that breaks a promise are its story.
"""

from __future__ import annotations

from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from tests.acceptance.simulation.books import require_complete, require_sound
from tests.acceptance.simulation.days import step
from tests.acceptance.simulation.people import People
from tests.acceptance.simulation.pools import Pools
from tests.acceptance.simulation.rest import come_to_rest
from tests.acceptance.simulation.trouble import Trouble

TICK_S = 0.2
_HELD = "SELECT id, state FROM exchange WHERE state IN ('dead_letter', 'running') ORDER BY id"


class Simulation(Pools, Trouble, People, RuleBasedStateMachine):
    """One example: a day, and what must hold in it."""

    last: ClassVar[Simulation]

    def __init__(self) -> None:
        super().__init__()
        Simulation.last = self

    @initialize(seed=st.integers(0, 999))
    @step
    def begin(self, seed: int) -> None:
        """A day begins: empty books, empty ledger."""
        self.world.start_anew(seed)

    @invariant()
    def is_sound(self) -> None:
        """Nothing doubled, nothing unexpected, money equal: after every step."""
        if self.is_open and self.history.versions:
            self.is_open = False
            require_sound(self.world, self.history, kinds=self.looked_for)
            self.is_open = True
        self.world.clock.advance(TICK_S)
        self.waiting = self.world.messages()
        held = self.world.rows(_HELD)
        self.dead = [row["id"] for row in held if row["state"] == "dead_letter"]
        self.is_leased = len(held) > len(self.dead)

    def teardown(self) -> None:
        """Comes to rest and looks whether every order arrived."""
        was_sound = self.is_open
        for run in self.stopped:
            self.tell(f"Worker C goes on with {self._what(run.exchange_id)}: {run.wake().text}.")
        self.stopped.clear()
        self._count_m3_faults()
        if was_sound and self.history.versions:
            come_to_rest(self.world)
            self.tell("Faults end, people do what waits for them, time passes until all is quiet.")
            require_complete(self.world, self.history, kinds=self.looked_for)
            self.tally.carried += len(self.world.m3_book()["orders"])
        self.tally.examples += 1
        for report in self.on_example:
            report()
