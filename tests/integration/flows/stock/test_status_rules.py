"""Which status the shop shows: what it makes itself, items that are not kept in stock, items that are sold no more."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connector.flows.stock.compare import compare
from connector.publishing.stock import StatusRules
from tests.harness import STORE
from tests.integration.flows.stock.stock_story import MUG, PAN, StockStory

Shown = tuple[bool, int | None, str, str]


def shown(story: StockStory, item: str) -> Shown:
    row = story.connector.process.runtime.store(STORE).shop.products.by_sku([item])[item][0]
    return row["manage_stock"], row["stock_quantity"], row["stock_status"], row["backorders"]


def m3_says(story: StockStory, item: str, **fields: Any) -> None:
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/items", [{"itno": item, **fields}])


def reasons(story: StockStory) -> dict[str | None, str]:
    store = story.connector.process.runtime.store(STORE)
    return {one.item_number: one.reason for one in compare(story.connector.engine, store, item_numbers=[MUG, PAN])}


def test_item_not_kept_in_stock_is_always_to_be_had_and_counts_nothing(story: StockStory) -> None:
    story.configure(status={"not_stocked": "instock"})
    story.m3_holds(MUG, 0)
    m3_says(story, MUG, STCD="0")

    story.carry(MUG, PAN)

    assert shown(story, MUG)[:3] == (False, None, "instock")
    assert shown(story, PAN)[0] is True
    assert reasons(story) == {MUG: "equal", PAN: "equal"}


def test_item_kept_in_stock_again_is_counted_again_and_no_correction(story: StockStory) -> None:
    story.configure(status={"not_stocked": "onbackorder"})
    m3_says(story, MUG, STCD="0")
    story.carry(MUG)
    m3_says(story, MUG, STCD="1")
    story.m3_holds(MUG, 20)

    story.carry(MUG)

    assert shown(story, MUG)[:3] == (True, 20, "instock")
    assert story.connector.rows("SELECT id FROM exchange WHERE flow = 'stock_to_m3'") == []


def test_not_kept_in_stock_is_written_once(story: StockStory) -> None:
    story.configure(status={"not_stocked": "instock"})
    m3_says(story, MUG, STCD="0")
    story.carry(MUG)
    before = story.stock_writes()

    story.carry(MUG)

    assert story.stock_writes() == before


def test_item_of_a_status_that_is_not_sold_shows_none_and_takes_no_back_orders(story: StockStory) -> None:
    story.configure(backorders="yes", status={"sold_out_from": "50"})
    story.m3_holds(MUG, 20)
    story.m3_holds(PAN, 30)
    m3_says(story, MUG, status="50")

    story.carry(MUG, PAN)

    assert shown(story, MUG) == (True, 0, "outofstock", "no")
    assert shown(story, PAN) == (True, 30, "instock", "yes")
    assert reasons(story) == {MUG: "not_sold", PAN: "equal"}


def test_without_rules_items_are_counted_whatever_they_are(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    m3_says(story, MUG, STCD="0", status="80")

    story.carry(MUG)

    assert shown(story, MUG)[:3] == (True, 20, "instock")


def test_status_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        StatusRules(sold_out_from="5")
