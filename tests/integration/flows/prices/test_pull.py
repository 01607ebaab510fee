"""The pull of prices: what M3 lists as changed, the walk over all items, and going on where it stopped."""

from __future__ import annotations

import pytest
import yaml

from connector.flows.prices import pull as prices
from tests.harness import Connector
from tests.integration.flows.prices.shelf import Shelf
from tests.integration.flows.story import quick_store

ITEMS = ("MUG-001", "PAN-28", "GARLIC-1", "TSHIRT-S-RED", "TSHIRT-M-RED")


@pytest.fixture
def known(connector: Connector, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A store whose items are bound and in line, and whose pull has run; what the sandbox began with is not new."""
    monkeypatch.setattr(prices, "OVERLAP_MS", 0)
    shelf = Shelf(connector, has_catalogue=True)
    shelf.carry(*ITEMS)
    shelf.pull()
    shelf.connector.settle()
    return shelf


def test_a_change_listed_by_m3_is_carried(known: Shelf) -> None:
    known.price("PAN-28", "55")

    pulled = known.pull()
    known.connector.settle()

    assert pulled.changed >= 1
    assert known.shown("PAN-28")["regular_price"] == "55.00"


def test_changes_of_other_lists_customers_and_currencies_are_passed_over(known: Shelf) -> None:
    known.price("PAN-28", "55", cuno="SOMEBODY")
    known.price("PAN-28", "55", cucd="USD")
    known.price("PAN-28", "55", prrf="OTHER")

    before = known.offer("PAN-28")["wanted_rev"]
    known.pull()

    assert known.offer("PAN-28")["wanted_rev"] == before


def test_a_full_walk_over_unchanged_prices_makes_nothing_due_and_writes_nothing(known: Shelf) -> None:
    before = len(known.batches())

    pulled = known.pull(full=True)
    known.connector.settle()

    assert (pulled.changed, pulled.is_finished) == (0, True)
    assert len(known.batches()) == before


def test_a_walk_finds_what_no_list_of_changes_told(known: Shelf) -> None:
    known.price("PAN-28", "55")
    with known.connector.engine.begin() as connection:
        connection.exec_driver_sql("""UPDATE cursor SET value = '{"stamp_ms": 9999999999999, "day": "2099-01-01"}'""")

    assert known.pull().changed == 0
    pulled = known.pull(full=True)
    known.connector.settle()

    assert pulled.changed == 1
    assert known.shown("PAN-28")["regular_price"] == "55.00"


def test_a_walk_cut_off_goes_on_where_it_stopped(known: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "PAGE", 2)
    for item in ITEMS:
        known.price(item, "77")
    told: list[tuple[int, int | None]] = []

    first = known.pull(full=True, for_s=0)
    rest = prices.pull(
        known.connector.engine,
        known.connector.process.runtime.store("w1"),
        full=False,
        progress=lambda *counts: told.append(counts),
    )

    assert (first.read, first.is_finished) == (2, False)
    assert (rest.read, rest.is_finished) == (len(ITEMS) - 2, True)
    assert told[-1][1] == len(ITEMS)
    assert all(known.offer(item)["wanted_rev"] > known.offer(item)["done_rev"] for item in ITEMS)


def test_more_changes_than_m3_lists_lead_to_a_walk(known: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "MOST_CHANGES", 2)
    for item in ITEMS:
        known.price(item, "78")

    pulled = known.pull()
    known.connector.settle()

    assert pulled.read == len(ITEMS)
    assert {known.shown(item)["regular_price"] for item in ITEMS} == {"78.00"}


def test_a_shop_whose_products_nobody_made_gets_the_prices_of_those_that_are_items(shelf: Shelf) -> None:
    shelf.price("PAN-28", "55")
    shelf.price("TSHIRT-M-RED", "23")

    shelf.pull()
    shelf.connector.settle()

    assert shelf.shown("PAN-28")["regular_price"] == "55.00"
    assert shelf.shown("TSHIRT-M-RED")["regular_price"] == "23.00"
    assert shelf.connector.rows("SELECT 1 FROM offer WHERE item_number = 'CREDIT-25'") == []


def test_a_store_that_publishes_no_prices_asks_m3_nothing(shelf: Shelf) -> None:
    shelf.connector.configure(yaml.safe_dump({**yaml.safe_load(quick_store()), "publish": {}}))
    before = shelf.m3_calls()

    assert shelf.pull(full=True).read == 0
    assert shelf.m3_calls() == before
