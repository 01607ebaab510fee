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


def goods_of_two_invoices_are_given_back(world: World) -> None:
    """M3 has invoiced the lines apart, so they come back on two returns."""
    order = _posted(world)
    _advance(world, to="77", lines=[{"ponr": 1}])
    _advance(world, to="77")
    parts = [part_of(line, 1) for line in order["line_items"]]
    _refund(world, order, line_items=parts, api_restock=False)
    world.connector.ask(order["id"])
    world.go_on()


def goods_are_given_back_before_picking(world: World) -> None:
    """One line is picked already: it comes back once it is invoiced, the other is taken off the order."""
    order = _posted(world)
    _advance(world, to="44", lines=[{"ponr": 1}])
    parts = [part_of(line, 1) for line in order["line_items"]]
    _refund(world, order, line_items=parts, api_restock=False)
    world.connector.ask(order["id"])
    world.go_on()
    _advance(world, to="77")
    world.connector.pass_time(901)
    world.go_on()


def smaller_order_is_found_after_the_ledger_was_lost(world: World) -> None:
    """What a refund took off it before picking is computed anew, and the refund is not credited besides."""
    with world.quietly():
        order = _posted(world)
        _refund(world, order, line_items=[part_of(order["line_items"][1], 1)], api_restock=False)
        world.connector.ask(order["id"])
        world.go_on()
        world.lose_ledger()
    world.connector.ask(order["id"])
    world.go_on()


def order_is_refunded_before_picking(world: World) -> None:
    order = _posted(world)
    world.change(order, status="refunded")
    world.go_on()


def of_what_is_left(world: World) -> list[str]:
    """Says what is wrong: M3's order and its returns come to what the buyer paid and did not get back."""
    book, shop = world.sandbox.m3_book(), world.sandbox.shop_book()
    paid = sum(Decimal(one["total"]) for one in shop["orders"])
    given = sum(Decimal(one["amount"]) for one in shop["refunds"])
    left = sum(Decimal(one["total"]) for one in (*book["orders"], *book["returns"]))
    wrong = [] if left == paid - given else [f"M3 comes to {left}, the shop to {paid} less {given}"]
    wrong += [f"order {one['orno']} is held" for one in (*book["orders"], *book["returns"]) if one["held"]]
    if len(book["orders"]) != 1:
        wrong.append(f"{len(book['orders'])} orders in M3")
    return [*wrong, *books.of_rest_alone(world)]


def of_refunds(world: World) -> list[str]:
    """Says what is wrong: the sale is as ever, and each refund is one return an invoice, equal to the cent."""
    wrong = books.of_posted_orders(world)
    shop = {one["id"]: Decimal(one["amount"]) for one in world.sandbox.shop_book()["refunds"]}
    held = world.sandbox.m3_book()["returns"]
    found: dict[int, Decimal] = {}
    for one in held:
        refund_id = int(one["yref"].split("-")[1].removeprefix("R"))
        found[refund_id] = found.get(refund_id, Decimal(0)) - Decimal(one["total"])
    invoices = {(one["yref"].split("-")[1], one["head"]["OIVR"]) for one in held}
    if found != shop or len(held) != len(invoices):
        wrong.append(f"refunds in the shop: {shop}, returns in M3: {[(one['yref'], one['total']) for one in held]}")
    return [*wrong, *(f"return {one['orno']} is held" for one in held if one["held"])]


def _invoiced(world: World) -> dict[str, Any]:
    order = _posted(world)
    _advance(world, to="77")
    return order


def _posted(world: World) -> dict[str, Any]:
    with world.quietly():
        order = world.place()
        world.go_on()
    return order


def _advance(world: World, to: str, **how: Any) -> None:
    (number,) = [one["orno"] for one in world.sandbox.m3_book()["orders"]]
    world.sandbox.advance(number, to, **how)


def _refund(world: World, order: dict[str, Any], **refund: Any) -> None:
    url = f"{world.sandbox.shop_url}/_control/orders/{order['id']}"
    world.sandbox.post(url, {"deliver": "never", "refund": refund})
