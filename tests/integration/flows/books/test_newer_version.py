"""A rolling restart: a worker goes on with documents that one of a newer version has written, which keeps more with them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from connector.ledger.session import transaction
from tests.harness import Connector
from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.stock.stock_story import MUG
from tests.integration.flows.stock.warehouse import ISSUE, Warehouse

MORE = {"of_a_newer_version": {"of": "any kind"}}
UNIT = {**ISSUE, "issue": {**ISSUE["issue"], "unit": ""}}


@pytest.fixture
def house(connector: Connector) -> Warehouse:
    house = Warehouse(connector)
    connector.configure(invoicing(invoices={**UNIT, "credit_prefix": "W1C-"}))
    return house


def _with_more(plan: dict[str, Any]) -> dict[str, Any]:
    """Adds a field wherever a newer version may: to the plan, what it is made of, and each account and line."""
    for name in ("rules", "sheet", "sold"):
        if name in plan:
            plan[name] |= MORE
    if "epoch" in plan:
        plan["lines"] = {line: one | MORE for line, one in plan["lines"].items()}
    if "sold" in plan:
        accounts = plan["sold"]["accounts"] | MORE
        accounts["receivable"] |= MORE
        accounts["revenue"] = {row: one | MORE for row, one in accounts["revenue"].items()}
        plan["sold"]["accounts"] = accounts
        plan["sold"]["rows"]["line_items"] = [one | MORE for one in plan["sold"]["rows"]["line_items"]]
    return plan | MORE


def _upgrade(house: Warehouse) -> None:
    """Leaves every plan as a newer version would have kept it."""
    for row in house.connector.rows("SELECT id, plan FROM document"):
        values = {"id": row["id"], "plan": json.dumps(_with_more(row["plan"]))}
        with transaction(house.connector.engine) as connection:
            connection.execute(text("UPDATE document SET plan = CAST(:plan AS jsonb) WHERE id = :id"), values)


def test_invoice_a_newer_version_posted_is_credited_and_its_units_come_back(house: Warehouse) -> None:
    order = house.place(lines=[{"sku": MUG, "quantity": 3}])
    house.go_on()
    _upgrade(house)
    house.connector.configure(invoicing(invoices={"credit_prefix": "W1C-"}))  # how units come back, the plan alone says
    house.take_back(order)
    house.go_on()

    assert house.connector.rows("SELECT flow, reason FROM exchange WHERE state <> 'done'") == []
    assert len(house.books_of("C")) == 1
    assert house.messages() == [(MUG, "-3"), (MUG, "1")]
    (kept,) = house.connector.rows("SELECT plan FROM document WHERE kind = 'stock_issue'")
    assert kept["plan"]["of_a_newer_version"] == MORE["of_a_newer_version"]


def test_batch_a_newer_version_has_begun_is_ended(house: Warehouse) -> None:
    house.m3_fault("GLS840MI/UpdBatch", "http_503", times=99)  # also if the first run outlasts the wait for the next
    house.place(lines=[{"sku": MUG, "quantity": 3}])
    house.connector.drain()
    begun = house.exchange("invoices_to_m3")["state"]
    _upgrade(house)
    house.end_faults()
    house.go_on()

    assert (begun, house.exchange("invoices_to_m3")["state"]) == ("waiting", "done")
    assert len(house.books_of("I")) == 1
