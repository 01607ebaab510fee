"""M3's item master to the shop's catalogue: products, variations, categories, attributes, status. Run by the workers.

One exchange a store carries whatever items are due. What M3 says is compared with what the shop holds, and only what differs
is written, in batches of 100. An item that cannot be carried says so itself and stops nobody.
"""

from __future__ import annotations

from connector.flows.batches import leave
from connector.flows.catalogue.loading import Loading
from connector.flows.catalogue.rules import FLOW, item_rules
from connector.flows.context import Run
from connector.flows.outcome import Done


def run(run: Run) -> Done:
    """Carries the due items of a store.

    Raises:
        NotYetError: New products of a run that was cut off may still arrive; they are looked for by SKU then.
        OutcomeUnknownError: The answer to a batch of new products was lost; the next run looks.
        ConnectorError: M3 or the shop is away, or refuses everything.
    """
    rules = item_rules(run.store)
    if rules is None:
        return leave(run, flow=FLOW, part="items")
    return Loading(run, rules).carry()
