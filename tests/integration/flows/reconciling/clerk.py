"""Somebody in M3 who changes, deletes and types in orders, and what a reconciliation says afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from connector.flows.books.keys import key_of
from connector.flows.reconciling.compare import compare, compare_money
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.result import QUIET, Row
from connector.flows.reconciling.totals import Totals
from connector.flows.refunds.plan import reference_of
from connector.ledger.session import transaction
from connector.m3.calls import Call
from connector.m3.programs import batch_orders, order_changes
from connector.m3.programs.ois100mi import LineKey
from connector.woocommerce.models import parse_refund
from tests.harness import STORE
from tests.integration.flows.refunds.desk import Desk

Found = tuple[str, int | None, str, str | None, str | None]
"""Fact, id in the shop, figure, the shop's side, M3's side: what is found, without why."""


class Clerk(Desk):
    """Both systems with a person at M3."""

    totals = Totals()

    def in_m3(self, *calls: Call) -> list[dict[str, str]]:
        """Does something in M3 over its API, as a person would; returns the first record of each answer."""
        return [answer.first() for answer in self.connector.process.runtime.store(STORE).m3.write(calls)]

    def number_of(self, order: dict[str, Any]) -> str:
        """Returns M3's number of an order."""
        return str(self.order_of(order)["orno"])

    def price(self, order: dict[str, Any], price: str, *, line: str = "1") -> None:
        """Changes the price of a line in M3."""
        fields = {"SAPR": price, "SACD": "1", "DIA1": "0", "DIC1": "8"}
        self.in_m3(order_changes.change_price(self.number_of(order), LineKey(line), fields))

    def delete_in_m3(self, number: str) -> None:
        """Deletes an order of M3."""
        self.in_m3(order_changes.delete_order(number))

    def return_by_hand(
        self, order: dict[str, Any], refund_id: int, *, mugs: int, like: dict[str, Any] | None = None
    ) -> str:
        """Enters a return of mugs in M3 by hand, under the reference of a refund; returns its number.

        It is for the customer of the order, or of one like it, where M3 does not have the order.
        """
        shop = self.connector.process.runtime.store(STORE).shop
        refund = next(one for one in shop.refunds.of_order(order["id"]) if one["id"] == refund_id)
        reference = reference_of(STORE, parse_refund({**refund, "parent_id": order["id"]}))
        head = {
            "CUNO": self.order_of(like or order)["cuno"],
            "ORTP": "W02",
            "FACI": "001",
            "WHLO": "001",
            "CUCD": "EUR",
        }
        (added,) = self.in_m3(batch_orders.add_batch_head({**head, "YREF": reference}))
        line = {"ITNO": "MUG-001", "ORQT": f"-{mugs}", "SAPR": "12.90", "SACD": "1", "WHLO": "001"}
        self.in_m3(batch_orders.add_batch_line(added["ORNO"], line))
        (confirmed,) = self.in_m3(batch_orders.confirm(added["ORNO"]))
        return confirmed["ORNO"]

    def type_in(self, like: dict[str, Any], *, reference: str, quantity: int = 1, days_ago: int = 0) -> str:
        """Enters an order of one mug in M3 by hand, for the customer of another one; returns its number."""
        customer = self.order_of(like)["cuno"]
        dated = f"{self.today() - timedelta(days=days_ago):%Y%m%d}"
        head = {"CUNO": customer, "ORTP": "W01", "FACI": "001", "WHLO": "001", "CUCD": "EUR", "ORDT": dated}
        (added,) = self.in_m3(batch_orders.add_batch_head({**head, "YREF": reference}))
        line = {"ITNO": "MUG-001", "ORQT": str(quantity), "SAPR": "10.00", "SACD": "1", "WHLO": "001"}
        self.in_m3(batch_orders.add_batch_line(added["ORNO"], line))
        (confirmed,) = self.in_m3(batch_orders.confirm(added["ORNO"]))
        return confirmed["ORNO"]

    def today(self) -> date:
        """Returns today by the clock of the division."""
        moment: datetime = self.connector.rows("SELECT ledger_now() AS now")[0]["now"]
        return moment.astimezone(self.connector.process.runtime.store(STORE).config.m3.zone).date()

    def reconcile(
        self, *, days_back: int = 2, with_rounding: bool = False, how: Callable[..., Iterator[Row]] = compare
    ) -> list[Row]:
        """Compares the last days; returns what is not equal, and keeps the totals."""
        store = self.connector.process.runtime.store(STORE)
        period = Period(self.today() - timedelta(days=days_back), self.today(), store.config.m3.zone)
        self.totals = Totals()
        rows = how(self.connector.engine, store, period, totals=self.totals)
        return [row for row in rows if with_rounding or row.reason not in QUIET]

    def reconcile_money(self, *, days_back: int = 2) -> list[Row]:
        """Compares orders, refunds and postings of the last days; returns what is not equal, and keeps the totals."""
        return self.reconcile(days_back=days_back, how=compare_money)

    def key_of(self, order: dict[str, Any], *, letter: str = "P") -> str:
        """Returns KEY1 of what was posted for an order."""
        return key_of(STORE, letter, order["id"], version=1)

    def refund_ids(self) -> list[int]:
        """Returns the ids of the shop's refunds, oldest first."""
        return sorted(int(one["id"]) for one in self.sandbox.shop_book()["refunds"])

    def move_row(self, text: str, *, account: str, to: str) -> None:
        """Moves the ledger rows whose text begins so from one account to another, as somebody in M3 may."""
        self._rows({"text": text, "account": account, "to": to})

    def change_amount(self, text: str, amount: str) -> None:
        """Changes the amount of the ledger rows whose text begins so, on both sides of a voucher of two rows."""
        self._rows({"text": text, "amount": amount})

    def remove_voucher(self, text: str) -> None:
        """Takes the ledger rows whose text begins so away."""
        self._rows({"text": text, "remove": True})

    def copy_voucher(self, text: str, *, retold: str = "", on: date | None = None) -> None:
        """Posts the ledger rows whose text begins so once more, under a voucher of their own, perhaps another text and day."""
        self._rows({"text": text, "copy_as": retold or text, "dated": "" if on is None else f"{on:%Y%m%d}"})

    def move_voucher(self, text: str, *, to: date) -> None:
        """Moves the ledger rows whose text begins so to another day."""
        self._rows({"text": text, "dated": f"{to:%Y%m%d}"})

    def _rows(self, content: dict[str, Any]) -> None:
        changed = self.sandbox.post(f"{self.sandbox.m3_url}/_control/ledger/rows", content)
        assert changed["rows"], f"the ledger has no such rows: {content}"

    def empty_ledger(self) -> None:
        """Forgets all that was carried."""
        with transaction(self.connector.engine) as connection:
            tables = "exchange, delivery, document, step, attempt, binding, order_line, audit"
            connection.execute(text(f"TRUNCATE {tables} CASCADE"))


def without_why(rows: Sequence[Row]) -> set[Found]:
    """Returns what was found, without the reasons."""
    return {(row.fact.value, row.shop_id, row.what, row.shop, row.m3) for row in rows}


def reasons_of(rows: Sequence[Row]) -> set[str]:
    """Returns the reasons there are."""
    return {row.reason.value for row in rows}


def cent_more(amount: str) -> str:
    """Returns an amount and a cent."""
    return str(Decimal(amount) + Decimal("0.01"))
