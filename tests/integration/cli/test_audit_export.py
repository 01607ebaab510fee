"""`connector audit export` tells all that was done about one order, customer or refund, and of people only when asked."""

from __future__ import annotations

import csv
import json
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from connector.ledger import audit_export
from connector.ledger.audit_export import Wanted, export_audit
from connector.ledger.session import transaction
from connector.m3.programs import order_changes
from tests.harness import STORE, Connector
from tests.integration.cli.conftest import Run, Said
from tests.integration.flows.refunds.desk import Desk
from tests.integration.flows.story import Story

ADDRESS = "Skrivena ulica 77"
NOTE = "The key is under the third pot"
READS = ("Get", "Lst", "Sel", "Check")


@pytest.fixture
def story(connector: Connector) -> Story:
    """A store whose every buyer is a customer of M3."""
    return Story(connector)


@pytest.fixture
def desk(connector: Connector) -> Desk:
    desk = Desk(connector, guests="common")
    desk.end_faults()
    connector.forget()
    return desk


def lines(said: Said) -> list[dict[str, Any]]:
    assert said.status == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()]


def order_in_m3(story: Story, order: dict[str, Any]) -> str:
    reference = f"{STORE}-{order['id']}-"
    return next(str(one["orno"]) for one in story.orders() if one["yref"].startswith(reference))


def test_an_order_is_told_by_its_id_or_by_its_number_in_m3_and_no_other_with_it(story: Story, run: Run) -> None:
    order, other = story.place(), story.place()
    story.go_on()
    number = order_in_m3(story, order)

    told = lines(run("audit", "export", "--order", order["id"]))

    assert told == lines(run("audit", "export", "--order", number, "--store", STORE))
    assert {one["business_key"] for one in told} == {str(order["id"])}
    assert {one["flow"] for one in told} == {"orders_to_m3", "order_status_to_woo"}
    assert [one["id"] for one in told] == sorted(one["id"] for one in told)
    assert str(other["id"]) not in {one["key"] for one in told}


def test_each_line_says_who_what_why_and_in_which_attempt(story: Story, run: Run) -> None:
    order = story.place()
    story.go_on()

    told = lines(run("audit", "export", "--order", order["id"]))

    (confirm,) = [one for one in told if one["action"] == "OIS100MI/Confirm"]
    (made,) = [one for one in told if one["action"] == "order made"]
    assert (confirm["who"], confirm["system"], confirm["attempt"] >= 1) == ("connector", "m3", True)
    assert confirm["worker"] == story.connector.process.name
    assert (made["key"], made["after"]) == (order_in_m3(story, order), {"temporary": confirm["key"]})


def test_the_figures_of_an_order_are_told_and_nothing_of_its_buyer(story: Story, run: Run) -> None:
    order = story.place(lines=[{"sku": "MUG-001", "quantity": 3}])
    story.go_on()

    told = lines(run("audit", "export", "--order", order["id"]))

    (rest,) = [one for one in told if one["action"] == "add rest"]
    goods, *charges = rest["after"]["sent"]
    assert (goods["ITNO"], goods["ORQT"], Decimal(goods["SAPR"]) * 3) == ("MUG-001", "3", of_lines(order))
    assert all(set(one) == {"CRID", "CRAM"} for one in charges)


def of_lines(order: dict[str, Any]) -> Decimal:
    return Decimal(order["line_items"][0]["total"])


def test_every_kind_of_write_that_m3_and_the_shop_took_is_in_the_trail(story: Story, run: Run) -> None:
    order = story.place()
    story.go_on()
    story.change(order, customer_note="Ring twice")
    story.go_on()

    told = run("audit", "export").out

    calls = story.sandbox.m3_book()["calls"]
    writes = [name for name in calls if not name.partition("/")[2].startswith(READS)]
    assert {"OIS100MI/AddBatchHead", "CRS610MI/Add", "OIS100MI/AddText"} <= set(writes)
    assert [name for name in writes if name not in told] == []
    assert "PUT order meta" in told and "POST order note" in told


def test_a_customer_is_told_by_number_or_e_mail_with_its_orders(story: Story, run: Run) -> None:
    order, other = story.place(), story.place()
    story.go_on()
    email = order["billing"]["email"]

    told = lines(run("audit", "export", "--customer", email.upper()))

    (number,) = {one["key"] for one in told if one["action"] == "CRS610MI/Add"}
    assert lines(run("audit", "export", "--customer", number)) == told
    keys = {one["business_key"] for one in told if one["flow"] == "orders_to_m3"}
    assert (keys, str(other["id"]) in keys) == ({str(order["id"])}, False)


def test_a_refund_is_told_alone_and_with_its_order(desk: Desk, run: Run) -> None:
    order = desk.invoiced()
    refund_id = desk.give_back(order, 0, 1)
    desk.go_on()

    alone = lines(run("audit", "export", "--refund", refund_id))
    of_order = lines(run("audit", "export", "--order", order["id"]))

    assert {one["business_key"] for one in alone} == {f"{order['id']}-{refund_id}"}
    assert "OIS100MI/Confirm" in {one["action"] for one in alone}
    assert [one for one in of_order if one["flow"] == "refunds_to_m3"] == alone
    (orno,) = [one["orno"] for one in desk.returns()]
    assert lines(run("audit", "export", "--refund", orno)) == alone


