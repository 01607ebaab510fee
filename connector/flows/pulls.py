"""The table of what is pulled from M3 and compared with the shop: items, prices, stock, customers. Read by workers and CLI."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from connector.flows.catalogue import compare as catalogue_compare
from connector.flows.catalogue import pull as catalogue_pull
from connector.flows.context import StoreContext
from connector.flows.customer_publishing import compare as customers_compare
from connector.flows.customer_publishing import pull as customers_pull
from connector.flows.prices import compare as prices_compare
from connector.flows.prices import pull as prices_pull
from connector.flows.pulling import Compared, Progress, Pulled
from connector.flows.stock import compare as stock_compare
from connector.flows.stock import pull as stock_pull
from connector.ledger.session import Ledger


class Pull(Protocol):
    """Reads from M3 what changed since the last call, or everything, and makes it due; goes on where a call stopped."""

    def __call__(
        self,
        ledger: Ledger,
        store: StoreContext,
        *,
        full: bool,
        for_s: float = math.inf,
        progress: Progress | None = None,
    ) -> Pulled:
        """Stops after `for_s` seconds at the end of a page."""


class Compare(Protocol):
    """Reads both sides of some items, or of all, in pages, and writes nothing."""

    def __call__(
        self,
        ledger: Ledger,
        store: StoreContext,
        *,
        item_numbers: Collection[str] | None = None,
        progress: Progress | None = None,
    ) -> Iterator[Compared]:
        """Yields the fields item by item."""


@dataclass(frozen=True)
class PullEntry:
    """One kind of facts. `part` is its name in `publish` of a store file; `is_of_items`: its keys are item numbers."""

    part: str
    flow: str
    pull: Pull
    compare: Compare
    is_of_items: bool = True

    def is_published(self, store: StoreContext) -> bool:
        """Tells whether the store publishes it; if not, the shop's own values are left alone."""
        return getattr(store.config.publish, self.part) is not None


PULLS = {
    "items": PullEntry("items", "items_to_woo", catalogue_pull.pull, catalogue_compare.compare),
    "prices": PullEntry("prices", "prices_to_woo", prices_pull.pull, prices_compare.compare),
    "stock": PullEntry("stock", "stock_to_woo", stock_pull.pull, stock_compare.compare),
    "customers": PullEntry(
        "customers", "customers_to_woo", customers_pull.pull, customers_compare.compare, is_of_items=False
    ),
}


def entry_of_flow(flow: str) -> PullEntry | None:
    """Returns the entry whose facts a flow carries to the shop, or None."""
    return next((one for one in PULLS.values() if one.flow == flow), None)
