"""The stories of prices and products: what M3 says of goods and the shop shows, and the way back. Used by stories.py."""

from __future__ import annotations

from typing import Any

import yaml
from sqlalchemy import text

from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from connector.m3.programs import item_changes
from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import World
from tests.harness import STORE
from tests.integration.flows.story import quick_store

MUG, SHIRT = "MUG-001", "TSHIRT-S-RED"
NAME = "Mug with lid"
PRICES = {MUG: "13.45", SHIRT: "21.00"}


def publishing(**parts: Any) -> str:
    """Returns a store file that publishes only these parts."""
    return yaml.safe_dump({**yaml.safe_load(quick_store(guests="common")), "publish": parts})


PUBLISHES_PRICES = publishing(prices={"price_list": "WEB", "currency": "EUR"})
CARRIES_PRODUCTS = publishing(products={})
TWO = (MUG, "PAN-28")
PUBLISHES_TWO = publishing(
    items={"select": [{"field": "ITNO", "in": [*TWO]}]},
    prices={"price_list": "WEB", "currency": "EUR"},
    stock={},
    customers={},
)


def prices_change(world: World) -> None:
    """A simple product and a variation get another price, and one has none that can be shown."""
    rows = [{"itno": item, "sapr": amount} for item, amount in (*PRICES.items(), ("PAN-28", "0"))]
    world.sandbox.post(f"{world.sandbox.m3_url}/_control/prices", rows)
    with transaction(world.connector.engine) as connection:
        mark_due(connection, STORE, flow="prices_to_woo", item_numbers=[*PRICES, "PAN-28"])
    world.go_on()
    world.connector.pass_time(60)
    world.sweep_until_sent()
    world.go_on()


def of_prices(world: World) -> list[str]:
    """Says what is wrong: the shop shows M3's prices, and the one that is none is told."""
    shown = {item: _row(world, item)["regular_price"] for item in PRICES}
    offers = world.connector.rows(
        "SELECT item_number, wanted_rev > done_rev AS due, problem_code FROM offer ORDER BY 1"
    )
    due = [one["item_number"] for one in offers if one["due"]]
    told = {one["item_number"]: one["problem_code"] for one in offers if one["problem_code"]}
    wrong = [] if shown == PRICES else [f"prices in the shop: {shown}"]
    wrong += [f"still due: {due}"] if due else []
    wrong += [] if told == {"PAN-28": "price_zero"} else [f"told of: {told}"]
    return [*wrong, *books.of_rest_alone(world)]


def product_changes_in_the_shop(world: World) -> None:
    """Somebody names a product; no delivery comes, the poll finds it."""
    with world.quietly():
        row = _row(world, MUG)
        with transaction(world.connector.engine) as connection:
            connection.execute(
                text(
                    "INSERT INTO product (store, item_number, sku, product_id, kind)"
                    " VALUES (:store, :item, :item, :id, 'simple')"
                ),
                {"store": STORE, "item": MUG, "id": row["id"]},
            )
        world.turn("poll_products")
        world.sandbox.post(f"{world.sandbox.shop_url}/_control/products", {"sku": MUG, "name": NAME})
    for _ in range(2):
        world.turn("poll_products")
        world.go_on()


def of_products(world: World) -> list[str]:
    """Says what is wrong: the item in M3 has the name the shop gave it."""
    m3 = world.connector.process.runtime.store(STORE).m3
    held = item_changes.read_fields(m3.read([item_changes.get_fields(MUG, names=["ITDS"])])[0])
    wrong = [] if held.get("ITDS") == NAME else [f"name in M3: {held.get('ITDS')}"]
    return [*wrong, *books.of_rest_alone(world)]


def _row(world: World, sku: str) -> dict[str, Any]:
    products = world.connector.process.runtime.store(STORE).shop.products
    return products.by_sku([sku], fields=("regular_price",))[sku][0]
