"""What a payment is due to pay of an order's invoices."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.flows.books.invoiced import Bill
from connector.flows.reconciling.settlements import due_on
from connector.m3.programs.ars200mi import InvoiceKey, InvoiceTotals


def bill(amount: str, *, paid: str = "0") -> Bill:
    is_open = Decimal(amount) - Decimal(paid)
    totals = InvoiceTotals("EUR", Decimal(amount), Decimal(paid), is_open, is_paid=False, invoice_date=None)
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


@pytest.mark.parametrize("paid", ["100.00", "99.98", "99.97"])
def test_where_rounding_allows_several_amounts_what_is_paid_tells_which_was_meant(paid: str) -> None:
    bills = [bill("99.98", paid=paid)]

    found = due_on(bills, total=Decimal("100.00"), refunded=Decimal("0.03"), limit=Decimal("0.05"))

    assert found == Decimal(paid)


@pytest.mark.parametrize("paid", ["99.99", "0", "100.01", "199.98"])
def test_no_other_amount_is_meant(paid: str) -> None:
    bills = [bill("99.98", paid=paid)]

    assert due_on(bills, total=Decimal("100.00"), refunded=Decimal("0.03"), limit=Decimal("0.05")) == Decimal("99.98")
