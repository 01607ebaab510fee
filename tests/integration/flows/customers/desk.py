"""A shop with accounts and the M3 customers they become, for the tests of this folder."""

from __future__ import annotations

from typing import Any

import yaml

from connector.flows.customers.poll import ask_for_customers, poll_customers
from connector.flows.polling import Polled
from tests.harness import STORE, Connector
from tests.integration.flows.story import quick_store

HOME = {
    **{"first_name": "Ana", "last_name": "Anić", "company": "", "address_1": "Savska 1", "address_2": ""},
    **{"city": "Zagreb", "postcode": "10000", "country": "HR", "state": "HR-21", "phone": "091 234 5678"},
}
SUMMER_HOUSE = {
    **{"first_name": "Ana", "last_name": "Anić", "company": "", "address_1": "Obala 8", "address_2": ""},
    **{"city": "Split", "postcode": "21000", "country": "HR", "state": "HR-17", "phone": ""},
}
VAT_KEY = "billing_eu_vat_number"
GOOD_VAT, OTHER_VAT, WRONG_VAT = "HR33392005961", "HR69435151530", "HR33392005962"
LINES = [{"sku": "MUG-001", "quantity": 1}]


def file_of(*, accounts: dict[str, Any] | None = None, **customers: Any) -> str:
    """Returns a store file that follows its accounts."""
    content = yaml.safe_load(quick_store())
    content["customers"] |= {"accounts": accounts or {}, **customers}
    return yaml.safe_dump(content)


class Desk:
    """Does what buyers, the administration and M3's people do, and looks at both sides."""

    def __init__(self, connector: Connector, file: str | None = None) -> None:
        self.connector = connector
        self.sandbox = connector.sandbox
        connector.configure(file or file_of())

    def account(self, *, email: str = "ana@example.com", **fields: Any) -> dict[str, Any]:
        """Makes an account."""
        billing = {**HOME, "email": email, **fields.pop("billing", {})}
        return self._post({"email": email, "billing": billing, **fields})

    def change(self, account: dict[str, Any], **fields: Any) -> None:
        """Changes an account; nothing is delivered."""
        self._post({"id": account["id"], **fields})

    def order(self, account: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """Places an order with the billing address of the account, and carries it."""
        billing = {
            **(account["billing"] if account else {**HOME, "email": "ana@example.com"}),
            **fields.pop("billing", {}),
        }
        who = {"customer_id": account["id"]} if account else {}
        cart = {"billing": billing, "lines": LINES, "payment_method": "stripe", "status": "processing"}
        placed = self.sandbox.place(**{**cart, **who, **fields})
        self.connector.ask(placed["id"])
        self.connector.settle()
        return placed

    def known(self, **fields: Any) -> dict[str, Any]:
        """Makes an account that has ordered once and was looked at since: it is a customer of M3."""
        account = self.account(**fields)
        self.order(account)
        self.look(account)
        return account

    def phone_changes(self, fault: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Has an account that ordered change its phone number, which M3 meets with a fault; returns it and its exchange."""
        account = self.account()
        self.order(account)
        self.change(account, billing={"phone": "01 999 888"})
        self.sandbox.m3_rule("CRS610MI", "ChgBasicData", fault)
        return account, self.look(account)

    def look(self, account: dict[str, Any]) -> dict[str, Any]:
        """Has the account looked at and returns its exchange."""
        ask_for_customers(self.connector.engine, STORE, customer_ids=[account["id"]])
        self.connector.settle()
        return self.exchange(account)

    def poll(self) -> Polled:
        """Polls the accounts and runs what became due."""
        polled = poll_customers(self.connector.engine, self.connector.process.runtime.store(STORE))
        self.connector.settle()
        return polled

    def exchange(self, account: dict[str, Any]) -> dict[str, Any]:
        """Returns the exchange of an account."""
        statement = "SELECT * FROM exchange WHERE flow = 'customers_to_m3' AND scope = :store AND business_key = :key"
        return self.connector.rows(statement, store=STORE, key=str(account["id"]))[0]

    def customers(self) -> list[dict[str, Any]]:
        """Returns the customers of M3 that were made here."""
        made: list[dict[str, Any]] = self.sandbox.m3_book()["customers"]
        return made

    def customer(self) -> dict[str, Any]:
        """Returns the only one of them."""
        (made,) = self.customers()
        return made

    def calls(self, transaction: str) -> int:
        """Returns how often M3 executed a transaction."""
        return int(self.sandbox.m3_book()["calls"].get(transaction, 0))

    def orders(self) -> list[str]:
        """Returns the customers of the orders in M3."""
        return [one["cuno"] for one in self.sandbox.m3_book()["orders"]]

    def _post(self, content: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.sandbox.shop_url}/_control/customers"
        made: dict[str, Any] = self.sandbox.post(url, {"deliver": "never", **content})
        return made
