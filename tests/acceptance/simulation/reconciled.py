"""The connector's own comparison of the books at rest: it has to explain every difference there is by then. Used by books.py."""

from __future__ import annotations

from collections.abc import Iterator

from connector.flows.reconciling.compare import compare_money
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.totals import Totals
from tests.acceptance.simulation.invoices_history import InvoicesHistory
from tests.acceptance.simulation.virtual_time import START
from tests.acceptance.simulation.world import World
from tests.harness import STORE


def of_reconciliation(world: World, history: InvoicesHistory) -> Iterator[str]:
    """Says what `connector reconcile money` finds of the day and does not explain; see `require_complete`.

    Of an order that is refunded in the shop, and its refund deleted there, nobody can say what M3 should have.
    """
    unclear = {str(history.refunds[one].order_id) for one in history.deleted}
    store = world.workers[0].runtime.store(STORE)
    zone = store.config.m3.zone
    period = Period(START.astimezone(zone).date(), world.clock.now().astimezone(zone).date(), zone)
    for row in compare_money(world.engine, store, period, totals=Totals()):
        if not row.is_explained and row.order_number not in unclear:
            yield (
                f"unexplained: {row.fact} {row.shop_id} ({row.what}) is {row.shop} in the shop, {row.m3} in M3: {row.words}"
            )