def test_people_are_told_of_only_for_a_reason_which_is_in_the_trail_itself(story: Story, run: Run) -> None:
    order = story.place()
    story.go_on()
    kept_by_former_version(story, "delivery.address_1", ADDRESS)

    hidden = run("audit", "export", "--order", order["id"])
    refused = run("audit", "export", "--order", order["id"], "--personal")
    shown = run("audit", "export", "--order", order["id"], "--personal", "--reason", "the buyer asked")

    assert ADDRESS not in hidden.out
    assert "(personal)" in hidden.out
    assert refused.status == 1
    assert ADDRESS in shown.out
    (noted,) = [one for one in lines(run("audit", "export")) if one["action"] == "personal_data_shown"]
    assert (noted["key"], noted["why"]) == (f"order {order['id']}", "the buyer asked")
    assert "(command line)" in noted["who"]


def kept_by_former_version(story: Story, name: str, value: str) -> None:
    """Puts a line into the trail of the newest order as it was written before the trail named a buyer's fields alone."""
    with transaction(story.connector.engine) as connection:
        connection.execute(
            text(
                "INSERT INTO audit (store, exchange_id, who, system, action, key, after)"
                " VALUES ('w1', :id, 'connector', 'shop', 'changed after posting', '1', jsonb_build_object(:name, :value))"
            ),
            {"id": story.exchange()["id"], "name": name, "value": value},
        )


def test_an_address_that_changed_is_named_and_not_kept(story: Story, run: Run) -> None:
    order = story.place()
    story.go_on()
    story.change(order, billing={**order["billing"], "address_1": ADDRESS})  # a person's: M3 cannot change it
    story.go_on()

    shown = run("audit", "export", "--order", order["id"], "--personal", "--reason", "the buyer asked")
    told = run("exchanges", "show", story.exchange()["id"])

    assert "delivery.address_1" in shown.out
    assert ADDRESS not in shown.out
    assert ADDRESS in told.out


def test_a_text_of_the_order_in_m3_is_a_persons_too(story: Story, run: Run) -> None:
    order = story.place()
    story.go_on()
    by_hand = order_changes.write_text(order_in_m3(story, order), block="WEB1", text=NOTE)
    story.connector.process.runtime.store(STORE).m3.write([by_hand])[0].require()
    story.change(order, customer_note="With the neighbour")
    story.go_on()

    hidden = run("audit", "export", "--order", order["id"])
    shown = run("audit", "export", "--order", order["id"], "--personal", "--reason", "the buyer asked")

    assert "another text" in shown.out
    assert NOTE not in hidden.out + shown.out


def test_the_note_that_a_customer_was_shown_holds_no_e_mail_address(story: Story, run: Run) -> None:
    order = story.place()
    story.go_on()
    email = order["billing"]["email"]

    run("audit", "export", "--customer", email, "--personal", "--reason", "a request by law")

    assert email not in run("audit", "export").out


def test_csv_holds_the_same_lines_for_a_spreadsheet(story: Story, run: Run, tmp_path: Path) -> None:
    story.place()
    story.go_on()
    told = lines(run("audit", "export", "--json"))

    said = run("audit", "export", "--csv", tmp_path / "audit.csv")

    with (tmp_path / "audit.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert f"{len(told)} lines written" in said.flat_err
    assert [row["id"] for row in rows] == [str(one["id"]) for one in told]
    assert [json.loads(row["after"] or "{}") for row in rows] == [one["after"] for one in told]


def test_a_window_takes_its_beginning_and_leaves_its_end(engine: Engine, run: Run) -> None:
    add(engine, 3)

    told = lines(run("audit", "export", "--from", "2026-01-01T00:02", "--to", "2026-01-01T00:03"))

    assert [one["key"] for one in told] == ["2"]


def test_what_was_never_carried_is_said(story: Story, run: Run) -> None:
    said = run("audit", "export", "--order", "999999")

    assert said.status == 1
    assert "Nothing was ever carried of that order." in said.flat_err


def test_memory_does_not_grow_with_the_length_of_the_trail(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_export, "PAGE_IDS", 200)
    add(engine, 400)
    few = peak(engine)
    add(engine, 8000)

    assert peak(engine) < 2 * few


def add(engine: Engine, count: int) -> None:
    with transaction(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO audit (at, who, system, action, key, after) SELECT timestamptz '2026-01-01T00:00Z' "
                "+ n * interval '1 minute', 'connector', 'm3', 'x', n::text, '{\"total\": \"12.50\"}' "
                "FROM generate_series(1, CAST(:count AS int)) n"
            ),
            {"count": count},
        )


def peak(engine: Engine) -> int:
    tracemalloc.start()
    for _ in export_audit(engine, Wanted()):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most
