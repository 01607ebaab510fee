"""The stories of orders that change in the shop after M3 has them, and what M3 must hold in the end. Used by stories.py."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import World
from tests.integration.flows.story import quick_store
from workers.base import run_exchange

DELETES = quick_store(guests="common").replace("cancel: close ", "cancel: delete ")
STOPS = quick_store(guests="common", hold_by="stop")
HELD_FOR = "MUG-002"
FEE = [{"name": "Gift wrap", "total": "4.00"}]


def _post(world: World) -> dict[str, Any]:
    with world.quietly():
        order = world.place()
        world.go_on()
    return order


def _change(world: World, order: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Changes an order of the shop; the books are compared with what it is from now on."""
    changed = world.change(order, **changes)
    world.placed[world.placed.index(order)] = changed
    return changed


def order_changed_after_posting(world: World) -> None:
    """A line is raised, one removed, one added; a fee, a note and the payment's reference come."""
    order = _post(world)
    mugs, other = order["line_items"]
    lines = [
        {"id": mugs["id"], "quantity": 5, "subtotal": "53.11", "total": "53.11"},
        {"id": other["id"], "quantity": 0},
        {"sku": "PAN-28", "quantity": 2},
    ]
    _change(world, order, line_items=lines, fee_lines=FEE, customer_note="At the door", transaction_id="pi_1")
    world.go_on()


def taxed_lines_changed(world: World) -> None:
    """The tax of each line stands on charges of its own: one is raised, one goes with its line, one comes with its line."""
    order = _post(world)
    mugs, other = order["line_items"]
    lines = [
        {"id": mugs["id"], "quantity": 5, "subtotal": "53.11", "total": "53.11"},
        {"id": other["id"], "quantity": 0},
        {"sku": "PAN-28", "quantity": 2},
    ]
    _change(world, order, line_items=lines)
    world.go_on()


def order_changed_twice(world: World) -> None:
    """The second change comes before the first one has surely come to its end."""
    order = _post(world)
    fee = _change(world, order, fee_lines=FEE)
    for row in world.connector.rows("SELECT id FROM exchange WHERE flow = 'orders_to_m3'"):
        world.work("orders_to_m3", partial(run_exchange, world.connector.process, row["id"]))
    mugs = fee["line_items"][0]
    lines = [{"id": mugs["id"], "quantity": 1, "subtotal": "11.61", "total": "11.61"}]
    _change(world, fee, line_items=lines, fee_lines=[{"id": fee["fee_lines"][0]["id"], "name": None}])
    world.go_on()


def address_changed_after_posting(world: World) -> None:
    """M3 has no transaction for it: the order is locked, and a person carries it over by hand."""
    order = _post(world)
    world.change(order, billing={**order["billing"], "address_1": "Vlaška 7"})
    world.go_on()
    world.discard_all()
    world.go_on()


def order_cancelled_after_posting(world: World) -> None:
    order = _post(world)
    world.change(order, status="cancelled")
    world.go_on()


def order_cancelled_and_restored(world: World) -> None:
    order = _post(world)
    with world.quietly():
        world.change(order, status="cancelled")
        world.go_on()
    _change(world, order, status="processing")
    world.go_on()


def order_deleted_after_posting(world: World) -> None:
    with world.quietly():
        order = world.place()
        world.go_on()
        world.change(order, action="delete")
    world.turn("poll_open_orders")
    world.go_on()


def discarded_order_is_told_of_again(world: World) -> None:
    """It was held for an item, entered by hand and discarded; then the item is sold, and the shop tells news of it."""
    with world.quietly():
        world.sell_in_m3(HELD_FOR, is_sold=False)
        order = world.place()
        world.go_on()
        world.discard_all()
        world.sell_in_m3(HELD_FOR, is_sold=True)
    world.change(order, status="completed")
    world.go_on()
    world.change(order, customer_note="Ring twice")
    world.go_on()
    world.discard_all()
    world.go_on()


def discard_is_found_again(world: World) -> None:
    """A held order is entered by hand, discarded and marked; the ledger is put back to before it, and the item is sold."""
    with world.quietly():
        world.sell_in_m3(HELD_FOR, is_sold=False)
        order = world.place()
        world.go_on()
    world.discard_all()
    world.go_on()
    with world.quietly():
        world.lose_ledger()
        world.sell_in_m3(HELD_FOR, is_sold=True)
    world.connector.ask(order["id"])
    world.go_on()
    world.discard_all()
    world.go_on()


def discard_is_taken_back(world: World) -> None:
    """A held order is discarded and marked; then the item is sold, and a person has it carried after all."""
    with world.quietly():
        world.sell_in_m3(HELD_FOR, is_sold=False)
        world.place()
        world.go_on()
        world.discard_all()
        world.go_on()
        world.sell_in_m3(HELD_FOR, is_sold=True)
        for row in world.connector.rows("SELECT id FROM exchange WHERE flow = 'orders_to_m3'"):
            world.release(row["id"])
    world.go_on()


def of_marked(world: World) -> list[str]:
    """Says what is wrong: M3 has nothing of the order, and it bears the mark."""
    marks = [bool(world.mark_of(order)) for order in world.placed]
    return [*([] if marks == [True] else [f"marked: {marks}"]), *books.of_nothing_in_m3(world)]


def of_unmarked(world: World) -> list[str]:
    """Says what is wrong: the order is posted once, and bears no mark."""
    marks = [mark for mark in map(world.mark_of, world.placed) if mark]
    return [*(f"marked: {mark}" for mark in marks), *books.of_posted_orders(world)]


def of_closed(world: World) -> list[str]:
    """Says what is wrong: M3 has the order, of which nothing is left, and it is not locked."""
    orders = world.sandbox.m3_book()["orders"]
    wrong = [] if len(orders) == 1 else [f"{len(orders)} orders in M3"]
    for one in orders:
        wrong += [f"left: {what}" for what in (one["lines"], one["charges"], one["held"]) if what]
        wrong += [f"worth {one['total']}"] if Decimal(one["total"]) else []
    return [*wrong, *books.of_rest_alone(world)]


def of_changed(world: World) -> list[str]:
    """Says what is wrong: the order is as the shop has it now, with the note and the reference that came later."""
    (order,) = world.sandbox.m3_book()["orders"]
    told = (order["text_blocks"].get("WEB1"), order["head"].get("PYRE"))
    wrong = [] if told == ("At the door", "pi_1") else [f"note and reference: {told}"]
    return [*wrong, *books.of_posted_orders(world)]
