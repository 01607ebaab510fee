"""OIS350MI, the customer invoice. Called by the flows of refunds and of order status.

Source: signatures in catalogue.json; order-rules.md section 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from connector.m3.calls import Answer, Call
from connector.m3.values import day

COLUMNS = ("IVNO", "YEA4", "EXIN", "IVDT", "CUCD", "DLIX", "CUNO", "PYNO")


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice of an order. `text_number` (EXIN) is what the customer reads; empty at sites without it."""

    number: str
    year: str
    text_number: str
    invoice_date: date | None
    customer: str = ""
    payer: str = ""

    @property
    def name(self) -> str:
        """Tells it from any other: numbers begin anew each year at some sites."""
        return f"{self.year}/{self.number}"


def list_invoice_heads_by_order(order_number: str) -> Call:
    """OIS350MI/LstInvHeadByCo – lists the invoices of a customer order. Read only."""
    return Call("invoice.by_order", {"ORNO": order_number}, COLUMNS)


def read_invoices(answer: Answer) -> list[Invoice]:
    """Returns the invoices, each once (M3 gives a row for each delivery), oldest first."""
    found = {(one.year, one.number.zfill(9)): one for one in map(_invoice, answer.require())}
    return [found[key] for key in sorted(found)]


def read_deliveries(answer: Answer) -> dict[str, Invoice]:
    """Returns which invoice each delivery (DLIX) is on."""
    return {record.get("DLIX", ""): _invoice(record) for record in answer.require()}


def _invoice(record: Mapping[str, str]) -> Invoice:
    return Invoice(
        record.get("IVNO", ""),
        record.get("YEA4", ""),
        record.get("EXIN", "").strip(),
        day(record.get("IVDT", "")),
        customer=record.get("CUNO", "").strip(),
        payer=record.get("PYNO", "").strip(),
    )
