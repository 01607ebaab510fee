"""A store file of a former version does not say in which unit the shop sells: what would leave stock is held, all else goes on."""

from __future__ import annotations

from typing import Any

from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.stock.stock_story import MUG
from tests.integration.flows.stock.warehouse import FLOW, ISSUE, Warehouse

SILENT = invoicing(invoices={**ISSUE, "credit_prefix": "W1C-"})


def _saying(unit: str) -> str:
    issue = {**ISSUE["issue"], "unit": unit}
    return invoicing(invoices={**ISSUE, "issue": issue, "credit_prefix": "W1C-"})


def _place_mug(house: Warehouse) -> dict[str, Any]:
    order = house.place(lines=[{"sku": MUG, "quantity": 1}])
    house.go_on()
    return order


def test_units_are_held_and_the_invoice_is_posted_where_no_unit_is_named(house: Warehouse) -> None:
    house.connector.configure(SILENT)
    _place_mug(house)

    held = house.exchange(FLOW)
    assert (held["state"], held["reason_code"]) == ("dead_letter", "unmappable")
    assert "invoices.issue.unit" in held["resolution"]
    assert house.exchange()["state"] == "done"
    assert len(house.books_of("I")) == 1
    assert house.connector.rows("SELECT 1 FROM store WHERE paused_by IS NOT NULL") == []
    assert house.messages() == []


def test_held_units_leave_stock_once_the_unit_is_named(house: Warehouse) -> None:
    house.connector.configure(SILENT)
    _place_mug(house)
    house.connector.configure(_saying("BOX"))
    house.go_on()

    assert house.exchange(FLOW)["state"] == "done"
    assert house.messages() == [(MUG, "-6")]


def test_units_that_went_out_before_come_back_as_they_went_without_a_unit(house: Warehouse) -> None:
    house.connector.configure(_saying("BOX"))
    order = _place_mug(house)
    house.connector.configure(SILENT)
    house.take_back(order)
    house.go_on()

    assert house.messages() == [(MUG, "-6"), (MUG, "6")]


def test_units_are_held_where_m3_has_a_unit_of_nothing(house: Warehouse) -> None:
    house.connector.configure(_saying("BOX"))
    units = [{"unit": "BOX", "factor": "0"}]
    house.sandbox.post(f"{house.sandbox.m3_url}/_control/items", [{"itno": MUG, "units": units}])
    _place_mug(house)

    held = house.exchange(FLOW)
    assert (held["state"], held["reason_code"], house.messages()) == ("dead_letter", "unmappable", [])
    assert "factor 0" in held["reason"] and "MMS015" in held["resolution"]
