"""Which item of M3 stands behind a SKU that M3 holds under another name, by the map people keep and by M3. Called by orders.py.

A line of equal quantity and amount may be an alias, an item the SKU was mapped to, one M3 took in its place, or the wrong one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from connector.flows.context import StoreContext
from connector.flows.reconciling.matching import Twin
from connector.flows.reconciling.result import Difference
from connector.ledger.items import find_items
from connector.ledger.session import Ledger, transaction
from connector.m3.programs import mms025mi, mms200mi
from connector.m3.rejections import is_not_found

NUMBER_LENGTH, ALIAS_LENGTH = 15, 30


@dataclass
class Items:
    """The items behind the SKUs asked for so far; a SKU that is none in M3 (it was renamed in the shop since) is not there."""

    ledger: Ledger
    store: StoreContext
    _found: dict[str, str | None] = field(default_factory=dict)

    def learn(self, skus: Collection[str]) -> None:
        """Asks for the items of some SKUs, those not asked for before, eighty a request.

        Raises:
            RetryableError: M3 or the ledger cannot be asked now.
        """
        new = sorted(set(skus) - self._found.keys())
        if not new:
            return
        with transaction(self.ledger) as connection:
            known = find_items(connection, self.store.name, skus=new, max_age_h=0)
        self._found |= dict.fromkeys(new, None)
        self._found |= {sku: one.item_number for sku, one in known.items() if one.mapped_by_hand}
        self._ask([sku for sku in new if self._found[sku] is None])

    def _ask(self, skus: Sequence[str]) -> None:
        """Asks as the order flow does: the SKU itself, then the store's aliases in their order."""
        named = [sku for sku in skus if len(sku) <= NUMBER_LENGTH]
        answers = self.store.m3.read([mms200mi.get_item_basic(sku) for sku in named]) if named else []
        for sku, answer in zip(named, answers, strict=True):
            if not is_not_found(answer.error) and answer.records:
                self._found[sku] = mms200mi.read_item_basic(answer).item_number
        rest = [sku for sku in skus if self._found[sku] is None and len(sku) <= ALIAS_LENGTH]
        asked = [(sku, alias) for sku in rest for alias in self.store.config.items.aliases]
        calls = [mms025mi.get_item(sku, category=one.category, qualifier=one.qualifier) for sku, one in asked]
        for (sku, _), answer in zip(asked, self.store.m3.read(calls) if calls else [], strict=True):
            if self._found[sku] is None and not is_not_found(answer.error) and answer.records:
                self._found[sku] = mms025mi.read_item(answer).item_number

    def wrong(self, twins: Iterable[Twin]) -> Iterator[Difference]:
        """Yields the lines whose SKU is another item in M3; of lines with equal sums any may stand for any."""
        twins = list(twins)
        for twin in twins:
            alike = [one for one in twins if one.sums == twin.sums]
            item = self._found.get(twin.sku)
            if item is not None and item not in {one.item for one in alike}:
                yield Difference(f"item of {twin.sku}", item, twin.item)
