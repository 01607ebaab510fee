"""The state machine: what buyers, shop, broker, workers, M3 and people may do next, in any order. Run by __main__.py.

The rules stand in files of their own. Each tells its step as a sentence; Hypothesis draws a day of them, and the sentences of
the shortest day that breaks a promise are its story.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from tests.acceptance.simulation.accounts import Accounts
from tests.acceptance.simulation.books import ViolationError, require_complete, require_shown, require_sound
from tests.acceptance.simulation.days import Played, step
from tests.acceptance.simulation.people import People
from tests.acceptance.simulation.pools import Pools
from tests.acceptance.simulation.rest import come_to_rest, load
from tests.acceptance.simulation.shelves import Shelves
from tests.acceptance.simulation.trouble import Trouble

ORDERS_ALONE, ACCOUNTS, GOODS, FIRST_LOAD = "orders alone", "accounts", "goods", "first load"
SORTS = (ORDERS_ALONE, ACCOUNTS, GOODS, GOODS, FIRST_LOAD)
"""What sort of day it is: most of the flows of goods need them in the shop, those of customers a store that follows accounts."""
TICK_S = 0.2
_HELD = "SELECT id, state FROM exchange WHERE state IN ('dead_letter', 'running') ORDER BY id"


class Simulation(Pools, Shelves, Accounts, Trouble, People, RuleBasedStateMachine):
    """One example: a day, and what must hold in it."""

    broken: ClassVar[list[Played]] = []

    @initialize(seed=st.integers(0, 999), sort=st.sampled_from(SORTS))
    @step
    def begin(self, seed: int, sort: str = ORDERS_ALONE) -> None:
        """A day begins: empty books, empty ledger; some days with accounts, or goods of M3 in the shop or about to come there."""
        self.world.start_anew(
            seed,
            goods=self.history.goods if sort in (GOODS, FIRST_LOAD) else None,
            accounts=self.history.accounts if sort == ACCOUNTS else None,
        )
        if sort == GOODS:
            load(self.world)
            self.tell("The shop shows M3's goods.")

    @invariant()
    def is_sound(self) -> None:
        """Nothing doubled, nothing unexpected, money equal: after every step."""
        if self.is_open and self._has_begun():
            self.is_open = False
            self._judge(require_sound)
            self.is_open = True
        self.world.clock.advance(TICK_S)
        self.waiting = self.world.messages()
        if self.world.shows_goods:
            self.news += self.world.news.take(self.world.site)
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
        if was_sound and self._has_begun():
            come_to_rest(self.world, before_night=partial(self._judge, require_shown))
            self.tell("Faults end, people do what waits for them, time passes until all is quiet.")
            self._judge(require_complete)
            self.tally.carried += len(self.world.m3_book()["orders"])
        self.tally.goods.update(self.world.witness.written)
        self.tally.examples += 1
        for report in self.on_example:
            report()

    def _has_begun(self) -> bool:
        return bool(self.history.versions) or self.world.shows_goods or self.world.follows_accounts

    def _judge(self, judge: Callable[..., None]) -> None:
        """Keeps the day if it breaks a promise: a second time it may go otherwise, for threads and jitter are real."""
        try:
            judge(self.world, self.history, kinds=self.looked_for)
        except ViolationError as violation:
            self.broken.append(Played(str(violation), tuple(self.story), tuple(self.steps)))
            raise
