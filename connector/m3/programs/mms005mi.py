"""MMS005MI, warehouses: to which facility and division one belongs. Called by `connector check`.

Source: signature in catalogue.json; money-and-stock.md section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.m3.calls import Answer, Call


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Where a warehouse belongs."""

    code: str
    name: str
    facility: str
    division: str


def get_warehouse(warehouse: str) -> Call:
    """MMS005MI/GetWarehouse – reads a warehouse; refused as not found if there is none. Read only."""
    return Call("warehouse.basic", {"WHLO": warehouse}, ("WHLO", "WHNM", "FACI", "DIVI"))


def read_warehouse(answer: Answer) -> Warehouse:
    """Returns the warehouse."""
    record = answer.first()
    code = record.get("WHLO") or answer.call.fields.get("WHLO", "")
    return Warehouse(code, record.get("WHNM", ""), record.get("FACI", ""), record.get("DIVI", ""))
