"""`connector sync refunds_to_m3`: by the ids of orders, by time, and as a dry run that writes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Connector
from tests.integration.cli.conftest import Run
from tests.integration.flows.refunds.desk import MUG, Desk

FLOW = "refunds_to_m3"


@pytest.fixture
def desk(connector: Connector) -> Desk:
    desk = Desk(connector, guests="common")
    desk.start_anew()
    desk.end_faults()
    connector.forget()
    return desk


def untold(desk: Desk, order: dict[str, Any], **refund: Any) -> int:
    """Refunds something in the shop, of which nobody is told."""
    url = f"{desk.sandbox.shop_url}/_control/orders/{order['id']}"
    desk.sandbox.post(url, {"deliver": "never", "refund": refund})
    return max(one["id"] for one in desk.sandbox.shop_book()["refunds"])


def test_refunds_of_an_order_are_carried_though_nothing_told_of_them(desk: Desk, run_store: Run) -> None:
    order = desk.invoiced()
    refund = untold(desk, order, amount="5.00")

    said = run_store("sync", FLOW, "--ids", order["id"], "--json")
    desk.go_on()

    assert [row["business_key"] for row in said.data["exchanges"]] == [f"{order['id']}-{refund}"]
    assert [one["total"] for one in desk.returns()] == ["-5.00"]


def test_refunds_of_a_time_are_carried(desk: Desk, run_store: Run) -> None:
    order = desk.invoiced()
    untold(desk, order, amount="5.00")

    said = run_store("sync", FLOW, "--since", "1h")
    none = run_store("sync", FLOW, "--since", "3d", "--until", "2d")
    desk.go_on()

    assert f"of order {order['id']}: exchange" in said.out
    assert "Nothing to do" in none.out
    assert len(desk.returns()) == 1


def test_a_dry_run_shows_the_credit_order_and_writes_nothing(desk: Desk, run_store: Run) -> None:
    order = desk.invoiced()
    untold(desk, order, amount="5.00")

    said = run_store("sync", FLOW, "--ids", order["id"], "--dry-run", "--json")

    (shown,) = said.data
    names = [one["transaction"] for one in shown["transactions"]]
    assert (names[0], names[-1]) == ("OIS100MI/AddBatchHead", "OIS100MI/Confirm")
    assert "total -5.00 EUR" in shown["sums"]
    assert desk.returns() == desk.refunds() == []


def test_a_dry_run_shows_how_the_order_is_made_smaller(desk: Desk, run_store: Run) -> None:
    order = desk.place()
    desk.go_on()
    desk.give_back(order, MUG, 1)

    said = run_store("sync", FLOW, "--ids", order["id"], "--dry-run", "--json")

    names = {one["transaction"] for shown in said.data for one in shown["transactions"]}
    assert "OIS100MI/ChgLineBatchEnt" in names
    assert desk.order_of(order)["total"] == order["total"]
    assert desk.connector.rows("SELECT 1 FROM order_reduction") == []


def test_a_dry_run_says_what_a_refund_waits_for(desk: Desk, run_store: Run) -> None:
    order = desk.place()
    desk.go_on()
    desk.advance(order, "44")
    untold(desk, order, amount="5.00")

    said = run_store("sync", FLOW, "--ids", order["id"], "--dry-run")

    assert said.status == 0
    assert "not invoiced yet" in said.out


def test_a_dry_run_ends_with_1_if_a_refund_needs_a_person(desk: Desk, run_store: Run) -> None:
    order = desk.invoiced()
    desk.refund(order, order["total"])
    desk.go_on()
    (whole,) = desk.refunds()
    desk.delete(order, int(whole["business_key"].split("-")[1]))
    untold(desk, order, amount="5.00")

    said = run_store("sync", FLOW, "--ids", order["id"], "--dry-run")

    assert said.status == 1
    assert "more than there is" in said.out
