"""The connector's own comparison of the books at rest: it has to explain every difference there is by then. Used by books.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.flows.reconciling.compare import compare_money
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.totals import Totals
from tests.acceptance.simulation.history import History
from tests.acceptance.simulation.returns_books import refund_of
from tests.acceptance.simulation.virtual_time import START
from tests.acceptance.simulation.world import World
from tests.harness import STORE


def of_reconciliation(world: World, m3: Mapping[str, Any], history: History) -> Iterator[str]:
    """Says what `connector reconcile money` finds of the day and does not explain; see `require_complete`.

    Of an order that is refunded in the shop, and its refund deleted there, nobody can say what M3 should have. Nor is one explained
    of which a person ended a line in M3 that the buyer paid, and something was returned, too: somebody has to look at that.
    """
    unclear = {str(history.money.refunds[one].order_id) for one in history.money.deleted}
    returned = {history.money.refunds[refund_of(one)].order_id for one in m3["returns"]}
    unclear |= {str(number) for number in returned & history.ended_in_m3.keys()}
    store = world.workers[0].runtime.store(STORE)
    zone = store.config.m3.zone
    period = Period(START.astimezone(zone).date(), world.clock.now().astimezone(zone).date(), zone)
    for row in compare_money(world.engine, store, period, totals=Totals()):
        if not row.is_explained and row.order_number not in unclear:
            yield (
                f"unexplained: {row.fact} {row.shop_id} ({row.what}) is {row.shop} in the shop, {row.m3} in M3: {row.words}"
            )
