"""A store whose payments go to M3's ledger, and what the ledger says of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import yaml
from sqlalchemy import text

from connector.ledger.session import transaction
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
SETTLE: dict[str, Any] = {"against": "prepayment", "batch_type": "WEB", "series": 71}
BOOKS: dict[str, Any] = {"control_accounts": ["1510"]}


def paying(*, payments: dict[str, Any] | None = None, books: dict[str, Any] | None = None, **parts: Any) -> str:
    """Returns a store file that carries payments, changed as asked."""
    content = yaml.safe_load(quick_store(guests="common"))
    return yaml.safe_dump(
        {**content, "payments": {**PAYMENTS, **(payments or {})}, "books": {**BOOKS, **(books or {})}, **parts}
    )


INVOICES: dict[str, Any] = {
    "layout": "webinv",
    "number_prefix": "W1-",
    "receivable": {"account": "1510"},
    "revenue": [{"account": {"account": "3010"}}],
    "shipping": {"account": "3510"},
    "fees": {"account": "3520"},
    "discounts": {"account": "3730"},
    "rounding": {"account": "3740"},
    "taxes": [{"rate": "25", "account": {"account": "2610"}}, {"rate": "5", "account": {"account": "2611"}}],
    "vat_codes": {"25": "1", "5": "2"},
}


def invoicing(*, invoices: dict[str, Any] | None = None, **parts: Any) -> str:
    """Returns a store file whose orders are invoices, changed as asked."""
    content = yaml.safe_load(quick_store(guests="common"))
    orders = {**content["orders"], "carried_as": "invoice"}
    content |= {"orders": orders, "invoices": {**INVOICES, **(invoices or {})}, "books": BOOKS}
    content["publish"] = {}
    content.pop("refunds", None)  # they become return orders, which direct invoices do not have
    return yaml.safe_dump({**content, **parts})


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

    def delete_batch(self, key: str) -> None:
        """Deletes a batch that is not in the ledger, as a person does in GLS840."""
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/ledger/batches/{key}/delete", {})

    def update_payments(self) -> None:
        """Posts every controlled payment batch, as a person does in ARS041."""
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/payments/update", {})

    def open_batches(self) -> list[str]:
        """Returns the KEY1 of batches that are not in the ledger."""
        return [str(one["key1"]) for one in self.sandbox.m3_book()["journal_batches"]]

    def versions(self) -> list[str]:
        """Returns the version of each voucher's KEY1."""
        return [one["key1"][-1] for one in self.journals()]

    def forget_everything(self) -> None:
        """Leaves the ledger as a restored backup from before the order would."""
        with transaction(self.connector.engine) as connection:
            tables = "exchange, delivery, document, step, attempt, binding, order_line, audit"
            connection.execute(text(f"TRUNCATE {tables} CASCADE"))

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
