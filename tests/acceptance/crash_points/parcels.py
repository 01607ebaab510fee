"""The story of an order that leaves in two deliveries, and is invoiced. Used by stories.py."""

from __future__ import annotations

from typing import Any

from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import World
from tests.harness import STORE

JOB = "poll_order_status"


def order_leaves_in_two_parcels(world: World) -> None:
    """Nobody tells of it: the poll finds each part."""
    with world.quietly():
        world.place()
        world.go_on()
    _advance(world, to="66", lines=[{"ponr": 1, "quantity": "2"}], tracking="T-1")
    _look(world)
    _advance(world, to="77", packages=["T-2", "T-3"])
    _look(world)


def of_parcels(world: World) -> list[str]:
    """Says what is wrong: the shop's order is completed, and tells of each delivery and each fact once."""
    (order,) = world.placed
    shop = world.connector.process.runtime.store(STORE).shop
    held = shop.get_order(order["id"]).data
    texts = sorted(str(one["note"]) for one in shop.list_notes(order["id"]))
    notes = [one for one in texts if one.startswith(("A part", "Delivery", "M3 order"))]
    book = world.sandbox.m3_book()
    orno, deliveries = book["orders"][0]["orno"], [one["dlix"] for one in book["deliveries"]]
    wanted: dict[str, Any] = {
        "status": "completed",
        "_m3_delivery": ["all"],
        "_m3_tracking": ["T-1, T-2, T-3"],
        "_m3_invoices": [", ".join(one["exin"] for one in book["order_invoices"])],
        "notes": [
            f"A part was delivered (M3 order {orno})",
            f"Delivery {deliveries[0]} is on its way. Tracking number: T-1",
            f"Delivery {deliveries[1]} is on its way. Tracking number: T-2, T-3",
            f"M3 order {orno}",
        ],
    }
    found = {key: [row["value"] for row in held["meta_data"] if row["key"] == key] for key in wanted}
    found |= {"status": held["status"], "notes": notes}
    wrong = [f"{what}: {found[what]} for {wanted[what]}" for what in wanted if found[what] != wanted[what]]
    return [*wrong, *books.of_rest_alone(world)]


def _look(world: World) -> None:
    world.turn(JOB)
    with world.quietly():
        world.sweep_until_sent()
    world.go_on()


def _advance(world: World, to: str, **how: Any) -> None:
    world.sandbox.advance(world.orders()[0]["orno"], to, **how)
