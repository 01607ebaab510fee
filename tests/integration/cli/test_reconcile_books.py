"""`connector reconcile orders` and `money`: rows, sums, forms, exit status."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.harness import Connector
from tests.integration.cli.conftest import Run
from tests.integration.flows.books.counting_house import paying
from tests.integration.flows.reconciling.clerk import Clerk


@pytest.fixture
def clerk(connector: Connector) -> Clerk:
    """A store with payments and a person at M3."""
    clerk = Clerk(connector, guests="common")
    connector.configure(paying())
    return clerk


def test_books_that_agree_end_with_status_0_and_sums(clerk: Clerk, run_store: Run) -> None:
    order = clerk.place()
    clerk.go_on()

    said = run_store("reconcile", "money", "--json")

    data = said.data
    assert (said.status, data["rows"], data["unexplained"]) == (0, [], 0)
    assert data["facts"] == {"order": 1, "payment": 1}
    assert {(one["fact"], one["shop"], one["m3"]) for one in data["totals"]} == {
        ("order", order["total"], order["total"]),
        ("payment", order["total"], order["total"]),
    }
    assert {one["account"]: one["difference"] for one in data["accounts"]} == {"1580": "0.00", "2420": "0.00"}
    assert data["zone"] == "Europe/Zagreb"


def test_what_is_explained_ends_with_status_0_and_is_shown_for_people(clerk: Clerk, run_store: Run) -> None:
    order = clerk.place()
    clerk.go_on()
    clerk.price(order, "20.00")

    said = run_store("reconcile", "orders", "--from", "yesterday", "--to", "today")

    flat = " ".join(said.out.split())
    assert said.status == 0
    assert "edited in m3" in flat
    assert "1 order compared: 0 equal, 1 not, 0 of them unexplained." in flat
    assert "Europe/Zagreb" in flat


def test_what_nothing_explains_ends_with_status_1_and_stands_in_the_file(
    clerk: Clerk, run_store: Run, tmp_path: Path
) -> None:
    order = clerk.place()
    clerk.go_on()
    clerk.delete_in_m3(clerk.number_of(order))
    file = tmp_path / "differences.csv"

    said = run_store("reconcile", "orders", "--csv", file)

    with file.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert said.status == 1
    assert (row["shop_id"], row["shop"], row["m3"], row["currency"]) == (str(order["id"]), order["total"], "", "EUR")
    assert (row["reason"], row["store"], row["zone"]) == ("deleted_in_m3", "w1", "Europe/Zagreb")


def test_text_json_and_spreadsheet_have_the_same_sums(clerk: Clerk, run_store: Run, tmp_path: Path) -> None:
    orders = [clerk.place(), clerk.place(currency="USD")]
    clerk.go_on()
    clerk.price(orders[0], "20.00")
    file = tmp_path / "differences.csv"

    said = run_store("reconcile", "money", "--csv", file)
    data = run_store("reconcile", "money", "--json").data

    with (tmp_path / "differences.sums.csv").open(encoding="utf-8", newline="") as stream:
        sums = list(csv.DictReader(stream))
    days = [{name: str(value) for name, value in one.items()} for one in data["totals"]]
    accounts = [{name: str(value) for name, value in one.items()} for one in data["accounts"]]
    assert [{name: row[name] for name in days[0]} for row in sums if row["by"] == "day"] == days
    assert [{name: row[name] for name in accounts[0]} for row in sums if row["by"] == "account"] == accounts
    assert {(row["store"], row["zone"]) for row in sums} == {("w1", "Europe/Zagreb")}
    assert {one["currency"] for one in days} == {one["currency"] for one in accounts} == {"EUR", "USD"}
    told = said.out.split()
    assert all(one[side] in told for one in (*days, *accounts) for side in ("shop", "m3", "difference", "currency"))


def test_equal_facts_are_shown_if_asked_for(clerk: Clerk, run_store: Run) -> None:
    order = clerk.place(lines=[{"sku": "MUG-001", "quantity": 4}])
    clerk.go_on()

    (row,) = run_store("reconcile", "orders", "--all", "--json").data["rows"]

    assert (row["reason"], row["shop"], row["m3"]) == ("equal", order["total"], order["total"])


def test_a_day_that_is_none_is_refused(clerk: Clerk, run_store: Run) -> None:
    said = run_store("reconcile", "orders", "--from", "soon")

    assert said.status == 1
    assert "is no day" in said.flat_err


def test_a_file_that_cannot_be_written_is_refused(clerk: Clerk, run_store: Run, tmp_path: Path) -> None:
    said = run_store("reconcile", "orders", "--csv", tmp_path / "nowhere" / "x.csv")

    assert said.status == 1
    assert "cannot be written" in said.flat_err
