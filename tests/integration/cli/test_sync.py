"""`connector sync`: by id, by time, and as a dry run that writes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Connector
from tests.integration.cli.conftest import Run


def test_an_order_asked_for_by_id_becomes_due(connector: Connector, run_store: Run) -> None:
    order = connector.sandbox.place(kind="guest")

    said = run_store("sync", "orders_to_m3", "--ids", order["id"], "--json")

    (row,) = said.data["exchanges"]
    assert said.status == 0
    assert (row["business_key"], row["state"]) == (str(order["id"]), "ready")


def test_orders_of_a_window_are_read_from_the_shop_once(connector: Connector, run_store: Run) -> None:
    connector.sandbox.place(kind="guest")
    connector.sandbox.place(kind="guest")

    first = run_store("sync", "orders_to_m3", "--since", "1h", "--json")
    again = run_store("sync", "orders_to_m3", "--since", "1h")

    assert len(first.data["exchanges"]) == 2
    assert "Nothing to do" in again.out


def test_waiting_ends_with_status_1_when_an_order_did_not_get_through(connector: Connector, run_store: Run) -> None:
    order = connector.sandbox.place(kind="guest")
    run_store("store", "pause", "w1")

    said = run_store("sync", "orders_to_m3", "--ids", order["id"], "--wait")

    assert said.status == 1
    assert "Store w1 is paused" in said.flat_err


def test_a_dead_broker_is_only_a_warning(connector: Connector, run_store: Run) -> None:
    order = connector.sandbox.place(kind="guest")

    said = run_store("sync", "orders_to_m3", "--ids", order["id"], env={"REDIS_URL": "redis://127.0.0.1:1/0"})

    assert said.status == 0
    assert "will be sent once it is back" in said.flat_err
    assert len(connector.rows("SELECT 1 FROM exchange")) == 1


def test_a_dry_run_shows_each_transaction_and_writes_nothing(connector: Connector, run_store: Run) -> None:
    order = connector.sandbox.place(kind="guest")
    before = connector.sandbox.m3_book()

    shown = run_store("sync", "orders_to_m3", "--ids", order["id"], "--dry-run")
    data = run_store("sync", "orders_to_m3", "--ids", order["id"], "--dry-run", "--json").data

    names = [one["transaction"] for one in data[0]["transactions"]]
    after = connector.sandbox.m3_book()
    assert shown.status == 0
    assert "1. OIS100MI/AddBatchHead" in shown.out.splitlines()
    assert names[0] == "OIS100MI/AddBatchHead"
    assert names[-1] == "OIS100MI/Confirm"
    assert data[0]["transactions"][0]["fields"]["CUNO"]
    assert (after["orders"], after["batch_orders"]) == (before["orders"], before["batch_orders"])
    for table in ("exchange", "delivery", "document", "audit", "order_line"):
        assert connector.rows(f"SELECT 1 FROM {table}") == []


def test_a_dry_run_of_a_posted_order_says_that_nothing_changed(connector: Connector, run_store: Run) -> None:
    order = _posted(connector)

    said = run_store("sync", "orders_to_m3", "--ids", order["id"], "--dry-run")

    assert said.status == 0
    assert f"it is in M3: posted as {connector.sandbox.m3_book()['orders'][0]['orno']}" in said.out


def test_a_dry_run_shows_what_a_change_after_posting_would_do_in_m3(connector: Connector, run_store: Run) -> None:
    order = _posted(connector)
    _change(connector, order, status="cancelled")
    before, audited = connector.sandbox.m3_book(), connector.rows("SELECT id FROM audit")

    said = run_store("sync", "orders_to_m3", "--ids", order["id"], "--dry-run")

    after = connector.sandbox.m3_book()
    assert said.status == 0
    assert f"changes of order {before['orders'][0]['orno']} in M3" in said.out
    assert "1. OIS100MI/CloLine" in said.out
    assert "OIS100MI/DelConnCOCharge" in said.out
    assert after["orders"] == before["orders"]
    assert connector.rows("SELECT id FROM audit") == audited


def test_a_dry_run_says_that_a_change_m3_does_not_allow_would_be_held(connector: Connector, run_store: Run) -> None:
    order = _posted(connector)
    _change(connector, order, payment_method="cod")
    audited = connector.rows("SELECT id FROM audit")

    said = run_store("sync", "orders_to_m3", "--ids", order["id"], "--dry-run")

    assert said.status == 1
    assert "would not get through" in said.out
    assert "was changed in the shop after it was posted" in said.out
    assert connector.rows("SELECT id FROM audit") == audited


def _change(connector: Connector, order: dict[str, Any], **change: str) -> None:
    url = f"{connector.sandbox.shop_url}/_control/orders/{order['id']}"
    connector.sandbox.post(url, {"deliver": "never", **change})


def _posted(connector: Connector) -> dict[str, Any]:
    order = connector.sandbox.place(kind="guest")
    connector.ask(order["id"])
    connector.settle()
    return order


def test_a_dry_run_of_an_order_that_is_not_there_says_so(run_store: Run) -> None:
    said = run_store("sync", "orders_to_m3", "--ids", "999999", "--dry-run")

    assert said.status == 0
    assert "does not exist in the shop" in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stock_to_moon", "--ids", "1"], "There is no flow 'stock_to_moon'"),
        (["payments_to_m3", "--ids", "1"], "payments_to_m3 cannot be asked for by itself"),
        (["customers_to_m3", "--ids", "1"], "does not follow the accounts"),
        (["customers_to_m3", "--since", "1h"], "cannot tell which accounts changed"),
        (["orders_to_m3"], "Which ones?"),
        (["orders_to_m3", "--ids", "1", "--since", "1h"], "Which ones?"),
        (["orders_to_m3", "--ids", "1001;1002"], "no list of shop ids"),
        (["orders_to_m3", "--since", "noon"], "is no time"),
        (["orders_to_m3", "--since", "1h", "--until", "2h"], "--until lies before --since"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_remedy(run_store: Run, arguments: list[str], words: str) -> None:
    said = run_store("sync", *arguments)

    assert said.status == 1
    assert words in said.flat_err
    assert "What to do:" in said.err
