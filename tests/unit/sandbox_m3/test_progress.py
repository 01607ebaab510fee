"""Orders that advance: line by line and in part, with deliveries, packages and invoices as M3's programs show them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.sandbox_m3.conftest import M3


@pytest.fixture
def orno(m3: M3) -> str:
    """An order of three mugs and one of another kind, with freight."""
    batch = m3.head()
    m3.line(batch, ORQT="3")
    m3.line(batch, "MUG-002", ORQT="1")
    m3.records("OIS100MI/AddBatchHeadChg", ORNO=batch, CRID="SHP25", CRAM="4.00")
    return m3.confirm(batch)["ORNO"]


def advance(m3: M3, orno: str, **how: Any) -> str:
    return str(m3.control(f"orders/{orno}/advance", how)["stat"])


def statuses(m3: M3, orno: str) -> list[str]:
    head = m3.records("OIS100MI/GetHead", ORNO=orno)[0]
    lines = [line["ORST"] for line in m3.records("OIS100MI/LstLine", ORNO=orno)]
    return [head["ORSL"], head["ORST"], *lines]


def deliveries(m3: M3, orno: str) -> list[tuple[str, str, str, str]]:
    rows = m3.records("MWS411MI/LstDelLnByOrd", RORC="3", RIDN=orno)
    return [(row["RIDL"], row["DLIX"], row["TRQT"], row["RIDN"]) for row in rows]


def test_part_of_a_line_shows_its_least_and_its_most_progressed_part(m3: M3, orno: str) -> None:
    advance(m3, orno, to="66", lines=[{"ponr": 1, "quantity": "2"}])

    assert statuses(m3, orno) == ["22", "46", "46", "22"]
    line = m3.records("OIS100MI/GetLine", ORNO=orno, PONR="1")[0]
    assert (line["DLQT"], line["IVQT"], line["ALQT"]) == ("2", "0", "1")
    stock = m3.records("MMS200MI/GetItmWhsBal", WHLO="001", ITNO="MUG-001")[0]
    assert (stock["ALQT"], stock["REQT"]) == ("1.000000", "1.000000")


def test_rest_of_an_order_leaves_with_a_delivery_of_its_own(m3: M3, orno: str) -> None:
    advance(m3, orno, to="66", lines=[{"ponr": 1, "quantity": "2"}], tracking="T-1")
    advance(m3, orno, to="66", packages=["T-2", "T-3"])

    first, second = m3.book()["deliveries"]
    assert statuses(m3, orno) == ["66", "66", "66", "66"]
    assert (first["lines"], second["lines"]) == ({"1": "2"}, {"1": "1", "2": "1"})
    heads = [m3.records("MWS410MI/GetHead", DLIX=str(one["dlix"]))[0] for one in (first, second)]
    assert [(head["ETRN"], head["PGRS"], head["RIDN"]) for head in heads] == [("T-1", "60", orno), ("", "60", orno)]
    packages = m3.records("MWS423MI/LstPackDel", DLIX=str(second["dlix"]))
    assert [package["ETRN"] for package in packages] == ["T-2", "T-3"]
    assert len({package["SSCC"] for package in packages}) == 2


def test_picking_list_is_a_delivery_that_did_not_leave(m3: M3, orno: str) -> None:
    advance(m3, orno, to="44")

    (planned,) = m3.book()["deliveries"]
    assert (planned["stat"], planned["lines"], planned["tracking"]) == ("05", {"1": "3", "2": "1"}, "")
    advance(m3, orno, to="66")
    assert [one["dlix"] for one in m3.book()["deliveries"]] == [planned["dlix"]]


def test_delivery_lines_are_listed_from_an_order_on_and_past_it(m3: M3, orno: str) -> None:
    other = m3.ordered()
    advance(m3, orno, to="66")
    advance(m3, other, to="66")

    first, second = (one["dlix"] for one in m3.book()["deliveries"])
    rows = [("1", str(first), "3", orno), ("2", str(first), "1", orno), ("1", str(second), "1", other)]
    assert deliveries(m3, orno) == rows
    assert deliveries(m3, other) == rows[2:]
    by_line = m3.records("OIS100MI/LstDelLineByCO", ORNO=orno, PONR="2")
    assert [(row["DLIX"], row["PGRS"]) for row in by_line] == [(str(first), "60")]


def test_each_delivery_has_its_invoice_and_together_they_are_the_order(m3: M3, orno: str) -> None:
    advance(m3, orno, to="77", lines=[{"ponr": 1, "quantity": "1"}])
    assert statuses(m3, orno) == ["22", "47", "47", "22"]
    advance(m3, orno, to="77")

    invoices = m3.book()["order_invoices"]
    order = m3.book()["orders"][0]
    assert statuses(m3, orno) == ["77", "77", "77", "77"]
    rows = m3.records("OIS350MI/LstInvHeadByCo", ORNO=orno)
    assert [(row["IVNO"], row["EXIN"], row["DLIX"]) for row in rows] == [
        (str(one["ivno"]), one["exin"], str(one["dlix"])) for one in invoices
    ]
    assert sum(Decimal(one["net"]) for one in invoices) == Decimal(order["net"]) + Decimal(order["charge_total"])
    assert m3.records("OIS350MI/GetInvHead", YEA4=rows[0]["YEA4"], IVNO=rows[0]["IVNO"])[0]["EXIN"] == rows[0]["EXIN"]


def test_line_that_left_is_not_invoiced_by_the_delivery_of_another(m3: M3, orno: str) -> None:
    advance(m3, orno, to="66", lines=[{"ponr": 2}])
    advance(m3, orno, to="66")

    assert statuses(m3, orno)[:2] == ["66", "66"]
    assert m3.book()["order_invoices"] == []


@pytest.mark.parametrize(
    "how",
    [
        {"to": "66", "lines": [{"ponr": 9}]},
        {"to": "66", "lines": [{"ponr": 1, "quantity": "4"}]},
        {"to": "44", "lines": [{"ponr": 1, "quantity": "1"}]},
        {"to": "34"},
    ],
)
def test_what_cannot_be_advanced_is_refused(m3: M3, orno: str, how: dict[str, Any]) -> None:
    assert m3.http.post(f"/_control/orders/{orno}/advance", json=how).status_code in (404, 409)
    assert statuses(m3, orno)[:2] == ["22", "22"]


def amounts(m3: M3, orno: str) -> list[str]:
    return [row["IVAV"] for row in m3.records("OIS350MI/LstAllInvByCO", ORNO=orno)]


@pytest.mark.parametrize(("counts", "worth"), [(True, "69.50"), (False, "53.38")])
def test_rest_that_a_person_ended_is_not_invoiced_whether_or_not_the_order_counts_it(
    m3: M3, orno: str, counts: bool, worth: str
) -> None:
    m3.control("faults", {"counts_undelivered": counts})
    advance(m3, orno, to="66", lines=[{"ponr": 1, "quantity": "2"}])

    m3.control(f"orders/{orno}/close", {"lines": [1]})
    advance(m3, orno, to="77")

    line = m3.records("OIS100MI/GetLine", ORNO=orno, PONR="1")[0]
    assert (line["ORQT"], line["IVQT"], statuses(m3, orno)) == ("3", "2", ["77", "77", "77", "77"])
    assert m3.records("OIS100MI/GetOrderValue", ORNO=orno)[0]["TOPY"] == worth
    assert sum(map(Decimal, amounts(m3, orno))) == Decimal("53.38")
    stock = m3.records("MMS200MI/GetItmWhsBal", WHLO="001", ITNO="MUG-001")[0]
    assert (stock["ALQT"], stock["REQT"]) == ("0.000000", "0.000000")


def test_only_what_left_in_part_is_ended(m3: M3, orno: str) -> None:
    assert m3.http.post(f"/_control/orders/{orno}/close", json={"lines": [1]}).status_code == 409
    assert m3.http.post(f"/_control/orders/{orno}/close", json={"lines": [9]}).status_code == 404


def test_price_that_was_changed_between_two_invoices_holds_for_the_second(m3: M3, orno: str) -> None:
    advance(m3, orno, to="77", lines=[{"ponr": 1, "quantity": "2"}])
    m3.records("OIS100MI/UpdPriceInfo", ORNO=orno, PONR="1", SAPR="5.00", SACD="1")
    advance(m3, orno, to="77", lines=[{"ponr": 1}])

    assert amounts(m3, orno) == ["37.25", "6.25"]  # 25.80 and 4.00 freight, then 5.00, with 25 %


def test_charges_of_a_line_are_on_the_first_invoice_of_the_line(m3: M3) -> None:
    batch = m3.head("TAXTEUR")
    m3.line(batch, ORQT="2")
    m3.records("OIS100MI/AddBatchLineChg", ORNO=batch, PONR="1", POSX="0", CRID="TAX25", CRAM="6.45")
    orno = m3.confirm(batch)["ORNO"]
    advance(m3, orno, to="77", lines=[{"ponr": 1, "quantity": "1"}])
    advance(m3, orno, to="77")

    assert amounts(m3, orno) == ["19.35", "12.90"]
