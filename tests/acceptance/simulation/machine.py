"""The state machine: what buyers, shop, broker, workers, M3 and people may do next, in any order. Run by __main__.py.

The rules stand in files of their own. Each tells its step as a sentence; Hypothesis draws a day of them, and the sentences of
the shortest day that breaks a promise are its story.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from tests.acceptance.simulation.accounts import Accounts
from tests.acceptance.simulation.books import ViolationError, require_complete, require_shown, require_sound
from tests.acceptance.simulation.days import Played, step
from tests.acceptance.simulation.invoices_books import vouchers_of
from tests.acceptance.simulation.paid_back import PaidBack
from tests.acceptance.simulation.parts import Parts
from tests.acceptance.simulation.people import People
from tests.acceptance.simulation.pools import Pools
from tests.acceptance.simulation.price_desk import PriceDesk
from tests.acceptance.simulation.rates import Rates
from tests.acceptance.simulation.refunds import Refunds
from tests.acceptance.simulation.rest import come_to_rest, load
from tests.acceptance.simulation.sent_by_m3 import INVOICED
from tests.acceptance.simulation.shelves import Shelves
from tests.acceptance.simulation.sorts import Sort
from tests.acceptance.simulation.trouble import Trouble
from tests.acceptance.simulation.warehouse import Warehouse
from tests.acceptance.simulation.world import World

TICK_S = 0.2
_HELD = "SELECT id, state FROM exchange WHERE state IN ('dead_letter', 'running') ORDER BY id"


class Simulation(Pools, Shelves, Accounts, Refunds, Warehouse, Trouble, People, RuleBasedStateMachine):
    """One example: a day, and what must hold in it."""

    broken: ClassVar[list[Played]] = []
    sort: ClassVar[Sort] = Sort.ORDERS_ALONE

    @initialize(seed=st.integers(0, 999), sort=st.builds(lambda: Simulation.sort))
    @step
    def begin(self, seed: int, sort: str) -> None:
        """A day of a sort begins: empty books, empty ledger; some with goods of M3 in the shop already."""
        today = Sort(sort)
        self.world.start_anew(seed, sort=today, goods=self.history.goods, accounts=self.history.accounts)
        if today in (Sort.GOODS, Sort.ISSUES_SHOWN):
            load(self.world)
            self.tell("The shop shows M3's goods." if today is Sort.GOODS else "The shop shows M3's stock.")

    @invariant()
    def is_sound(self) -> None:
        """Nothing doubled, nothing unexpected, money equal: after every step."""
        if self.is_open and self._has_begun():
            self.is_open = False
            self._judge(require_sound)
            self.is_open = True
        self.world.clock.advance(TICK_S)
        self.waiting = self.world.messages()
        if self.world.sort.shows_goods:
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
            self.tally.carried.update(_carried(self.world))
        self.tally.goods.update(self.world.witness.written)
        self.tally.sorts[self.world.sort] += 1
        self.tally.examples += 1
        for report in self.on_example:
            report()

    def _has_begun(self) -> bool:
        sort = self.world.sort
        return bool(self.history.versions) or sort.shows_goods or sort.follows_accounts

    def _judge(self, judge: Callable[..., None]) -> None:
        """Keeps the day if it breaks a promise: a second time it may go otherwise, for threads and jitter are real."""
        if self.world.sort.pays_orders:
            self.history.money.note_paid(self.world.shop)
        try:
            judge(self.world, self.history, kinds=self.looked_for)
        except ViolationError as violation:
            self.broken.append(Played(str(violation), tuple(self.story), tuple(self.steps)))
            raise


class PaidSimulation(PaidBack, Simulation):
    """A day whose payments go to the books beside orders. Its own rules would change what is drawn of days that have none."""


class PaidInEurosSimulation(Rates, PaidSimulation):
    """The same in books of one currency."""


class PartsSimulation(Parts, PriceDesk, Simulation):
    """A day on which M3 delivers and invoices in parts, and people change prices and quantities there."""


def machine_of(sort: Sort) -> type[Simulation]:
    """Returns what plays a day of a sort."""
    if sort is Sort.IN_PARTS:
        return PartsSimulation
    return PaidInEurosSimulation if sort.converts else PaidSimulation if sort.pays_orders else Simulation


def _carried(world: World) -> Counter[str]:
    """Counts what of a day came to M3."""
    m3 = world.m3_book()
    facts = Counter(kind for kind, _ in vouchers_of(m3) if kind)
    ended = sum(len(one.body.closed) for one in world.site.state.orders.values())
    taken_off = len(world.rows("SELECT 1 FROM order_reduction"))
    invoiced = sum(bool(one["lines"]) and one["lowest_stat"] == INVOICED for one in m3["orders"])
    bills = Counter(one["orno"] for one in m3["order_invoices"])
    orders = {
        "order": len(m3["orders"]),
        "order invoiced": invoiced,
        "order invoiced in parts": sum(bills[one["orno"]] > 1 for one in m3["orders"]),
        "order invoiced in part at rest": sum(
            "7" in one["stat"] and one["lowest_stat"] != INVOICED for one in m3["orders"]
        ),
        "return or credit order": len(m3["returns"]),
        "return of a further invoice": sum(one["yref"].count("-") > 2 for one in m3["returns"]),
    }
    others = {
        "message of stock": len(m3["stock_messages"]),
        "line ended": ended,
        "refund taken off its order": taken_off,
    }
    return Counter({**orders, **others}) + facts
