"""`connector reconcile`: both sides, the reason of each difference, the figures, the repair."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.harness import Connector
from tests.integration.cli.conftest import Run
from tests.integration.cli.test_batch_sync import ITEMS, running_pool
from tests.integration.flows.prices.shelf import Shelf


@pytest.fixture
def known(connector: Connector) -> Shelf:
    """A store whose items are in line with M3."""
    shelf = Shelf(connector, has_catalogue=True)
    shelf.carry(*ITEMS)
    return shelf


def test_what_is_in_line_is_100_percent_and_no_rows(known: Shelf, run_store: Run) -> None:
    said = run_store("reconcile", "prices", "--json")

    data = said.data
    assert said.status == 0
    assert data["rows"] == []
    assert (data["items"], data["equal_percent"], data["reasons"]) == (len(ITEMS), "100.00", {"equal": len(ITEMS)})


def test_a_difference_is_shown_with_both_sides_and_ends_with_status_1(known: Shelf, run_store: Run) -> None:
    known.price("PAN-28", "55")

    said = run_store("reconcile", "prices")
    data = run_store("reconcile", "prices", "--json").data

    (row,) = data["rows"]
    assert said.status == 1
    assert "of 80.00 % the shop shows what it should" in " ".join(said.out.split())
    assert "different" in said.out
    assert (row["item_number"], row["m3"], row["reason"]) == ("PAN-28", "55.00", "different")


def test_what_is_on_its_way_is_explained(known: Shelf, run_store: Run) -> None:
    known.price("PAN-28", "55")
    known.due("PAN-28")

    data = run_store("reconcile", "prices", "--json")

    assert data.status == 0
    assert (data.data["equal_percent"], data.data["explained_percent"]) == ("80.00", "100.00")


def test_items_can_be_named_and_equal_ones_shown(known: Shelf, run_store: Run) -> None:
    data = run_store("reconcile", "prices", "--ids", "mug-001", "--all", "--json").data

    assert [row["item_number"] for row in data["rows"]] == ["MUG-001"]


@pytest.mark.parametrize("also", [(), ("--repair",), ("--json",)])
def test_a_named_item_that_nobody_finds_ends_with_status_1(known: Shelf, run_store: Run, also: tuple[str, ...]) -> None:
    said = run_store("reconcile", "prices", "--ids", "MUG-001,MUG-0O1", *also)

    assert said.status == 1
    assert "Nothing was compared of MUG-0O1: M3 has no such number" in said.flat_err
    if "--json" in also:
        assert json.loads(said.out)["not_found"] == ["MUG-0O1"]


def test_csv_holds_the_rows_alone(known: Shelf, run_store: Run) -> None:
    known.price("PAN-28", "55")

    said = run_store("reconcile", "prices", "--csv")

    (row,) = csv.DictReader(io.StringIO(said.out))
    assert (said.status, row["item_number"], row["m3"]) == (1, "PAN-28", "55.00")
    assert "5 items compared" in said.flat_err


def test_repair_carries_what_differs_and_compares_once_more(known: Shelf, run_store: Run) -> None:
    known.price("PAN-28", "55")
    known.price("GARLIC-1", "0")

    with running_pool(known.connector):
        said = run_store("reconcile", "prices", "--repair", "--json")

    repair = said.data["repair"]
    assert said.status == 1  # the price of 0 is left to people
    assert said.data["reasons"] == {"equal": 3, "error": 1, "different": 1}
    assert (repair["marked"], repair["left"]["reasons"]) == (2, {"equal": 4, "error": 1})
    assert known.shown("PAN-28")["regular_price"] == "55.00"
    (audited,) = known.connector.rows("SELECT who, why FROM audit WHERE action = 'items_repaired'")
    assert "command line" in audited["who"]


def test_repair_of_what_is_in_line_writes_nothing(known: Shelf, run_store: Run) -> None:
    before = len(known.batches())

    said = run_store("reconcile", "prices", "--repair")

    assert said.status == 0
    assert len(known.batches()) == before


def test_two_forms_at_once_are_refused(known: Shelf, run_store: Run) -> None:
    said = run_store("reconcile", "prices", "--json", "--csv")

    assert said.status == 1
    assert "exclude each other" in said.flat_err
