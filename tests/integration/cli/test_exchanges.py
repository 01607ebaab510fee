"""Listings and the story of one exchange, over orders really carried into the sandbox M3."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from connector.ledger.session import transaction
from tests.harness import Connector
from tests.integration.cli.conftest import Run


@pytest.fixture
def done(connector: Connector) -> int:
    """The exchange of one order that is in M3."""
    order = connector.sandbox.place(kind="guest")
    (exchange_id,) = connector.ask(order["id"])
    connector.settle()
    assert connector.exchange(exchange_id)["state"] == "done", connector.exchange(exchange_id)["reason"]
    return exchange_id


@pytest.fixture
def dead(connector: Connector) -> int:
    """The exchange of one order that waits for a person."""
    order = connector.sandbox.place(kind="guest")
    (exchange_id,) = connector.ask(order["id"])
    with transaction(connector.engine) as connection:
        connection.execute(
            text(
                "UPDATE exchange SET state = 'dead_letter', reason_code = 'unmappable',"
                " reason = 'SKU [X-1] is no item.', resolution = 'Map it.' WHERE id = :id"
            ),
            {"id": exchange_id},
        )
    return exchange_id


def test_the_listing_shows_the_m3_number(run_store: Run, done: int) -> None:
    rows = {row["id"]: row for row in run_store("exchanges", "list", "--json").data}

    assert rows[done]["state"] == "done"
    assert rows[done]["m3_number"]


def test_the_listing_can_be_narrowed(run_store: Run, done: int, dead: int) -> None:
    found = run_store("exchanges", "list", "--state", "dead_letter", "--flow", "orders_to_m3", "--json").data

    assert [row["id"] for row in found] == [dead]


def test_the_story_tells_numbers_steps_and_audit_but_no_body(run_store: Run, done: int) -> None:
    told = run_store("exchanges", "show", done)
    data = run_store("exchanges", "show", done, "--json").data

    document = data["documents"][0]
    assert told.status == 0
    assert document["temporary_number"] in told.out
    assert document["final_number"] in told.out
    assert {"head", "confirm"} <= {step["name"] for step in data["steps"]}
    assert data["audit"]
    assert "body" not in data["deliveries"][0]


def test_the_body_is_printed_only_when_asked_for(connector: Connector, run_store: Run) -> None:
    order = connector.sandbox.place(kind="guest")
    connector.poll()
    run_store("sync", "orders_to_m3", "--since", "1d")
    (row,) = [row for row in run_store("exchanges", "list", "--json").data if row["business_key"] == str(order["id"])]

    said = run_store("exchanges", "show", row["id"], "--body")

    assert json.loads(said.out)["id"] == order["id"]


def test_an_unknown_exchange_says_where_to_look(run_store: Run) -> None:
    said = run_store("exchanges", "show", "999")

    assert said.status == 1
    assert "There is no exchange 999" in said.flat_err
    assert "connector exchanges list" in said.flat_err


def test_a_dead_letter_is_listed_with_what_to_do_and_text_in_brackets_survives(run_store: Run, dead: int) -> None:
    said = run_store("dead-letters", "list")
    listed = run_store("dead-letters", "list", "--json").data

    assert [row["id"] for row in listed] == [dead]
    assert "[X-1]" in said.out
    assert "Map it." in said.out


def test_a_released_dead_letter_is_due_with_all_its_tries_and_audited(
    connector: Connector, run_store: Run, dead: int
) -> None:
    said = run_store("dead-letters", "release", dead, "--reason", "item made")

    row = connector.exchange(dead)
    (line,) = connector.rows("SELECT * FROM audit WHERE action = 'release'")
    assert said.status == 0
    assert (row["state"], row["tries"], row["rebuild"]) == ("ready", 0, False)
    assert (line["exchange_id"], line["why"]) == (dead, "item made")


def test_rebuild_is_kept_on_the_exchange_and_in_the_audit(connector: Connector, run_store: Run, dead: int) -> None:
    run_store("dead-letters", "release", dead, "--rebuild")

    assert connector.exchange(dead)["rebuild"] is True
    assert connector.rows("SELECT 1 FROM audit WHERE action = 'release_rebuild'")


def test_rebuild_is_refused_once_the_order_is_confirmed_in_m3(connector: Connector, run_store: Run, done: int) -> None:
    with transaction(connector.engine) as connection:
        connection.execute(
            text("UPDATE exchange SET state = 'dead_letter', reason = 'differs' WHERE id = :id"), {"id": done}
        )

    said = run_store("dead-letters", "release", done, "--rebuild")

    assert said.status == 1
    assert "would make a second one" in said.flat_err
    assert connector.exchange(done)["state"] == "dead_letter"


def test_all_dead_letters_of_one_reason_are_released_together(connector: Connector, run_store: Run, dead: int) -> None:
    other = run_store("dead-letters", "release", "--all", "--reason-code", "refused")
    fitting = run_store("dead-letters", "release", "--all", "--reason-code", "unmappable", "--json")

    assert "No dead letters" in other.out
    assert [one["exchange_id"] for one in fitting.data] == [dead]


@pytest.mark.parametrize("arguments", [[], ["1", "--all"], ["--all", "--rebuild"]])
def test_a_release_that_is_not_clear_changes_nothing(
    connector: Connector, run_store: Run, dead: int, arguments: list[str]
) -> None:
    said = run_store("dead-letters", "release", *arguments)

    assert said.status == 1
    assert "What to do:" in said.err
    assert connector.exchange(dead)["state"] == "dead_letter"


def test_a_done_exchange_cannot_be_released(run_store: Run, done: int) -> None:
    said = run_store("dead-letters", "release", done)

    assert said.status == 1
    assert f"Exchange {done} is done" in said.flat_err


def test_a_discarded_dead_letter_is_done_until_a_person_releases_it(
    connector: Connector, run_store: Run, dead: int
) -> None:
    said = run_store("dead-letters", "discard", dead, "--reason", "test order")
    discarded = connector.exchange(dead)
    released = run_store("dead-letters", "release", dead)

    assert said.status == 0
    assert f"connector dead-letters release {dead}" in said.out
    assert (discarded["state"], discarded["reason_code"]) == ("done", "discarded")
    assert "test order" in discarded["reason"]
    assert "was discarded before" in released.flat_err
    assert connector.exchange(dead)["state"] == "ready"


def test_releasing_an_order_names_what_else_of_it_stays_discarded(
    connector: Connector, run_store: Run, dead: int
) -> None:
    run_store("dead-letters", "discard", dead, "--reason", "typed in")
    paid = (
        "INSERT INTO exchange (store, scope, flow, business_key, pool, state, reason)"
        " SELECT store, scope, 'payments_to_m3', business_key, 'finance', 'dead_letter', 'x' FROM exchange"
        " WHERE id = :id RETURNING id"
    )
    (payment,) = connector.rows(paid, id=dead)
    run_store("dead-letters", "discard", payment["id"], "--reason", "typed in as well")

    released = run_store("dead-letters", "release", dead)
    other = run_store("dead-letters", "release", payment["id"])

    assert f"Exchange {payment['id']} (payments_to_m3 " in released.flat_err
    assert "stays discarded" in released.flat_err
    assert "stays discarded" not in other.flat_err


def test_discarding_wants_a_reason(connector: Connector, run_store: Run, dead: int) -> None:
    without = run_store("dead-letters", "discard", dead)
    blank = run_store("dead-letters", "discard", dead, "--reason", " ")

    assert (without.status, blank.status) == (2, 1)
    assert connector.exchange(dead)["state"] == "dead_letter"


def test_status_is_well_without_and_not_well_with_a_dead_letter(
    connector: Connector, run_store: Run, done: int
) -> None:
    before = run_store("status", "--json")
    with transaction(connector.engine) as connection:
        connection.execute(
            text("UPDATE exchange SET state = 'dead_letter', reason_code = 'x', reason = 'y' WHERE id = :id"),
            {"id": done},
        )

    after = run_store("status", "--json")
    shown = run_store("status")

    assert (before.status, after.status, shown.status) == (0, 1, 1)
    assert after.data["dead_letters"][0]["example_id"] == done
    assert "A person has to act" in shown.out


def test_an_order_held_by_an_unknown_sku_goes_through_once_the_item_is_mapped(
    connector: Connector, run_store: Run
) -> None:
    order = connector.sandbox.place(kind="unknown_sku")
    (exchange_id,) = connector.ask(order["id"])
    connector.drain()
    held = run_store("dead-letters", "list", "--json").data
    sku = held[0]["resolution"].split("items map ")[1].split()[0]

    mapped = run_store("items", "map", sku, "SKU-0010")
    connector.settle()

    assert [row["id"] for row in held] == [exchange_id]
    assert "1 dead letter that" in mapped.out
    assert connector.exchange(exchange_id)["state"] == "done"


def test_mapping_an_item_makes_the_dead_letters_it_held_due(connector: Connector, run_store: Run, dead: int) -> None:
    said = run_store("items", "map", "X-1", "mug-001")

    (item,) = connector.rows("SELECT * FROM item")
    assert said.status == 0
    assert (item["sku"], item["item_number"], item["mapped_by_hand"]) == ("X-1", "MUG-001", True)
    assert connector.exchange(dead)["state"] == "ready"


def test_mapping_to_an_item_m3_does_not_have_is_refused(connector: Connector, run_store: Run) -> None:
    said = run_store("items", "map", "X-1", "NOSUCHITEM")

    assert said.status == 1
    assert "M3 has no item NOSUCHITEM" in said.flat_err
    assert "MMS001" in said.flat_err
    assert connector.rows("SELECT 1 FROM item") == []


def test_an_item_is_mapped_unchecked_while_m3_is_away(connector: Connector, run_store: Run) -> None:
    connector.sandbox.m3_rule("MMS200MI", "GetItmBasic", "http_503", times=9)

    said = run_store("items", "map", "X-1", "MUG-001")

    assert said.status == 0
    assert "Not checked" in said.flat_err
    assert "0 dead letters" in said.out


def test_the_audit_is_exported_as_json_lines(run_store: Run, done: int) -> None:
    said = run_store("audit", "export", "--store", "w1")
    later = run_store("audit", "export", "--since", "2100-01-01")

    lines = [json.loads(line) for line in said.out.splitlines()]
    assert {line["exchange_id"] for line in lines} >= {done}
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)
    assert later.out == ""
