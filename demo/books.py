"""What shops and M3 hold of one order or one account, read from their books; used by the acts of the story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from demo.stores import STORE

Row = Mapping[str, Any]
ZERO = Decimal(0)
PICKING = "05"
"""PGRS of a delivery that has not left yet."""


class Books:
    """The books at one moment; `m3` is M3's as it was answered."""

    def __init__(self, shop: Row, m3: Row, *, direct: Row | None = None) -> None:
        """Takes the answers of `GET /_book`; `direct` is the second shop's."""
        self.m3 = m3
        self._orders: dict[int, Row] = {int(one["id"]): one for one in shop["orders"]}
        self._refunds = list(shop["refunds"])
        self._direct_refunds = list(direct["refunds"]) if direct else []
        self._direct_orders: dict[int, Row] = {int(one["id"]): one for one in direct["orders"]} if direct else {}
        self._accounts: dict[int, Row] = {int(one["id"]): one for one in shop.get("customers", ())}
        self._customers: dict[str, Row] = {str(one["cuno"]): one for one in m3.get("customers", ())}
        self._sales = {str(one["yref"]): one for one in m3["orders"]}
        self._returns = {str(one["yref"]): one for one in m3["returns"]}

    def order(self, order_id: int) -> Row:
        """Returns an order of the shop."""
        return self._orders[order_id]

    def sale(self, order_id: int) -> Row | None:
        """Returns the order M3 holds of an order of the shop."""
        return _named(self._sales, f"{STORE}-{order_id}-")

    def refunds(self, order_id: int) -> list[Row]:
        """Returns the refunds of an order, oldest first."""
        return sorted((one for one in self._refunds if one["order_id"] == order_id), key=lambda one: int(one["id"]))

    def direct_refunds(self, order_id: int) -> list[Row]:
        """Returns the refunds of an order of the second shop."""
        return [one for one in self._direct_refunds if int(one["order_id"]) == order_id]

    def direct_order(self, order_id: int) -> Row:
        """Returns an order of the second shop."""
        return self._direct_orders[order_id]

    def account(self, order: Row) -> Row:
        """Returns the account an order of the shop was placed with."""
        return self._accounts[int(order["customer_id"])]

    def customer(self, order: Row) -> Row | None:
        """Returns the customer M3 has the order of."""
        sale = self.sale(int(order["id"]))
        return None if sale is None else self._customers.get(str(sale["cuno"]))

    def credit(self, refund_id: int) -> Row | None:
        """Returns the return or credit order M3 holds of a refund."""
        return _named(self._returns, f"{STORE}-R{refund_id}-")

    def deliveries(self, orno: str) -> list[Row]:
        """Returns what left of an order of M3, oldest first."""
        return [one for one in self.m3["deliveries"] if one["orno"] == orno and one["stat"] != PICKING]

    def invoices(self, orno: str) -> list[str]:
        """Returns the invoice numbers of an order of M3, oldest first."""
        return [str(one["exin"]) for one in self.m3["order_invoices"] if one["orno"] == orno]

    def returns(self) -> list[Row]:
        """Returns the return and credit orders M3 holds of the shop."""
        return [one for yref, one in self._returns.items() if yref.startswith(f"{STORE}-R")]

    def sales(self) -> list[tuple[int, Row]]:
        """Returns every order M3 holds of the shop, with the shop's id."""
        return [(int(yref.split("-")[1]), one) for yref, one in self._sales.items() if yref.startswith(f"{STORE}-")]


def _named(rows: Mapping[str, Row], start: str) -> Row | None:
    return next((one for yref, one in rows.items() if yref.startswith(start)), None)


def total_of(rows: Iterable[Row], field: str = "total") -> Decimal:
    """Sums an amount of some rows."""
    return sum((Decimal(one[field]) for one in rows), ZERO)


def pieces_of(row: Row) -> Decimal:
    """Counts the pieces on the lines of an order of either side."""
    return total_of(row["lines"], "quantity")
