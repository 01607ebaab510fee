"""Customers as M3 answers them: numbers, search keys and how they are set up."""

from __future__ import annotations

from decimal import Decimal

from connector.m3.programs import crs610mi
from tests.unit.m3.program_calls import answer, call_of


def test_the_number_we_gave_a_customer_is_kept_if_m3_does_not_repeat_it() -> None:
    call = crs610mi.add({"CUNO": "W1ABC"})

    assert crs610mi.read_added(answer(call)).number == "W1ABC"
    assert crs610mi.read_added(answer(call, {"CUNO": "X", "ERRM": "why"})).why_not_active == "why"


def test_a_list_by_search_key_gives_only_the_key_asked_for() -> None:
    rows = [{"CUNO": "W1", "ALCU": "W17"}, {"CUNO": "W2", "ALCU": "W18"}]

    assert [
        one.number for one in crs610mi.read_found(answer(call_of("customer.by_search_key"), *rows), search_key="W17")
    ] == ["W1"]


def test_the_set_up_of_a_customer_is_read() -> None:
    info = crs610mi.read_order_info(answer(call_of("customer.order_info"), {"AICD": "0", "TINC": "1", "DISY": "D1"}))
    financial = crs610mi.read_financial(
        answer(call_of("customer.financial"), {"CUCD": "EUR", "TXAP": "1", "BLCD": "0", "CRLM": "100"})
    )
    charges = crs610mi.read_customer_charges(
        answer(call_of("customer.charges"), {"CUNO": "W2", "CRID": "X"}), customer="W1"
    )

    assert (info.has_summary_invoice, info.has_tax_included, info.discount_model) == (False, True, "D1")
    assert (financial.is_taxed, financial.is_stopped, financial.credit_limits[0]) == (True, False, Decimal(100))
    assert charges == []
