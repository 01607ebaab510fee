"""One order, from the shop into M3 and the number back."""

from __future__ import annotations

from tests.harness import Connector


def test_paid_order_becomes_one_confirmed_order_with_equal_totals(connector: Connector) -> None:
    order = connector.sandbox.place(kind="guest")
    connector.ask(order["id"])

    connector.settle()

    book = connector.sandbox.m3_book()
    assert [one["total"] for one in book["orders"]] == [order["total"]]
    assert book["batch_orders"] == []
    shop = {one["id"]: one for one in connector.sandbox.shop_book()["orders"]}
    assert shop[order["id"]]["meta"]["_m3_order_number"] == book["orders"][0]["orno"]
