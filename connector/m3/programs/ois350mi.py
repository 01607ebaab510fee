"""OIS350MI, the customer invoice. Called by the flows of refunds, order status and settlements, and by flows/reconciling.

Source: signatures in catalogue.json; order-rules.md section 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.values import day, number

COLUMNS = ("ORNO", "IVNO", "YEA4", "EXIN", "IVDT", "CUCD", "DLIX", "CUNO", "PYNO", "AICD")
AMOUNT_COLUMNS = ("IVNO", "YEA4", "IVAV", "CUCD")


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


@dataclass(frozen=True, slots=True)
class InvoiceAmount:
    """What an invoice comes to with VAT, negative for a credit, in its currency."""

    total: Decimal
    currency: str


def list_invoice_heads_by_order(order_number: str) -> Call:
    """OIS350MI/LstInvHeadByCo – lists the invoices of a customer order. Read only."""
    return Call("invoice.by_order", {"ORNO": order_number}, COLUMNS)


def read_invoices(answer: Answer) -> list[Invoice]:
    """Returns the invoices, each once (M3 gives a row for each delivery), oldest first."""
    found = {_key(record): _invoice(record) for record in _of_order(answer)}
    return [found[key] for key in sorted(found)]


def read_deliveries(answer: Answer) -> dict[str, Invoice]:
    """Returns which invoice each delivery (DLIX) is on."""
    return {record.get("DLIX", ""): _invoice(record) for record in _of_order(answer)}


def has_summary_invoice(answer: Answer) -> bool:
    """Tells whether an invoice of the order may bear other orders, too (AICD)."""
    return any(record.get("AICD", "").strip() not in ("", "0") for record in _of_order(answer))


def list_all_invoices_by_order(order_number: str) -> Call:
    """OIS350MI/LstAllInvByCO – lists what each invoice of a customer order comes to. Read only.

    It does not say of which order a row is: take those of `list_invoice_heads_by_order` alone.
    """
    return Call("invoice.amounts", {"ORNO": order_number}, AMOUNT_COLUMNS)


def read_amounts(heads: Answer, amounts: Answer) -> list[InvoiceAmount] | None:
    """Returns what each invoice in the list of heads comes to, oldest first; None while M3 does not tell it of all of them.

    Args:
        heads: The answer of `list_invoice_heads_by_order`.
        amounts: The answer of `list_all_invoices_by_order`.
    """
    told = {_key(record): record for record in amounts.page()}  # whole if it has each invoice of the list of heads
    wanted = sorted({_key(record) for record in _of_order(heads)})
    if not told.keys() >= set(wanted):
        return None
    return [InvoiceAmount(number(told[key].get("IVAV", "")), told[key].get("CUCD", "").strip()) for key in wanted]


def _of_order(answer: Answer) -> Iterator[dict[str, str]]:
    """Yields the rows of the order that was asked for; a list may go on with those of the next one."""
    wanted = answer.call.fields["ORNO"]
    yield from answer.require_of(lambda record: record.get("ORNO", "").strip() in ("", wanted))


def _key(record: Mapping[str, str]) -> tuple[str, str]:
    return record.get("YEA4", ""), record.get("IVNO", "").zfill(9)


def _invoice(record: Mapping[str, str]) -> Invoice:
    return Invoice(
        record.get("IVNO", ""),
        record.get("YEA4", ""),
        record.get("EXIN", "").strip(),
        day(record.get("IVDT", "")),
        customer=record.get("CUNO", "").strip(),
        payer=record.get("PYNO", "").strip(),
    )
