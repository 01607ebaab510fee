"""Somebody at M3's receivables, and what a reconciliation says of payments of invoices."""

from __future__ import annotations

import json
from typing import Any

from connector.flows.reconciling.result import Fact, Row
from tests.integration.flows.reconciling.clerk import Clerk

DAY_S = 86_400


class Bookkeeper(Clerk):
    """Somebody at M3's receivables."""

    def invoiced(self, **order: Any) -> dict[str, Any]:
        """Places a paid order whose invoice waits to be paid by a controlled batch."""
        placed = self.place(**order)
        self.go_on()
        self.advance(placed, "77")
        self.look_again()
        return placed

    def paid(self, **order: Any) -> dict[str, Any]:
        """Places an order whose invoice is paid."""
        placed = self.invoiced(**order)
        self.update_payments()
        return placed

    def update_payments(self) -> None:
        """Posts every controlled payment batch, and has the connector see it."""
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/payments/update", {})
        self.look_again()

    def leave_paid(self, amount: str) -> None:
        """Leaves the only invoice paid with another amount, as somebody in M3 may."""
        (invoice,) = self.sandbox.m3_book()["invoices"]
        content = {"cino": invoice["cino"], "paid": amount}
        assert self.sandbox.post(f"{self.sandbox.m3_url}/_control/invoices/paid", content) == {"invoices": 1}

    def enter_invoice(self, *, customer: str, number: str, amount: str) -> None:
        """Enters an invoice by hand, as somebody in M3 may."""
        content = {"cuno": customer, "cino": number, "cucd": "EUR", "amount": amount}
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/invoices", content)

    def set_shop_clock(self, offset_s: float) -> None:
        """Lets the shop live in another time."""
        self.sandbox.post(f"{self.sandbox.shop_url}/_control/clock", {"offset_s": offset_s})

    def settlements(self) -> list[Row]:
        """Compares the money; returns what differs of payments of invoices."""
        return [row for row in self.reconcile_money() if row.fact is Fact.SETTLEMENT]

    def as_paid(self, amount: str) -> str:
        """Returns what a batch was to pay, as the ledger keeps it, if it was to pay the only invoice with an amount."""
        (invoice,) = self.sandbox.m3_book()["invoices"]
        return json.dumps({f"{invoice['inyr']}-{invoice['cino']}": amount})


def paid_long_ago(keeper: Bookkeeper) -> dict[str, Any]:
    """Places an order five days ago that the shop has not changed since, and has M3 invoice it today."""
    keeper.set_shop_clock(-5 * DAY_S)
    order = keeper.place()
    keeper.connector.drain()
    keeper.set_shop_clock(0)
    return order
