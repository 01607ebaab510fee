"""ARS200MI, customer invoices in the receivables. Called by flows/books and flows/reconciling.

Source: signatures in catalogue.json; order-rules.md section 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.values import day, day_text, number

LIST_COLUMNS = ("CINO", "INYR", "PYNO", "IVDT")
COLUMNS = ("CUCD", "CUAM", "PCUA", "OCUA", "RECO", "IVDT")
PAID = "9"


@dataclass(frozen=True, slots=True)
class InvoiceKey:
    """What names an invoice in the receivables."""

    payer: str  # PYNO
    customer: str  # CUNO
    number: str  # CINO
    year: str  # INYR

    @property
    def label(self) -> str:
        """As people are told."""
        return f"{self.year}-{self.number}"


@dataclass(frozen=True, slots=True)
class InvoiceTotals:
    """Amounts of an invoice in its currency; negative for a credit."""

    currency: str
    amount: Decimal
    paid: Decimal
    open: Decimal
    is_paid: bool  # RECO 9
    invoice_date: date | None


@dataclass(frozen=True, slots=True)
class ListedInvoice:
    """An invoice in the list of its customer."""

    key: InvoiceKey
    invoice_date: date | None


def list_invoices(customer: str, *, since: date) -> Call:
    """ARS200MI/LstInvoices – lists the invoices of a customer from a date on, paid ones too. Read only."""
    return Call("receivable.list", {"CUNO": customer, "AAC0": "0", "IVDT": day_text(since)}, LIST_COLUMNS)


def read_listed(answer: Answer, *, customer: str) -> list[ListedInvoice]:
    """Returns the invoices on a page of a customer's list; payments of one may be rows of their own with its number."""
    return [
        ListedInvoice(
            InvoiceKey(
                payer=record.get("PYNO", "").strip() or customer,
                customer=customer,
                number=record.get("CINO", "").strip(),
                year=record.get("INYR", "").strip(),
            ),
            day(record.get("IVDT", "")),
        )
        for record in answer.page()
    ]


def get_totals(key: InvoiceKey, *, division: str) -> Call:
    """ARS200MI/GetInvTotInfo – reads what is paid and what is open of an invoice. Read only."""
    fields = {"PYNO": key.payer, "CUNO": key.customer, "CINO": key.number, "INYR": key.year, "DIVI": division}
    return Call("receivable.totals", fields, COLUMNS)


def read_totals(answer: Answer) -> InvoiceTotals:
    """Returns the amounts."""
    record = answer.first()
    return InvoiceTotals(
        currency=record.get("CUCD", "").strip(),
        amount=number(record.get("CUAM", "")),
        paid=number(record.get("PCUA", "")),
        open=number(record.get("OCUA", "")),
        is_paid=record.get("RECO", "").strip() == PAID,
        invoice_date=day(record.get("IVDT", "")),
    )
