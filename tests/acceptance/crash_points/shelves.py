"""The stories of a shop's stock: M3's figure shown, a quantity corrected by hand and booked in M3, units of direct invoices.

Used by stories.py.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.flows.stock.late_orders import HEARD_OF_WITHIN
from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.goods import publishing
from tests.acceptance.crash_points.world import World
from tests.harness import STORE
from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.refunds.desk import part_of

MUG, PAN = "MUG-001", "PAN-28"
HELD, CORRECTED, MOVED = 20, 15, 31
LONG_AFTER_S = 700.0
ISSUE = {"stock": "issue", "issue": {"partner": "WEB", "location": "MAIN"}}
ISSUES_STOCK = invoicing(invoices={"credit_prefix": "W1C-", **ISSUE}, publish={"stock": {}})
SHOWS_STOCK = publishing(stock={"corrections": {"by_hand": "count", "location": "MAIN"}})


def stock_is_corrected_in_the_shop(world: World) -> None:
    """Somebody counts one product in the shop; of another one M3 has news."""
    with world.quietly():
        _hold(world, MUG, HELD)
        _carry(world, MUG, PAN)
        correction = {"sku": MUG, "stock_quantity": CORRECTED, "deliver": "never"}
        world.sandbox.post(f"{world.sandbox.shop_url}/_control/products", correction)
        _hold(world, PAN, MOVED)
    _carry(world, MUG, PAN)
    world.connector.pass_time(HEARD_OF_WITHIN.total_seconds())
    _carry(world, MUG, PAN)


def of_stock(world: World) -> list[str]:
    """Says what is wrong: both sides hold what was counted, and what M3 said of the other."""
    expected = {MUG: CORRECTED, PAN: MOVED}
    shown = {item: _shown(world, item) for item in expected}
    held = {
        one["itno"]: int(Decimal(one["on_hand"]))
        for one in world.sandbox.m3_book()["stock"]
        if one["itno"] in expected and one["whlo"] == "001"
    }
    due = world.connector.rows("SELECT item_number FROM offer WHERE wanted_rev > done_rev")
    wrong = [] if shown == expected else [f"stock in the shop: {shown}"]
    wrong += [] if held == expected else [f"stock in M3: {held}"]
    wrong += [f"still due: {due}"] if due else []
    return [*wrong, *books.of_rest_alone(world)]


def units_leave_and_one_comes_back(world: World) -> None:
    """The order becomes an invoice and leaves M3's stock; then a mug comes back and is put on sale again."""
    with world.quietly():
        _hold(world, MUG, HELD)
    order = world.place()
    world.go_on()
    refund = {"line_items": [part_of(order["line_items"][0], 1)], "api_restock": True}
    world.change(order, refund=refund)
    world.go_on()


def of_issues(world: World) -> list[str]:
    """Says what is wrong: M3 has booked out what the order holds, and the shop would show just what is left."""
    (order,) = world.placed
    held = {line["sku"]: line["quantity"] for line in order["line_items"]} | {
        MUG: order["line_items"][0]["quantity"] - 1
    }
    book = world.sandbox.m3_book()
    moved: dict[str, Decimal] = {}
    for one in book["stock_messages"]:
        moved[one["itno"]] = moved.get(one["itno"], Decimal(0)) + Decimal(one["quantity"])
    (on_hand,) = [int(Decimal(one["on_hand"])) for one in book["stock"] if (one["itno"], one["whlo"]) == (MUG, "001")]
    wrong = [] if moved == {item: -units for item, units in held.items()} else [f"booked: {moved}"]
    wrong += [] if on_hand == HELD - held[MUG] else [f"on hand: {on_hand}"]
    with world.quietly():
        world.connector.pass_time(LONG_AFTER_S)
        _carry(world, MUG)
    wrong += [] if _shown(world, MUG) == on_hand else [f"shown: {_shown(world, MUG)} of {on_hand}"]
    return [*wrong, *books.of_nothing_in_m3(world)]


def _carry(world: World, *items: str) -> None:
    """Lets the items be carried: what nobody accounts for is looked at three times."""
    with transaction(world.connector.engine) as connection:
        mark_due(connection, STORE, flow="stock_to_woo", item_numbers=items)
    for _ in range(8):
        world.connector.pass_time(2)
        world.go_on()
        if not world.connector.rows("SELECT 1 FROM offer WHERE wanted_rev > done_rev"):
            return
        world.sweep_until_sent()


def _hold(world: World, item: str, on_hand: int) -> None:
    body: list[dict[str, Any]] = [{"itno": item, "whlo": "001", "on_hand": str(on_hand)}]
    world.sandbox.post(f"{world.sandbox.m3_url}/_control/stock", body)


def _shown(world: World, item: str) -> int:
    products = world.connector.process.runtime.store(STORE).shop.products
    return int(products.by_sku([item], fields=("stock_quantity",))[item][0]["stock_quantity"])
