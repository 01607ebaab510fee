"""`connector sync order_status_to_woo`: by id, by the time of posting, and as a dry run that writes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Connector
from tests.integration.cli.conftest import Run

FLOW = "order_status_to_woo"


@pytest.fixture
def delivered(connector: Connector) -> dict[str, Any]:
    """An order that left M3, of which the shop knows the number only."""
    order = connector.sandbox.place(kind="guest", status="processing")
    connector.ask(order["id"])
    connector.settle()
    (held,) = connector.sandbox.m3_book()["orders"]
    connector.sandbox.advance(held["orno"], "66")
    return {**order, "orno": held["orno"]}


def test_dry_run_shows_what_would_be_written_and_writes_nothing(
    connector: Connector, run_store: Run, delivered: dict[str, Any]
) -> None:
    audited = connector.rows("SELECT id FROM audit")

    said = run_store("sync", FLOW, "--ids", delivered["id"], "--dry-run", "--json")
    words = run_store("sync", FLOW, "--since", "1h", "--dry-run")

    (row,) = said.data
    assert said.status == words.status == 0
    assert [delivered["status"], "completed"] in [change[1:] for change in row["changes"]]
    assert [whom for _, whom in row["notes"]] == ["customer"]
    assert "Note to the customer: Delivery 70000001 is on its way" in words.out
    assert connector.rows("SELECT id FROM audit") == audited


@pytest.mark.parametrize("by_time", [False, True])
def test_order_asked_for_becomes_due_and_is_told(
    connector: Connector, run_store: Run, delivered: dict[str, Any], by_time: bool
) -> None:
    which = ["--since", "1h"] if by_time else ["--ids", delivered["id"]]

    said = run_store("sync", FLOW, *which, "--json")

    (row,) = said.data["exchanges"]
    assert (said.status, row["business_key"], row["state"]) == (0, str(delivered["id"]), "ready")
    connector.settle()
    shown = run_store("sync", FLOW, *which, "--dry-run")
    assert "Nothing to write." in shown.out


def test_order_that_is_not_in_m3_is_named(run_store: Run, connector: Connector) -> None:
    order = connector.sandbox.place(kind="guest")

    said = run_store("sync", FLOW, "--ids", order["id"])

    assert said.status == 1
    assert f"Not in M3: {order['id']}." in said.out
