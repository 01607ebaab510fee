"""A shop that shows what M3 says of its customers, for the tests of this folder."""

from __future__ import annotations

from typing import Any

import yaml

from connector.flows.customer_publishing.pull import pull
from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.customers.desk import Desk, file_of

FLOW = "customers_to_woo"


def publishing(**accounts: Any) -> str:
    """Returns a store file that follows its accounts and shows customers in the shop."""
    content = yaml.safe_load(file_of(accounts=accounts))
    return yaml.safe_dump({**content, "publish": {"customers": {}}})


class Shown(Desk):
    """A desk whose shop shows what M3 says."""

    def __init__(self, connector: Connector, **accounts: Any) -> None:
        super().__init__(connector, publishing(**accounts))

    def in_m3(self, number: str, **fields: str) -> None:
        """Changes a customer as a person does in CRS610."""
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/customers/{number}", fields)

    def pull(self) -> int:
        """Asks M3 what changed and carries it; returns how many became due."""
        store = self.connector.process.runtime.store(STORE)
        pulled = pull(self.connector.engine, store, full=False)
        self.connector.settle()
        return pulled.changed

    def row(self, account: dict[str, Any]) -> dict[str, Any]:
        """Returns the account as the shop shows it."""
        found = self.connector.process.runtime.store(STORE).shop.customers.get(account["id"])
        assert found is not None
        return found

    def meta(self, account: dict[str, Any]) -> dict[str, str]:
        """Returns our meta rows of the account."""
        return {one["key"]: one["value"] for one in self.row(account)["meta_data"] if one["key"].startswith("_m3")}

    def batches(self) -> int:
        """Returns how many writes to accounts the audit trail tells of."""
        rows = self.connector.rows("SELECT 1 FROM audit WHERE action = 'POST customers/batch'")
        return len(rows)

    def offer(self) -> dict[str, Any]:
        """Returns the only customer that is known to this flow."""
        (offer,) = self.connector.rows("SELECT * FROM offer WHERE flow = :flow", flow=FLOW)
        return offer

    def carry(self, *numbers: str) -> None:
        """Makes customers of M3 due, as news of them would, and carries them."""
        with transaction(self.connector.engine) as connection:
            mark_due(connection, STORE, flow=FLOW, item_numbers=numbers)
        self.connector.settle()


class Choosy(Shown):
    """A shop in which M3 is the master of everything, and which does not take all of it."""

    def __init__(self, connector: Connector) -> None:
        super().__init__(connector, owners=dict.fromkeys(("name", "address", "phone", "email"), "m3"))
        self.buyer = self.account()
        self.order(self.buyer)
        self.number = self.customer()["cuno"]

    def refuse(self, *names: str) -> None:
        """Has a plug-in refuse fields of accounts; none: it is switched off."""
        self.sandbox.post(f"{self.sandbox.shop_url}/_control/settings", {"refused_of_accounts": names})

    def calls_to_shop(self) -> int:
        """Returns how many batches of accounts the shop got so far."""
        return int(self.sandbox.shop_book()["calls"].get("POST customers/batch", 0))

    def shows(self) -> dict[str, str]:
        """Returns our meta data and the bill of the account."""
        return self.meta(self.buyer) | self.row(self.buyer)["billing"]

    def change_in_m3(self, **fields: str) -> int:
        """Changes the customer in M3 and carries that; returns how many batches it took."""
        before = self.calls_to_shop()
        self.in_m3(self.number, **fields)
        self.carry(self.number)
        return self.calls_to_shop() - before
