"""The story of a catalogue: new items, a style with variations, a changed and an ended item. Used by stories.py."""

from __future__ import annotations

from typing import Any

from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.goods import publishing
from tests.acceptance.crash_points.world import World
from tests.harness import STORE

POT, ENDED, STYLE = "CRASH-POT", "CRASH-END", "CRASH-ST"
VARIANTS = {f"{STYLE}-BLK": "BLK", f"{STYLE}-RED": "RED"}
NEW_NAME = "Pot with lid"
PUBLISHES_ITEMS = publishing(
    items={"variations": {"by": "style"}, "categories": ["ITGR"], "removed": "trash"},
)


def catalogue_grows_and_changes(world: World) -> None:
    """A product and a family are made with a new category; then one item gets a name and one is ended."""
    _items(
        world,
        {"itno": POT, "name": "Pot", "ITGR": "KITCHEN", "FUDS": "Holds a litre"},
        {"itno": ENDED, "name": "Old pot", "FUDS": "Holds a litre"},
        {"itno": STYLE, "name": "Shirt", "STCD": "0"},
        *({"itno": item, "name": item, "HDPR": STYLE, "OPTX": colour} for item, colour in VARIANTS.items()),
    )
    _carry(world, POT, ENDED, *VARIANTS)
    _items(world, {"itno": POT, "name": NEW_NAME}, {"itno": ENDED, "status": "90"})
    _carry(world, POT, ENDED)


def of_catalogue(world: World) -> list[str]:
    """Says what is wrong: every item is one product of the shop, as M3 has it now."""
    held = [one for one in world.sandbox.shop_book()["products"] if str(one["sku"]).startswith("CRASH-")]
    numbers = sorted(one["sku"] for one in held if one["status"] != "trash")
    due = world.connector.rows("SELECT item_number, problem FROM offer WHERE wanted_rev > done_rev OR problem <> ''")
    pot = _row(world, POT)
    variations = {item: _row(world, item).get("parent_id") for item in VARIANTS}
    expected = sorted([POT, STYLE, *VARIANTS])
    wrong = [] if numbers == expected else [f"products in the shop: {numbers}"]
    wrong += [] if pot.get("name") == NEW_NAME else [f"name in the shop: {pot.get('name')}"]
    wrong += [] if [one["name"] for one in pot.get("categories", [])] == ["Kitchen"] else ["category missing"]
    wrong += [] if set(variations.values()) == {_row(world, STYLE).get("id")} else [f"parents: {variations}"]
    wrong += [f"still due or in trouble: {due}"] if due else []
    return [*wrong, *books.of_rest_alone(world)]


def _items(world: World, *items: dict[str, Any]) -> None:
    world.sandbox.post(f"{world.sandbox.m3_url}/_control/items", list(items))


def _carry(world: World, *items: str) -> None:
    """Lets the items be carried; what was postponed is looked at again."""
    with transaction(world.connector.engine) as connection:
        mark_due(connection, STORE, flow="items_to_woo", item_numbers=items)
    for _ in range(8):
        world.go_on()
        if not world.connector.rows("SELECT 1 FROM offer WHERE wanted_rev > done_rev"):
            return
        world.connector.pass_time(60)
        world.sweep_until_sent()


def _row(world: World, sku: str) -> dict[str, Any]:
    products = world.connector.process.runtime.store(STORE).shop.products
    rows = products.by_sku([sku], as_stored=True).get(sku, [{}])
    return rows[0]
