"""A store whose payments go to M3's ledger, and what the ledger says of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import yaml

from tests.harness import STORE, Connector
from tests.integration.flows.story import Story, quick_store

FEE_KEY = "_stripe_fee"
PAYMENTS: dict[str, Any] = {
    "interface": "WEBGL",
    "identity": "G1",
    "liability": {"account": "2420"},
    "methods": {
        "stripe": {
            "clearing": {"account": "1580"},
            "fee": {
                **{"meta_keys": [FEE_KEY], "currency_key": "_stripe_currency", "account": {"account": "6570"}},
                **{"vat_rate": "25", "vat_account": {"account": "2640", "vat_code": "1"}},
            },
        },
        "bacs": {"clearing": {"account": "1930"}},
        "cod": {"clearing": {"account": "1930"}},
    },
}
BOOKS: dict[str, Any] = {"control_accounts": ["1510"]}


def paying(*, payments: dict[str, Any] | None = None, books: dict[str, Any] | None = None, **parts: Any) -> str:
    """Returns a store file that carries payments, changed as asked."""
    content = yaml.safe_load(quick_store(guests="common"))
    return yaml.safe_dump(
        {**content, "payments": {**PAYMENTS, **(payments or {})}, "books": {**BOOKS, **(books or {})}, **parts}
    )


def meta(**values: str) -> list[dict[str, str]]:
    """Returns meta rows of an order."""
    return [{"key": key, "value": value} for key, value in values.items()]


class CountingHouse(Story):
    """One connector with a ledger to post to."""

    def __init__(self, connector: Connector) -> None:
        """Gives the store its file."""
        super().__init__(connector, guests="common")
        connector.configure(paying())

    def books_of(self, key_part: str = "P") -> list[dict[str, Decimal]]:
        """Returns the vouchers of one kind: account -> amount, negative for credit."""
        return [sums_of(one) for one in self.journals() if one["key1"].startswith(f"{STORE.upper()}{key_part}")]

    def journals(self) -> list[dict[str, Any]]:
        """Returns the vouchers M3 holds."""
        held: list[dict[str, Any]] = self.sandbox.m3_book()["journals"]
        return held

    def set_ledger(self, **values: Any) -> None:
        """Closes periods of M3, or lets its job lag or fail."""
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/ledger", values)

    def say(self) -> dict[str, Any]:
        """Returns the newest payment exchange."""
        return self.exchange("payments_to_m3")


def sums_of(journal: dict[str, Any]) -> dict[str, Decimal]:
    """Returns what a voucher does to each account, negative for credit."""
    sums: dict[str, Decimal] = {}
    for line in journal["lines"]:
        amount = Decimal(line["amount"]) * (1 if line["side"] == "debit" else -1)
        sums[line["account"]] = sums.get(line["account"], Decimal(0)) + amount
    return sums
