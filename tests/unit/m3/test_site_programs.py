"""Items, settings and the server's time as M3 answers them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connector.errors import InvalidPayloadError
from connector.m3.calls import Answer
from connector.m3.programs import (
    balances,
    crs055mi,
    mms005mi,
    mms015mi,
    mms025mi,
    mms200mi,
    mrs001mi,
    ois010mi,
    ois030mi,
)
from tests.unit.m3.program_calls import answer, call_of


def test_an_answer_without_a_balance_is_no_balance_of_none() -> None:
    asked = balances.get_balance("MUG-001", warehouse="001")

    for records in ((), ({},)):
        with pytest.raises(InvalidPayloadError):
            balances.read_balance(Answer(asked, records))


def test_an_item_is_priced_in_its_basic_unit_unless_m3_says_otherwise() -> None:
    item = mms200mi.read_item_basic(
        answer(call_of("item.basic"), {"ITNO": "A", "UNMS": "PCE", "PDCC": "2", "STAT": "20"})
    )

    assert (item.item_number, item.price_unit, item.price_decimals, item.status) == ("A", "PCE", 2, "20")


def test_server_time_gets_its_leading_zeros_back() -> None:
    read = mms200mi.read_server_time(
        answer(call_of("site.server_time"), {"DATE": "20261122", "TIME": "93000", "LMTS": "1795311984000"})
    )

    assert (read.date, read.time, read.milliseconds) == (date(2026, 11, 22), "093000", 1795311984000)


def test_server_time_without_a_date_is_refused() -> None:
    with pytest.raises(InvalidPayloadError):
        mms200mi.read_server_time(answer(call_of("site.server_time")))


def test_aliases_units_currencies_and_warehouses_are_read() -> None:
    aliased = mms025mi.read_item(answer(call_of("item.by_alias"), {"ITNO": "MUG-001", "ALUN": "PCE", "CNQT": "1"}))
    unit = mms015mi.read_unit(answer(call_of("item.unit"), {"COFA": "12", "DMCF": "1"}))
    currency = crs055mi.read_currency(answer(call_of("currency.basic"), {"DCCD": "2", "NPRD": "4"}))
    warehouse = mms005mi.read_warehouse(answer(call_of("warehouse.basic"), {"FACI": "001", "DIVI": "AAA"}))

    assert (aliased.item_number, aliased.alias) == ("MUG-001", "4006381333931")
    assert (unit.unit, unit.factor, unit.is_divisor) == ("BOX", Decimal(12), False)
    assert (currency.code, currency.decimals, currency.price_decimals) == ("EUR", 2, 4)
    assert (warehouse.code, warehouse.facility, warehouse.division) == ("001", "001", "AAA")


def test_charges_and_order_types_are_compared_with_what_was_asked() -> None:
    charges = ois030mi.read_charges(
        answer(call_of("charge.list"), {"CRID": "SHP25", "CUCD": "EUR", "VTCD": "1", "HACD": "0"})
    )
    rows = [{"ORTP": "W01", "CRID": "INV"}, {"ORTP": "W02", "CRID": "OTH"}]
    automatic = ois010mi.read_order_type_charges(answer(call_of("order_type.charges"), *rows), order_type="W01")
    listed = answer(call_of("order_type.list"), {"ORTP": "W01", "OT66": "2"}, {"ORTP": "W02"})

    assert (charges[0].id, charges[0].vat_code, charges[0].currency) == ("SHP25", "1", "EUR")
    assert [charge.id for charge in automatic] == ["INV"]
    found = ois010mi.read_order_type(listed, code="W01")
    assert found is not None and found.checks_duplicates == "2"
    assert ois010mi.read_order_type(listed, code="W03") is None


def test_site_fields_are_only_those_of_the_transaction_asked_for() -> None:
    rows = [
        {"MINM": "OIS100MI", "TRNM": "AddBatchHead", "FLNM": "CUNO", "LENG": "10", "TYPE": "A", "MAND": "1"},
        {"MINM": "OIS100MI", "TRNM": "AddBatchLine", "FLNM": "ITNO", "LENG": "15", "TYPE": "A", "MAND": "1"},
    ]

    fields = mrs001mi.read_fields(answer(call_of("site.fields"), *rows))

    assert list(fields) == ["CUNO"]
    assert (fields["CUNO"].length, fields["CUNO"].is_required) == (10, True)
