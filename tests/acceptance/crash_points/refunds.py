"""The stories of refunds: an invoiced order is given back in part, or money is. Used by stories.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import World
from tests.integration.flows.refunds.desk import part_of


def goods_are_given_back(world: World) -> None:
    """The shop tells of it by the order."""
    order = _invoiced(world)
    _refund(world, order, line_items=[part_of(order["line_items"][0], 1)], api_restock=True)
    world.connector.ask(order["id"])
    world.go_on()


def money_is_given_back_and_nobody_is_told(world: World) -> None:
    """The poll finds it."""
    order = _invoiced(world)
    _refund(world, order, amount="7.77")
    world.turn("poll_refunds")
    world.go_on()


def refund_is_found_after_the_ledger_was_lost(world: World) -> None:
    with world.quietly():
        order = _invoiced(world)
        _refund(world, order, amount="7.77")
        world.connector.ask(order["id"])
        world.go_on()
        world.lose_ledger()
    world.connector.ask(order["id"])
    world.go_on()


def of_refunds(world: World) -> list[str]:
    """Says what is wrong: the sale is as ever, and each refund is one return, equal to the cent."""
    wrong = books.of_posted_orders(world)
    shop = {one["id"]: Decimal(one["amount"]) for one in world.sandbox.shop_book()["refunds"]}
    held = world.sandbox.m3_book()["returns"]
    found = {int(one["yref"].split("-")[1].removeprefix("R")): -Decimal(one["total"]) for one in held}
    if found != shop or len(held) != len(shop):
        wrong.append(f"refunds in the shop: {shop}, returns in M3: {[(one['yref'], one['total']) for one in held]}")
    return [*wrong, *(f"return {one['orno']} is held" for one in held if one["held"])]


def _invoiced(world: World) -> dict[str, Any]:
    with world.quietly():
        order = world.place()
        world.go_on()
        (number,) = [one["orno"] for one in world.sandbox.m3_book()["orders"]]
        world.sandbox.post(f"{world.sandbox.m3_url}/_control/orders/{number}/advance", {"to": "77"})
    return order


def _refund(world: World, order: dict[str, Any], **refund: Any) -> None:
    url = f"{world.sandbox.shop_url}/_control/orders/{order['id']}"
    world.sandbox.post(url, {"deliver": "never", "refund": refund})
