"""What a payment is due to pay of an order's invoices."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.flows.books.invoiced import Bill
from connector.flows.reconciling.settlements import due_on
from connector.m3.programs.ars200mi import InvoiceKey, InvoiceTotals


def bill(amount: str) -> Bill:
    totals = InvoiceTotals("EUR", Decimal(amount), Decimal(0), Decimal(amount), is_paid=False, invoice_date=None)
    return Bill(InvoiceKey("C", "C", amount, "2026"), totals)


@pytest.mark.parametrize(
    ("invoices", "refunded", "due"),
    [
        (["100.00"], "0", "100.00"),
        (["60.00", "40.00"], "0", "100.00"),
        (["100.02"], "0", "100.00"),  # rounding: what was paid is paid
        (["100.00"], "30.00", "100.00"),  # refunded after the invoice: a credit of its own
        (["70.00"], "30.00", "70.00"),  # before it
        (["80.00"], "30.00", "80.00"),  # some before it, some after
        (["60.00"], "30.00", "100.00"),  # less than any refund accounts for
        (["110.00"], "30.00", "100.00"),
    ],
)
def test_what_is_due_follows_from_payment_refunds_and_invoices(invoices: list[str], refunded: str, due: str) -> None:
    bills = [bill(one) for one in invoices]

    found = due_on(bills, total=Decimal("100.00"), refunded=Decimal(refunded), limit=Decimal("0.05"))

    assert found == Decimal(due)
