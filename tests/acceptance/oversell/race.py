"""Fifty buyers race for twenty units over five minutes, while M3 lags and news are late or lost: all of it, or one thing alone.

Used by __main__.py and the test.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from unittest.mock import patch

from connector.errors import ConnectorError
from connector.flows.polling import poll_changed
from connector.flows.stock import assessing
from connector.flows.stock.pull import pull
from connector.ledger.dispatch import revive_dead_letters
from connector.ledger.offers import mark_due, wake_due
from connector.ledger.session import transaction
from sandbox.m3.faults import Outage, Rule
from sandbox.m3.faults import Settings as M3Faults
from tests.acceptance.oversell.books import Published
from tests.acceptance.oversell.market import ITEM, SHOPS, Market

BUYERS, UNITS, RACE_S = 50, 20, 300
REST_S = 120
WEBHOOK_LATE_S = 60.0
WEBHOOKS_LOST, EVENTS_LOST = 0.2, 0.3
ON_HOLD, CANCELLED = 0.3, 0.4
ORDERS_WAIT = 0.6
"""In so many seconds the orders are not taken up."""
OTHER_SALES = 2
"""Units M3 gives to somebody else meanwhile."""
FLOW = "stock_to_woo"


@dataclass(frozen=True)
class Troubles:
    """What goes wrong in a race, and what makes it hard."""

    on_hold: bool = False  # some pay later, or never
    late_webhooks: bool = False  # up to a minute late; else within a second
    two_stores: bool = False  # buyers come to both; else to one
    m3_lag: bool = False  # M3 is away three times, loses answers, and orders wait for their turn
    lost_events: bool = False  # some messages of M3, and some of the shops, never come


ALL_TROUBLES = Troubles(on_hold=True, late_webhooks=True, two_stores=True, m3_lag=True, lost_events=True)
CAUSES = {
    "nothing of it": Troubles(),
    "on-hold orders": Troubles(on_hold=True),
    "late webhooks": Troubles(late_webhooks=True),
    "two stores on one warehouse": Troubles(two_stores=True),
    "M3 lag": Troubles(m3_lag=True),
    "lost events": Troubles(lost_events=True),
    "all together": ALL_TROUBLES,
}


@dataclass(frozen=True)
class Raced:
    """How a race went."""

    seed: int
    sold: int
    supply: int
    refused: int
    published: tuple[Published, ...]
    shown_at_the_end: dict[str, int]
    free_at_the_end: int

    @property
    def oversold(self) -> int:
        """Units that were sold and are not there."""
        return max(0, self.sold - self.supply)

    @property
    def too_high(self) -> list[Published]:
        """What was written above what was there when the connector looked."""
        return [one for one in self.published if one.quantity > one.allowed]


class Race:
    """One race; everything that happens follows from the seed."""

    def __init__(self, market: Market, *, seed: int, troubles: Troubles = ALL_TROUBLES) -> None:
        self.market = market
        self.seed = seed
        self.troubles = troubles
        self.drawn = random.Random(seed)
        self.refused = 0
        self.inbox: list[Callable[[], object]] = []

    def run(self, *, corrects: bool) -> Raced:
        """Lets the race take place.

        Args:
            corrects: Whether what orders hold and M3 does not know is taken off; False only to show what it is good for.
        """
        market = self.market
        market.start_anew(self.seed, units=UNITS)
        with nullcontext() if corrects else _nothing_in_flight():
            self._schedule()
            for second in range(RACE_S + REST_S):
                self._second(second)
        balance = market.site.state.items[ITEM].balances["001"]
        return Raced(
            seed=self.seed,
            sold=market.books.sold(),
            supply=UNITS - OTHER_SALES,
            refused=self.refused,
            published=tuple(market.books.published),
            shown_at_the_end={store: self._shown(store) for store in SHOPS},
            free_at_the_end=int(balance.available),
        )

    def _schedule(self) -> None:
        later = self.market.clock.call_later
        for number in range(BUYERS):
            later(self.drawn.uniform(1, RACE_S), partial(self._come, number))
        later(100, partial(self.market.set_m3, add=str(-OTHER_SALES)))
        for _ in range(3 if self.troubles.m3_lag else 0):
            later(self.drawn.uniform(20, RACE_S - 40), partial(self._away, self.drawn.uniform(10, 40)))

    def _come(self, number: int) -> None:
        """A buyer comes to one of the shops, finds something on the shelf or not, pays now, later or never."""
        store = self.drawn.choice(sorted(SHOPS) if self.troubles.two_stores else sorted(SHOPS)[:1])
        status = "on-hold" if self.drawn.random() < ON_HOLD * self.troubles.on_hold else "processing"
        order = self.market.buy(store, number=number, status=status)
        if order is None:
            self.refused += 1
            return
        self._tell(store, order)
        if status == "on-hold":
            then = "cancelled" if self.drawn.random() < CANCELLED else "processing"
            self.market.clock.call_later(self.drawn.uniform(20, 120), partial(self._decide, store, order, then))

    def _decide(self, store: str, order: int, status: str) -> None:
        self.market.control(store, f"orders/{order}", status=status, deliver="never").raise_for_status()
        self._tell(store, order)

    def _tell(self, store: str, order: int) -> None:
        """A webhook comes at once, within a minute, or never; it is taken between two runs, as by another process."""
        if self.drawn.random() >= WEBHOOKS_LOST * self.troubles.lost_events:
            deliver = partial(self.inbox.append, partial(self.market.announce, store, order))
            late_s = WEBHOOK_LATE_S if self.troubles.late_webhooks else 1.0
            self.market.clock.call_later(self.drawn.uniform(0.5, late_s), deliver)

    def _away(self, for_s: float) -> None:
        rules = (Rule.model_validate({"fault": "drop_after_commit", "rate": 0.3, "times": 2}),)
        self.market.site.faults.replace(M3Faults(rules=rules, outage=Outage(to_s=for_s), gateway_cut_s=3))

    def _second(self, second: int) -> None:
        market = self.market
        until = float(second)
        market.clock.advance(max(0.0, until - market.clock.monotonic()))
        while self.inbox:
            self.inbox.pop(0)()
        self._hear_m3()
        if second % 10 == 0:
            with transaction(market.engine) as connection:
                wake_due(connection)
                revive_dead_letters(connection)
        if second % 60 == 30:
            self._poll()
        is_slow = self.drawn.random() < ORDERS_WAIT * self.troubles.m3_lag
        self._work((FLOW,) if is_slow else (FLOW, "orders_to_m3", "customers_to_m3"))

    def _hear_m3(self) -> None:
        """M3 tells of each change, or the message is lost."""
        changes, self.market.changes[:] = len(self.market.changes), []
        if changes and self.drawn.random() >= EVENTS_LOST * self.troubles.lost_events:
            with transaction(self.market.engine) as connection:
                for store in SHOPS:
                    mark_due(connection, store, flow=FLOW, item_numbers=[ITEM])

    def _poll(self) -> None:
        for store in SHOPS:
            context = self.market.connector.process.runtime.store(store)
            poll_changed(self.market.engine, context)
            with suppress(ConnectorError):  # M3 is away; the next minute has it
                pull(self.market.engine, context, full=False)

    def _work(self, flows: tuple[str, ...]) -> None:
        due = self.market.rows(
            "SELECT id FROM exchange WHERE flow = ANY(:flows) AND state IN ('ready', 'waiting', 'blocked')"
            " AND next_attempt_at <= ledger_now() AND coalesce(not_before <= ledger_now(), true) ORDER BY id",
            flows=list(flows),
        )
        for row in due:
            self.market.connector.run(row["id"])

    def _shown(self, store: str) -> int:
        product = self.market.shops[store].product_by_sku(ITEM)
        assert product is not None
        return int(product.stock_quantity or 0)


def _nothing_in_flight() -> AbstractContextManager[object]:
    return patch.object(assessing, "units_in_flight", lambda *_, **__: [])
