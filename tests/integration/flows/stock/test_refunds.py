"""What a refund puts back on sale, while M3 has not received the goods."""

from __future__ import annotations

from tests.harness import STORE
from tests.integration.flows.refunds.desk import part_of
from tests.integration.flows.stock.stock_story import MUG, StockStory


def test_restocked_goods_are_shown_when_m3_has_received_them_and_not_before(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    order = story.buy(MUG, 3)
    story.connector.ask(order["id"])
    story.connector.settle()
    _advance(story, "orders", to="77")
    refund = {"line_items": [part_of(order["line_items"][0], 1)], "api_restock": True}
    story.sandbox.post(
        f"{story.sandbox.shop_url}/_control/orders/{order['id']}", {"deliver": "never", "refund": refund}
    )
    story.connector.ask(order["id"])
    story.connector.settle()
    story.connector.pass_time(700)

    story.carry(MUG)
    before = story.shown(MUG)
    _advance(story, "returns", to="66")
    story.carry(MUG)

    assert (before, story.shown(MUG)) == (17, 18)


def test_goods_taken_off_the_order_before_picking_are_shown_at_once_though_the_shop_put_nothing_back(
    story: StockStory,
) -> None:
    story.m3_holds(MUG, 20)
    order = story.buy(MUG, 3)
    story.connector.ask(order["id"])
    story.connector.settle()
    refund = {"line_items": [part_of(order["line_items"][0], 1)], "api_restock": False}
    story.sandbox.post(
        f"{story.sandbox.shop_url}/_control/orders/{order['id']}", {"deliver": "never", "refund": refund}
    )
    story.connector.ask(order["id"])
    story.connector.settle()
    story.connector.pass_time(700)
    story.carry(MUG)  # reads the order as the shop has it, which the order's own run then answers

    story.connector.settle()
    story.carry(MUG)

    assert story.shown(MUG) == 18


def test_refund_of_an_order_m3_does_not_have_yet_frees_what_it_held(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    order = story.buy(MUG, 3, status="on-hold")
    refund = {"line_items": [part_of(order["line_items"][0], 1)], "api_restock": True}
    story.sandbox.post(
        f"{story.sandbox.shop_url}/_control/orders/{order['id']}", {"deliver": "never", "refund": refund}
    )

    story.carry(MUG)

    assert story.shown(MUG) == 18
    assert [
        row["units"] for row in story.connector.rows("SELECT units FROM sold WHERE store = :store", store=STORE)
    ] == [2]


def _advance(story: StockStory, part: str, *, to: str) -> None:
    (held,) = story.sandbox.m3_book()[part]
    story.sandbox.advance(held["orno"], to)
