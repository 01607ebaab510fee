"""What the shop shows of M3's stock."""

from __future__ import annotations

import pytest

from connector.flows import stock_to_woo
from tests.integration.flows.stock.stock_story import MUG, PAN, StockStory


def test_shop_shows_what_m3_can_give(story: StockStory) -> None:
    story.m3_holds(MUG, 57)

    story.carry(MUG)

    assert story.shown(MUG) == 57
    assert story.offer(MUG)["written"]["quantity"] == 57


def test_what_is_shown_already_is_not_written_again(story: StockStory) -> None:
    story.m3_holds(MUG, 57)
    story.carry(MUG)

    story.carry(MUG)

    assert story.stock_writes() == 1


def test_units_of_an_order_m3_does_not_know_are_not_shown(story: StockStory) -> None:
    story.m3_holds(MUG, 57)
    story.carry(MUG)
    story.buy(MUG, 5, status="on-hold")
    story.m3_holds(MUG, 60)

    story.carry(MUG)

    assert story.shown(MUG) == 55


def test_posting_an_order_leaves_what_is_shown_as_it_is(story: StockStory) -> None:
    story.m3_holds(MUG, 57)
    story.carry(MUG)
    order = story.buy(MUG, 5)
    story.carry(MUG)
    before = story.shown(MUG)

    story.connector.ask(order["id"])
    story.connector.drain()
    story.carry(MUG)

    assert (before, story.shown(MUG)) == (52, 52)
    assert story.stock_writes() == 1


def test_cancelled_order_gives_its_units_back(story: StockStory) -> None:
    story.m3_holds(MUG, 57)
    order = story.buy(MUG, 5, status="on-hold")
    story.carry(MUG)
    before = story.shown(MUG)
    story.sandbox.post(
        f"{story.sandbox.shop_url}/_control/orders/{order['id']}", {"deliver": "never", "status": "cancelled"}
    )

    story.carry(MUG)

    assert (before, story.shown(MUG)) == (52, 57)


def test_one_bad_item_stops_no_other(story: StockStory) -> None:
    story.m3_holds(MUG, 57)

    story.carry("NOT-THERE", MUG, PAN)

    assert story.shown(MUG) == 57
    assert story.offer("NOT-THERE")["problem_code"] == "unknown_in_m3"
    assert story.offer(MUG)["problem_code"] is None


def test_variations_are_written_under_their_parent(story: StockStory) -> None:
    shirts = ("TSHIRT-S-RED", "TSHIRT-M-RED")
    for place, item in enumerate(shirts):
        story.m3_holds(item, 40 + place)

    story.carry(MUG, *shirts)

    assert [story.shown(item) for item in shirts] == [40, 41]
    kinds = story.connector.rows(
        "SELECT kind, parent_id IS NOT NULL AS has_parent FROM product WHERE sku LIKE 'TSHIRT%'"
    )
    assert kinds == [{"kind": "variation", "has_parent": True}] * 2


def test_figures_that_grew_old_are_read_anew(story: StockStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_to_woo, "FRESH_S", 0.0)
    items = (MUG, "TSHIRT-S-RED", "SOCKS-DOTS")
    for item in items:
        story.m3_holds(item, 40)
    story.due(*items)
    story.run_once()
    first = [item for item in items if story.shown(item) == 40]
    for item in items:
        story.m3_holds(item, 30)

    story.carry(*first)

    assert len(first) == 1
    assert [story.shown(item) for item in items] == [30, 30, 30]
    assert all(story.offer(item)["written"]["quantity"] == 30 for item in items)


def test_backorders_are_set_where_the_store_says_so(story: StockStory) -> None:
    story.configure(backorders="notify")
    story.m3_holds(MUG, 0)

    story.carry(MUG)

    row = story.connector.process.runtime.store("w1").shop.products.by_sku([MUG])[MUG][0]
    assert (row["stock_quantity"], row["backorders"], row["stock_status"]) == (0, "notify", "onbackorder")
