"""Which items cannot be carried, and what the status page says of them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.cli.conftest import Run

FLOW = "prices_to_woo"


@pytest.fixture
def offers(connector: Connector) -> Connector:
    """Three items of one flow: one well, one due, one that cannot be carried."""
    with transaction(connector.engine) as connection:
        mark_due(connection, STORE, flow=FLOW, item_numbers=["MUG-001", "MUG-002", "MUG-003"])
        connection.execute(text("UPDATE offer SET done_rev = wanted_rev WHERE item_number <> 'MUG-003'"))
        connection.execute(
            text(
                "UPDATE offer SET problem_code = 'no_price', problem = 'It has no price [A].', remedy = 'Add one.',"
                " problem_since = ledger_now() WHERE item_number = 'MUG-002'"
            )
        )
        connection.execute(
            text(
                "INSERT INTO product (store, item_number, sku, product_id, kind)"
                " VALUES ('w1', 'MUG-002', 'm2', 7, 'simple')"
            )
        )
    return connector


def test_an_item_that_cannot_be_carried_is_listed_with_what_to_do(offers: Connector, run_store: Run) -> None:
    said = run_store("items", "problems")
    (row,) = run_store("items", "problems", "--store", STORE, "--flow", FLOW, "--json").data

    assert said.status == 0
    assert "It has no price [A]." in said.out
    assert (row["item_number"], row["sku"], row["product_id"]) == ("MUG-002", "m2", 7)
    assert (row["code"], row["remedy"], row["retry_at"]) == ("no_price", "Add one.", None)


def test_what_a_person_says_of_a_sku_makes_its_item_and_the_one_before_due(
    connector: Connector, run_store: Run
) -> None:
    with transaction(connector.engine) as connection:
        connection.execute(
            text(
                "INSERT INTO product (store, item_number, sku, product_id, kind)"
                " VALUES ('w1', 'OTHER', 'Book-5', 7, 'simple')"
            )
        )

    said = run_store("items", "map", "BOOK-5", "PAN-28")

    due = connector.rows("SELECT flow, item_number FROM offer WHERE wanted_rev > done_rev")
    flows = ("items_to_woo", "prices_to_woo", "stock_to_woo")
    assert said.status == 0
    assert {(row["flow"], row["item_number"]) for row in due} == {
        (flow, item) for flow in flows for item in ("OTHER", "PAN-28")
    }
    assert connector.rows("SELECT 1 FROM product") == []


def test_the_listing_can_be_narrowed_to_another_flow(offers: Connector, run_store: Run) -> None:
    assert run_store("items", "problems", "--flow", "stock_to_woo").out == "None.\n"
    assert run_store("items", "problems", "--store", "w9").status == 1


def test_the_status_counts_items_and_says_that_a_person_has_to_act(offers: Connector, run_store: Run) -> None:
    said = run_store("status")
    (row,) = run_store("status", "--json").data["items"]

    assert said.status == 1
    assert "connector items problems" in said.out
    assert (row["store"], row["flow"], row["known"], row["due"], row["problems"]) == (STORE, FLOW, 3, 1, 1)
    assert row["oldest_due_s"] >= 0
