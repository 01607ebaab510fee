"""`connector sync` of items in batches: read from M3, carried by the pools, watched; and the dry run that writes nothing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from connector.flows.prices import pull as prices
from tests.harness import Connector
from tests.integration.cli.conftest import Run
from tests.integration.flows.prices.shelf import Shelf
from tests.integration.flows.story import quick_store

ITEMS = ("MUG-001", "PAN-28", "GARLIC-1", "TSHIRT-S-RED", "TSHIRT-M-RED")
FLOW = "prices_to_woo"


@contextmanager
def running_pool(connector: Connector) -> Iterator[None]:
    """Runs what is due, as a pool does, until the block ends."""
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            connector.drain()
            time.sleep(0.05)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.fixture
def known(connector: Connector) -> Shelf:
    """A store whose items are in line with M3, and whose first reading is over."""
    shelf = Shelf(connector, has_catalogue=True)
    shelf.carry(*ITEMS)
    shelf.pull()
    connector.settle()
    return shelf


def ledger(connector: Connector) -> Any:
    return connector.rows("SELECT item_number, wanted_rev, done_rev, written FROM offer ORDER BY 1"), connector.rows(
        "SELECT name, value, progress FROM cursor ORDER BY 1"
    )


def test_items_named_are_carried_while_one_waits(known: Shelf, run_store: Run) -> None:
    known.price("PAN-28", "55")

    with running_pool(known.connector):
        said = run_store("sync", FLOW, "--ids", "pan-28,MUG-001", "--wait")

    assert said.status == 0
    assert known.shown("PAN-28")["regular_price"] == "55.00"
    assert "2 items were asked for" in said.out


def test_everything_is_read_and_only_what_differs_is_due(known: Shelf, run_store: Run) -> None:
    known.price("PAN-28", "55")

    said = run_store("sync", FLOW, "--full", "--json")

    data = said.data
    assert said.status == 0
    assert (data["read"], data["changed"], data["due"], data["problems"]) == (len(ITEMS), 1, 1, 0)


def test_reading_broken_off_is_gone_on_with_by_the_next_call(
    known: Shelf, run_store: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prices, "PAGE", 2)
    monkeypatch.setattr(prices, "read_prices", _broken_off_at_the_second_page(prices.read_prices))

    broken = run_store("sync", FLOW, "--full")
    rest = run_store("sync", FLOW, "--full", "--json")

    assert broken.status == 130
    assert "goes on there" in broken.flat_err
    assert (rest.status, rest.data["read"]) == (0, len(ITEMS) - 2)


def _broken_off_at_the_second_page(original: Any) -> Any:
    calls: list[object] = []

    def read(*values: Any, **named: Any) -> Any:
        calls.append(values)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(*values, **named)

    return read


def test_wait_ends_with_status_1_and_names_what_cannot_be_carried(known: Shelf, run_store: Run) -> None:
    known.price("GARLIC-1", "0")

    with running_pool(known.connector):
        said = run_store("sync", FLOW, "--ids", "GARLIC-1", "--wait")
    (problem,) = run_store("items", "problems", "--json").data

    assert said.status == 1
    assert f"connector items problems --flow {FLOW}" in said.flat_err
    assert problem["item_number"] == "GARLIC-1"


def test_wait_does_not_wait_for_a_paused_store(known: Shelf, run_store: Run) -> None:
    run_store("store", "pause", "w1")

    said = run_store("sync", FLOW, "--ids", "PAN-28", "--wait")

    assert said.status == 1
    assert "store w1 is paused" in said.flat_err


def test_a_dry_run_shows_each_field_with_both_values_and_writes_nothing(known: Shelf, run_store: Run) -> None:
    known.price("PAN-28", "55")
    before = ledger(known.connector), known.sandbox.shop_book()["products"]

    shown = run_store("sync", FLOW, "--dry-run")
    data = json.loads(run_store("sync", FLOW, "--dry-run", "--json").out)

    (row,) = data["rows"]
    assert (shown.status, data["fields_to_write"], data["problems"]) == (0, 1, 0)
    assert (row["item_number"], row["field"], row["wanted"]) == ("PAN-28", "regular_price", "55.00")
    assert row["shop"] in shown.out
    assert "55.00" in shown.out
    assert (ledger(known.connector), known.sandbox.shop_book()["products"]) == before


def test_a_dry_run_ends_with_status_1_when_an_item_cannot_be_carried(known: Shelf, run_store: Run) -> None:
    known.price("GARLIC-1", "0")

    said = run_store("sync", FLOW, "--dry-run", "--ids", "GARLIC-1")

    assert said.status == 1
    assert "1 problems" in said.out


def test_a_dry_run_ends_with_status_1_when_a_named_item_is_not_found(known: Shelf, run_store: Run) -> None:
    said = run_store("sync", FLOW, "--dry-run", "--ids", "MUG-001,MUG-0O1", "--json")

    assert said.status == 1
    assert json.loads(said.out)["not_found"] == ["MUG-0O1"]
    assert "Nothing was compared of MUG-0O1" in said.flat_err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([FLOW, "--since", "1h"], "--since and --until are for orders"),
        ([FLOW, "--full", "--ids", "A"], "--ids and --full exclude each other"),
        ([FLOW, "--ids", ","], "no list of M3 item numbers"),
        (["orders_to_m3", "--full", "--ids", "1"], "--full is for items"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_remedy(
    known: Shelf, run_store: Run, arguments: list[str], words: str
) -> None:
    said = run_store("sync", *arguments)

    assert said.status == 1
    assert words in said.flat_err
    assert "What to do:" in said.err


def test_a_store_that_does_not_publish_is_told_how_to(known: Shelf, run_store: Run) -> None:
    known.connector.configure(yaml.safe_dump({**yaml.safe_load(quick_store()), "publish": {}}))

    said = run_store("sync", FLOW)

    assert said.status == 1
    assert "publish.prices" in said.flat_err
