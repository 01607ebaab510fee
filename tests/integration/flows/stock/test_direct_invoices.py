"""Units of direct invoices stay taken off what M3 says: no order there ever takes them."""

from __future__ import annotations

from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.stock.stock_story import MUG, StockStory


def test_units_of_an_invoiced_order_stay_deducted(story: StockStory) -> None:
    shown = {"stock": {}}
    story.connector.configure(invoicing(invoices={"stock": "keep_deducted"}, publish=shown))
    story.m3_holds(MUG, 20)
    order = story.buy(MUG, 3)
    story.connector.ask(order["id"])
    story.connector.drain()

    story.carry(MUG)
    assert [len(story.sandbox.m3_book()[one]) for one in ("invoices", "orders")] == [1, 0]
    assert story.shown(MUG) == 17

    story.connector.pass_time(100 * 24 * 3600)
    story.m3_holds(MUG, 30)
    story.carry(MUG)

    assert story.shown(MUG) == 27


def test_units_of_an_invoiced_order_that_is_cancelled_come_back(story: StockStory) -> None:
    story.connector.configure(invoicing(invoices={"stock": "keep_deducted"}, publish={"stock": {}}))
    story.m3_holds(MUG, 20)
    order = story.buy(MUG, 3)
    story.connector.ask(order["id"])
    story.connector.drain()
    url = f"{story.sandbox.shop_url}/_control/orders/{order['id']}"
    story.sandbox.post(url, {"deliver": "never", "status": "cancelled"})
    story.connector.ask(order["id"])
    story.connector.drain()

    story.carry(MUG)

    assert story.shown(MUG) == 20
