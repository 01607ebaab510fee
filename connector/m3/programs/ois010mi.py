"""OIS010MI, types of customer orders. Called by `connector check`.

Source: signatures in catalogue.json; money-and-stock.md section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.m3.calls import Answer, Call
from connector.m3.programs.charges import COLUMNS, Charge, read_charge


@dataclass(frozen=True, slots=True)
class OrderType:
    """A type of customer order and the switches that matter to a shop order."""

    code: str  # ORTP
    name: str
    category: str  # ORTK
    checks_duplicates: str  # OT66: 2 blocks the same item and date twice
    quantity_sign: str  # OT11: 1 takes negative quantities only


def list_order_types(*, first: str) -> Call:
    """OIS010MI/LstOrderTypes – lists the order types from one on; read_order_type compares. Read only.

    Args:
        first: ORTP to begin at.
    """
    return Call("order_type.list", {"ORTP": first}, ("ORTP", "TX40", "ORTK", "OT66", "OT11"))


def read_order_type(answer: Answer, *, code: str) -> OrderType | None:
    """Returns the order type `code`, or None if M3 does not have it."""
    for record in answer.page():  # it comes first
        if record.get("ORTP") == code:
            return OrderType(
                code=code,
                name=record.get("TX40", ""),
                category=record.get("ORTK", ""),
                checks_duplicates=record.get("OT66", ""),
                quantity_sign=record.get("OT11", ""),
            )
    return None


def list_order_type_charges(order_type: str) -> Call:
    """OIS010MI/LstOrdTypeChrg – lists the charges that M3 adds by itself, from an order type on. Read only."""
    return Call("order_type.charges", {"ORTP": order_type}, ("ORTP", *COLUMNS))


def read_order_type_charges(answer: Answer, *, order_type: str) -> list[Charge]:
    """Returns the charges of exactly this order type."""
    rows = answer.require_of(lambda record: record.get("ORTP", order_type) == order_type)
    return [read_charge(record) for record in rows]
