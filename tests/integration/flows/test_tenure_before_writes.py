"""Another installation that writes for the store: this one writes nothing to the shop, and says why."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from connector.flows.tenure import AGAIN_S
from connector.ledger import tenure
from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from connector.m3.programs.cusextmi import add_tenure, change_tenure
from tests.harness import STORE, Connector
from tests.integration.flows.story import quick_store

OTHER = "0123456789ab.cdef01234567"
PUBLISHED = {"items": {}, "prices": {"price_list": "WEB", "currency": "EUR"}, "stock": {}}
FLOWS = ("items_to_woo", "prices_to_woo", "stock_to_woo")
ITEM = "MUG-001"


@pytest.fixture
def world(connector: Connector) -> Connector:
    file = yaml.safe_load(quick_store(guests="common"))
    file["publish"] = PUBLISHED
    connector.configure(yaml.safe_dump(file))
    return connector


def give_away(world: Connector, *, is_new: bool = False) -> None:
    """The row in M3 names another installation, and the ledger has to look."""
    world.pass_time(tenure.USABLE_FOR.total_seconds() + 1)
    change = add_tenure if is_new else change_tenure
    world.process.runtime.store(STORE).m3.write([change(STORE, holder=OTHER)])[0].require()


def make_due(world: Connector, flow: str) -> int:
    with transaction(world.engine) as connection:
        mark_due(connection, STORE, flow=flow, item_numbers=[ITEM])
    found: int = world.rows("SELECT id FROM exchange WHERE flow = :flow", flow=flow)[0]["id"]
    return found


def shop_writes(world: Connector) -> list[dict[str, object]]:
    return world.rows("SELECT action FROM audit WHERE system = 'shop'")


def bind_product(world: Connector) -> None:
    """The shop has a product of the item, with another price and stock than M3 says."""
    price = {"prrf": "WEB", "cucd": "EUR", "itno": ITEM, "sapr": "55"}
    world.sandbox.post(f"{world.sandbox.m3_url}/_control/prices", [price])
    product = next(one for one in world.sandbox.shop_book()["products"] if one["sku"] == ITEM)
    world.rows(
        "INSERT INTO product (store, item_number, sku, product_id, kind) VALUES (:s, :i, :i, :id, 'simple') RETURNING sku",
        s=STORE,
        i=ITEM,
        id=product["id"],
    )


@pytest.mark.parametrize("flow", FLOWS)
def test_items_prices_and_stock_are_left_alone_and_the_exchange_says_why(world: Connector, flow: str) -> None:
    bind_product(world)
    give_away(world, is_new=True)
    before = world.sandbox.shop_book()["products"]
    exchange_id = make_due(world, flow)

    world.run(exchange_id)

    row = world.exchange(exchange_id)
    assert (row["state"], row["reason_code"]) == ("waiting", "not_tenant")
    assert f"({OTHER}) writes for store {STORE}" in row["reason"]
    assert "connector store take-over" in row["resolution"]
    assert world.sandbox.shop_book()["products"] == before
    assert shop_writes(world) == []


@pytest.mark.parametrize("flow", FLOWS)
def test_they_are_carried_once_the_store_was_taken_over(world: Connector, flow: str) -> None:
    bind_product(world)
    give_away(world, is_new=True)
    exchange_id = make_due(world, flow)
    world.run(exchange_id)
    with transaction(world.engine) as connection:
        tenure.take_over(connection, STORE)

    world.settle(rounds=40)

    assert world.exchange(exchange_id)["state"] == "done"
    assert shop_writes(world) != []


def test_number_of_an_order_is_not_brought_to_the_shop(world: Connector) -> None:
    order = world.sandbox.place(kind="guest")
    (exchange_id,) = world.ask(order["id"])
    world.run(exchange_id)
    give_away(world)

    world.drain()

    (row,) = world.rows("SELECT state, reason_code FROM exchange WHERE flow = 'order_status_to_woo'")
    assert row == {"state": "waiting", "reason_code": "not_tenant"}
    assert world.notes(order["id"]) == []


def test_many_runs_of_a_minute_ask_m3_once(world: Connector) -> None:
    bind_product(world)

    def looks() -> int:
        calls: dict[str, int] = world.sandbox.m3_book()["calls"]
        return sum(count for name, count in calls.items() if name.startswith("CUSEXTMI/"))

    for flow in FLOWS:
        world.run(make_due(world, flow))
    first = looks()
    world.pass_time(timedelta(seconds=30).total_seconds())
    for flow in FLOWS:
        world.run(make_due(world, flow))

    assert shop_writes(world) != []
    assert looks() == first <= 3
    assert tenure.FRESH_FOR.total_seconds() < AGAIN_S
