"""OIS350MI: which rows belong to an order, and what its invoices come to."""

from __future__ import annotations

from decimal import Decimal

from connector.m3.calls import Answer
from connector.m3.programs import ois350mi
from connector.m3.programs.ois350mi import InvoiceAmount

HEADS = ois350mi.list_invoice_heads_by_order("45001")
AMOUNTS = ois350mi.list_all_invoices_by_order("45001")
FIRST = {"IVNO": "000000007", "YEA4": "2026"}
SECOND = {"IVNO": "12", "YEA4": "2026"}


def heads(*rows: dict[str, str]) -> Answer:
    return Answer(HEADS, tuple({"ORNO": "45001", **row} for row in rows))


def amounts(*rows: dict[str, str]) -> Answer:
    return Answer(AMOUNTS, rows)


def test_rows_of_the_next_order_are_no_invoices_of_this_one() -> None:
    told = heads({**FIRST, "DLIX": "1"}, {**SECOND, "ORNO": "45002", "DLIX": "2", "AICD": "1"})

    assert [one.number for one in ois350mi.read_invoices(told)] == ["000000007"]
    assert list(ois350mi.read_deliveries(told)) == ["1"]
    assert not ois350mi.has_summary_invoice(told)


def test_each_invoice_counts_once_whatever_its_deliveries_and_however_its_number_is_written() -> None:
    told = heads({**FIRST, "DLIX": "1"}, {**FIRST, "IVNO": "7", "DLIX": "2"}, {**SECOND, "DLIX": "3"})
    rows = [{**SECOND, "IVAV": "5.00-", "CUCD": "EUR"}, {**FIRST, "IVNO": "7", "IVAV": "16.13", "CUCD": "EUR"}]

    found = ois350mi.read_amounts(told, amounts(*rows, rows[1]))

    assert found == [InvoiceAmount(Decimal("16.13"), "EUR"), InvoiceAmount(Decimal("-5.00"), "EUR")]


def test_amounts_of_other_invoices_do_not_count() -> None:
    rows = [{**FIRST, "IVAV": "16.13", "CUCD": "EUR"}, {**SECOND, "IVAV": "99.00", "CUCD": "EUR"}]

    assert ois350mi.read_amounts(heads(FIRST), amounts(*rows)) == [InvoiceAmount(Decimal("16.13"), "EUR")]


def test_while_one_amount_is_missing_none_is_told() -> None:
    assert ois350mi.read_amounts(heads(FIRST, SECOND), amounts({**FIRST, "IVAV": "16.13", "CUCD": "EUR"})) is None


def test_summary_invoice_is_told() -> None:
    assert ois350mi.has_summary_invoice(heads({**FIRST, "AICD": "1"}))
    assert not ois350mi.has_summary_invoice(heads({**FIRST, "AICD": "0"}))
