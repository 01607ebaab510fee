"""As what orders were carried into M3, as customer orders or as invoices, where the store file says another today. Called by the
modules that compare.

What was posted the one way before a store changed is compared that way, and what was begun as an invoice is one, as for the flows
(books/carried.py). The ledger tells which it was; of what it does not know, and of what it has both ways, the store file says it,
so nothing is hidden by it that M3 lacks or has twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from connector.flows.context import StoreContext
from connector.ledger.session import Ledger, transaction
from connector.ledger.standing import standings
from connector.stores.orders import CarriedAs

ORDERS, INVOICES = "orders_to_m3", "invoices_to_m3"


@dataclass
class Ways:
    """The ways of the orders asked for so far."""

    ledger: Ledger
    store: StoreContext
    _direct: dict[int, bool] = field(default_factory=dict)

    def learn(self, order_ids: Iterable[int]) -> None:
        """Asks for some orders, those not asked for before."""
        new = set(order_ids) - self._direct.keys()
        if not new:
            return
        with transaction(self.ledger) as connection:
            flows, keys = (ORDERS, INVOICES), [str(one) for one in new]
            known = standings(connection, self.store.name, flows=flows, keys=keys)
        seen_to = {(one.key, one.flow) for one in known if one.is_seen_to}
        begun = {one.key for one in known if one.flow == INVOICES and one.is_taken_up}
        for id_ in new:
            key = str(id_)
            mine = {flow for flow in flows if (key, flow) in seen_to} or ({INVOICES} if key in begun else set())
            self._direct[id_] = mine == {INVOICES} if len(mine) == 1 else self._is_direct_now

    def is_direct(self, order_id: int) -> bool:
        """Tells whether an order that was asked for is an invoice in M3's ledger, or has to be one."""
        return self._direct[order_id]

    @property
    def _is_direct_now(self) -> bool:
        return self.store.config.orders.carried_as is CarriedAs.INVOICE
