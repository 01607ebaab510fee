"""Both sides of the prices, side by side, and nothing written."""

from __future__ import annotations

import yaml

from connector.flows.prices.compare import compare
from connector.flows.pulling import Compared, Reason
from tests.harness import STORE
from tests.integration.flows.prices.shelf import Shelf
from tests.integration.flows.story import quick_store

ITEMS = ("MUG-001", "MUG-002", "PAN-28", "GARLIC-1", "TSHIRT-S-RED")


def compared(shelf: Shelf, *items: str) -> list[Compared]:
    store = shelf.connector.process.runtime.store(STORE)
    return list(compare(shelf.connector.engine, store, item_numbers=items or None))


def test_what_is_equal_is_one_row_an_item(shelf: Shelf) -> None:
    shelf.carry(*ITEMS)

    rows = compared(shelf)

    assert [row.item_number for row in rows] == sorted(ITEMS)
    assert {row.reason for row in rows} == {Reason.EQUAL}
    assert {(row.m3, row.wanted) for row in rows if row.item_number == "MUG-001"} == {("12.90", None)}


def test_a_difference_shows_both_sides_what_would_be_written_and_whether_it_is_on_its_way(shelf: Shelf) -> None:
    shelf.carry(*ITEMS)
    shelf.price("MUG-001", "13")
    shelf.price("PAN-28", "50")
    shelf.due("PAN-28")
    before = len(shelf.batches())

    rows = {row.item_number: row for row in compared(shelf, "MUG-001", "PAN-28")}

    mug, pan = rows["MUG-001"], rows["PAN-28"]
    assert (mug.field, mug.m3, mug.shop, mug.wanted) == ("regular_price", "13.00", "12.90", "13.00")
    assert (mug.reason, pan.reason) == (Reason.DIFFERENT, Reason.PENDING)
    assert len(shelf.batches()) == before


def test_a_price_that_cannot_be_carried_says_why(shelf: Shelf) -> None:
    shelf.carry(*ITEMS)
    shelf.price("GARLIC-1", "0")

    (row,) = compared(shelf, "GARLIC-1")

    assert (row.reason, row.wanted) == (Reason.ERROR, None)
    assert "GARLIC-1" in row.words and "OIS017" in row.remedy


def test_what_the_flow_could_not_carry_is_an_error_with_its_words(shelf: Shelf) -> None:
    shelf.carry("SET-K")  # a grouped product: the shop takes no price of it

    (row,) = compared(shelf, "SET-K")

    assert row.reason is Reason.ERROR
    assert "SET-K" in row.words and row.remedy


def test_an_item_the_shop_never_had_is_no_difference(shelf: Shelf) -> None:
    shelf.carry("MUG-001", "CREDIT-25")

    assert [row.item_number for row in compared(shelf)] == ["MUG-001"]


def test_a_product_deleted_in_the_shop_is_told(shelf: Shelf) -> None:
    shelf.carry("MUG-001")
    shelf.write("MUG-001", action="trash")

    (row,) = compared(shelf)

    assert (row.reason, row.shop) == (Reason.ERROR, None)
    assert "not there any more" in row.words


def test_a_store_that_publishes_no_prices_has_nothing_to_compare(shelf: Shelf) -> None:
    shelf.connector.configure(yaml.safe_dump({**yaml.safe_load(quick_store()), "publish": {}}))

    assert compared(shelf) == []
