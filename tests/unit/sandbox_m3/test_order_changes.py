"""A customer order is changed after Confirm as money-and-stock.md section 7 says, below picking only."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import M3

ADDED = {"ITNO": "MUG-002", "ORQT": "2", "SAPR": "9.00", "SACD": "1", "CUPO": "9"}


def held(m3: M3) -> dict[str, Any]:
    (order,) = m3.book()["orders"]
    return dict(order)


def reserved(m3: M3, item: str) -> str:
    return str(m3.records("MMS200MI/GetItmWhsBal", ITNO=item, WHLO="001")[0]["REQT"])


def test_quantity_changes_at_the_old_price_and_reserves_more(m3: M3) -> None:
    orno = m3.ordered()
    before = held(m3)["lines"][0]

    m3.records("OIS100MI/ChgLineBatchEnt", ORNO=orno, PONR="1", ORQA="5")

    line = held(m3)["lines"][0]
    assert (line["quantity"], line["price"]) == ("5", before["price"])
    assert float(reserved(m3, "MUG-001")) == 5


def test_added_line_is_part_of_the_order_and_of_its_value(m3: M3) -> None:
    orno = m3.ordered()
    before = float(held(m3)["net"])

    (answer,) = m3.records("OIS100MI/AddLineBatchEnt", ORNO=orno, **ADDED)

    assert answer["PONR"] == "2"
    assert held(m3)["lines"][1]["cupo"] == "9"
    assert float(held(m3)["net"]) == before + 18


def test_closed_line_stays_as_a_trace_that_is_worth_nothing(m3: M3) -> None:
    orno = m3.ordered()
    m3.records("OIS100MI/AddLineBatchEnt", ORNO=orno, **ADDED)

    m3.records("OIS100MI/CloLine", ORNO=orno, PONR="1", POSX="0", RSCD="WEB")

    rows = m3.records("OIS100MI/LstLine", ORNO=orno)
    assert [(row["PONR"], row["ORST"]) for row in rows] == [("1", "99"), ("2", "22")]
    assert held(m3)["net"] == "18.00"
    assert float(reserved(m3, "MUG-001")) == 0
    assert m3.code("OIS100MI/CloLine", ORNO=orno, PONR="1", POSX="0") == "WST0301"


def test_order_whose_lines_are_all_closed_is_at_99(m3: M3) -> None:
    orno = m3.ordered()

    m3.records("OIS100MI/CloLine", ORNO=orno, PONR="1", POSX="0")

    head = m3.records("OIS100MI/GetHead", ORNO=orno)[0]
    assert (head["ORSL"], head["ORST"], head["TOPY"]) == ("99", "99", "0.00")


@pytest.mark.parametrize(("status", "code"), [("33", ""), ("44", "WST0301"), ("66", "WST0301")])
def test_line_is_changed_and_closed_below_picking_only(m3: M3, status: str, code: str) -> None:
    orno = m3.ordered()
    m3.control(f"orders/{orno}/advance", {"to": status})

    changed = m3.get("OIS100MI/ChgLineBatchEnt", ORNO=orno, PONR="1", ORQA="5").get_json()["results"][0]
    closed = m3.get("OIS100MI/CloLine", ORNO=orno, PONR="1", POSX="0").get_json()["results"][0]

    assert [one.get("errorCode", "") for one in (changed, closed)] == [code, code]


def test_change_entered_as_a_batch_holds_a_while_later(m3: M3) -> None:
    orno = m3.ordered()
    before = held(m3)["lines"][0]["quantity"]
    m3.control("faults", {"batch_entry_s": 60})

    m3.records("OIS100MI/ChgLineBatchEnt", ORNO=orno, PONR="1", ORQA="5")
    m3.records("OIS100MI/AddLineBatchEnt", ORNO=orno, **ADDED)
    at_once = [line["quantity"] for line in held(m3)["lines"]]
    m3.control("clock", {"offset_s": 61})

    assert at_once == [before]
    assert [line["quantity"] for line in held(m3)["lines"]] == ["5", "2"]


def test_head_is_deleted_only_while_nothing_of_it_is_allocated(m3: M3) -> None:
    orno = m3.ordered()
    m3.control(f"orders/{orno}/advance", {"to": "33"})
    assert m3.code("OIS100MI/DelHead", ORNO=orno) == "WST0301"

    other = m3.ordered()
    m3.records("OIS100MI/DelHead", ORNO=other)

    assert m3.code("OIS100MI/GetHead", ORNO=other) == "WOR0303"
    assert [one["orno"] for one in m3.book()["orders"]] == [orno]


def test_charges_are_added_once_changed_and_taken_off(m3: M3) -> None:
    orno = m3.ordered()
    m3.records("OIS100MI/AddConnCOCharge", ORNO=orno, CRID="SHP25", CRAM="5.00")
    assert m3.code("OIS100MI/AddConnCOCharge", ORNO=orno, CRID="SHP25", CRAM="5.00") == "XRE0104"

    m3.records("OIS100MI/UpdConnCOCharge", ORNO=orno, CRID="SHP25", CRAM="7.00")
    assert [row["CRAM"] for row in m3.records("OIS100MI/LstConnCOCharge", ORNO=orno)] == ["7.00"]

    m3.records("OIS100MI/DelConnCOCharge", ORNO=orno, CRID="SHP25")
    assert held(m3)["charges"] == []
    assert m3.code("OIS100MI/DelConnCOCharge", ORNO=orno, CRID="SHP25") == "XRE0103"


def test_text_block_is_replaced_and_read_back(m3: M3) -> None:
    key = {"FILE": "OOHEAD", "KFLD": m3.ordered(), "TXVR": "WEB1"}
    assert m3.code("OIS100MI/GetText", **key) == "XRE0103"

    m3.records("OIS100MI/AddText", **key, TEXT="Ring twice")
    m3.records("OIS100MI/AddText", **key, TEXT="Ring three times")

    assert m3.records("OIS100MI/GetText", **key)[0]["TEXT"] == "Ring three times"
    assert held(m3)["text_blocks"] == {"WEB1": "Ring three times"}


def test_charge_of_a_line_is_added_once_changed_and_taken_off(m3: M3) -> None:
    orno = m3.ordered("TAXTEUR")
    line = {"ORNO": orno, "PONR": "1", "POSX": "0", "CRID": "TAX25"}

    m3.records("OIS100MI/AddLineCharge", **line, CRAM="8.71")
    twice = m3.code("OIS100MI/AddLineCharge", **line, CRAM="8.71")
    m3.records("OIS100MI/UpdLineCharge", **line, CRAM="9.00")
    rows = m3.records("OIS100MI/LstLineCharge", ORNO=orno, PONR="1", POSX="0")
    m3.records("OIS100MI/DltLineCharge", **line)

    assert twice == "XRE0104"
    assert [(row["PONR"], row["CRID"], row["PBAM"]) for row in rows] == [("1", "TAX25", "9.00")]
    assert m3.code("OIS100MI/DltLineCharge", **line) == "XRE0103"


def test_charges_of_the_lines_after_it_follow_in_the_list(m3: M3) -> None:
    orno = m3.ordered("TAXTEUR")
    m3.records("OIS100MI/AddLineBatchEnt", ORNO=orno, **ADDED)
    for ponr in ("1", "2"):
        m3.records("OIS100MI/AddLineCharge", ORNO=orno, PONR=ponr, POSX="0", CRID="TAX25", CRAM="1.00")

    rows = m3.records("OIS100MI/LstLineCharge", ORNO=orno, PONR="1", POSX="0")

    assert [row["PONR"] for row in rows] == ["1", "2"]


def test_charge_of_a_line_that_is_picked_stays(m3: M3) -> None:
    orno = m3.ordered("TAXTEUR")
    m3.control(f"orders/{orno}/advance", {"to": "44"})

    assert m3.code("OIS100MI/AddLineCharge", ORNO=orno, PONR="1", POSX="0", CRID="TAX25", CRAM="1.00") == "WST0301"
