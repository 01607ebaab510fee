"""Deliveries of customer orders and their packages: MWS410MI, MWS411MI, MWS423MI, OIS100MI.

Called by the flows of order status and refunds. Lists position on their keys and go on past them: the readers compare every row.

Source: signatures in catalogue.json; order-rules.md section 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.values import number

CUSTOMER_ORDER = "3"
"""RORC of customer orders."""
LEFT_FROM = "60"
"""PGRS from which a delivery has left; before it there are picking lists to report."""


@dataclass(frozen=True, slots=True)
class DeliveryHead:
    """A delivery."""

    number: str  # DLIX
    status: str  # PGRS
    tracking: str  # ETRN

    @property
    def has_left(self) -> bool:
        """Whether the goods are on their way."""
        return self.status >= LEFT_FROM


def list_by_order(order_number: str) -> Call:
    """MWS411MI/LstDelLnByOrd – lists the delivery lines of an order. Read only."""
    return Call("delivery.by_order", {"RORC": CUSTOMER_ORDER, "RIDN": order_number}, ("DLIX", "RORC", "RIDN"))


def list_by_line(order_number: str, *, line: str, suffix: str) -> Call:
    """OIS100MI/LstDelLineByCO – lists the deliveries of one line of an order. Read only."""
    fields = {"ORNO": order_number, "PONR": line, "POSX": suffix}
    return Call("delivery.by_line", fields, ("DLIX", "RIDN"))


def list_quantities(order_number: str, *, line: str, suffix: str) -> Call:
    """OIS100MI/LstDelLineByCO – lists how much of one line each delivery holds. Read only."""
    fields = {"ORNO": order_number, "PONR": line, "POSX": suffix}
    return Call("delivery.by_line", fields, ("DLIX", "RIDN", "RIDL", "TRQT"))


def read_quantities(answer: Answer, order_number: str, line: str) -> dict[str, Decimal]:
    """Returns how much of exactly this line is in each delivery (DLIX), in the basic unit."""
    quantities: dict[str, Decimal] = {}
    for row in answer.require_of(
        lambda row: row.get("RIDN") == order_number and number(row.get("RIDL", "")) == number(line)
    ):
        delivery = row.get("DLIX", "")
        quantities[delivery] = quantities.get(delivery, Decimal(0)) + number(row.get("TRQT", ""))
    return quantities


def read_numbers(answer: Answer, *, order_number: str) -> list[str]:
    """Returns the numbers of the deliveries of exactly this order, lowest first."""
    rows = answer.require_of(lambda row: row.get("RIDN") == order_number)
    numbers = {row["DLIX"] for row in rows if row.get("DLIX", "").strip("0")}
    return sorted(numbers, key=int)


def is_cut(answer: Answer) -> bool:
    """Tells whether a list may hold more rows of the order or the delivery that was asked for."""
    asked = answer.call.fields
    column, wanted = ("DLIX", asked["DLIX"]) if "DLIX" in asked else ("RIDN", asked.get("RIDN") or asked["ORNO"])
    return answer.is_cut_among(lambda row: row.get(column) == wanted)


def get_head(delivery: str) -> Call:
    """MWS410MI/GetHead – reads a delivery. Read only."""
    return Call("delivery.head", {"DLIX": delivery}, ("DLIX", "PGRS", "ETRN"))


def read_head(answer: Answer) -> DeliveryHead:
    """Returns the delivery."""
    record = answer.first()
    return DeliveryHead(record.get("DLIX", ""), record.get("PGRS", ""), record.get("ETRN", ""))


def list_packages(delivery: str) -> Call:
    """MWS423MI/LstPackDel – lists the packages of a delivery. Read only."""
    return Call("delivery.packages", {"DLIX": delivery}, ("DLIX", "PANR", "ETRN"))


def read_tracking(answer: Answer, *, delivery: str) -> list[str]:
    """Returns the tracking numbers of the packages of exactly this delivery."""
    return [row["ETRN"] for row in answer.require_of(lambda row: row.get("DLIX") == delivery) if row.get("ETRN")]
