"""What `connector check --permissions` tells is what the flows and the check ask for in the stories: nothing less, nothing more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

import pytest

from connector.cli.check import check_store
from connector.cli.checks.permissions import permissions, site_of
from connector.flows.products.poll import ask_for_products
from connector.flows.reconciling.compare import compare_money
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.totals import Totals
from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from connector.ledger.stores import list_stores
from connector.m3.operations import load_operations
from connector.rule_files import load_mappings
from connector.stores.reading import parse_store_config
from tests.acceptance.crash_points import goods, ledgers, shelves
from tests.acceptance.crash_points.cases import Plan
from tests.acceptance.crash_points.refunds import _invoiced, _refund
from tests.acceptance.crash_points.stories import STORIES
from tests.acceptance.crash_points.world import World
from tests.harness import ROOT, STORE
from tests.integration.flows.story import quick_store

CONFIGS = tuple(dict.fromkeys(told.config for told in STORIES.values()))
INSTALLS = {"POST webhooks"}
"""Asked by `connector webhooks install`, which is no flow."""
NOT_IN_SANDBOX = {"OIS100MI/DltLineCharge"}
"""Asked where a line of the shop loses a tax rate; the sandbox's shop keeps the tax class of a line."""


@cache
def allowed(text: str) -> frozenset[str]:
    """Returns what a store of this file may ask."""
    config = parse_store_config(text, source="test")
    needed = permissions(
        "w1", site_of(config, load_mappings(ROOT / "config", config)), load_operations(ROOT / "config", {})
    )
    transactions = {f"{one.program}/{one.transaction}" for one in needed.m3}
    return frozenset(transactions | {f"{one.method} {one.path}" for one in needed.shop})


def refund_is_deleted(world: World) -> None:
    order = _invoiced(world)
    _refund(world, order, amount="7.77")
    world.connector.ask(order["id"])
    world.go_on()
    (refund,) = world.sandbox.shop_book()["refunds"]
    shop = world.connector.process.runtime.store(STORE).shop
    path = f"orders/{order['id']}/refunds/{refund['id']}"
    shop.refunds._transport.write("DELETE", path, params=(("force", "true"),))
    world.turn("poll_refunds")
    world.go_on()


def sku_is_an_alias(world: World) -> None:
    world.sandbox.place(kind="unknown_sku")
    world.turn("poll_orders")
    world.go_on()


def held_order_is_discarded(world: World) -> None:
    world.m3_fault("GLS840MI/AddBatchHead", "nok", code="GL00123")
    world.place()
    world.go_on()
    world.discard_all()
    world.go_on()


def confirm_is_stuck(world: World) -> None:
    world.m3_fault("OIS100MI/Confirm", "confirm_status", status="15")
    world.place()
    world.go_on()


def shipping_changes(world: World) -> None:
    order = world.place()
    world.go_on()
    shipping = [{"id": order["shipping_lines"][0]["id"], "total": "9.00"}]
    world.change(order, shipping_lines=shipping)
    world.go_on()


def m3_is_asked_twice_for_changes(world: World) -> None:
    for job in ("pull_items", "pull_stock", "pull_prices") * 2:
        world.turn(job)


def prices_of_another_unit_and_categories_of_the_hierarchy(world: World) -> None:
    m3 = f"{world.sandbox.m3_url}/_control"
    world.sandbox.post(f"{m3}/items", [{"itno": "MUG-001", "HIE1": "KITCHEN"}])
    world.sandbox.post(f"{m3}/prices", [{"itno": "MUG-001", "sapr": "50.00", "spun": "BOX"}])
    for flow in ("items_to_woo", "prices_to_woo"):
        with transaction(world.connector.engine) as connection:
            mark_due(connection, STORE, flow=flow, item_numbers=["MUG-001"])
        world.go_on()


def product_is_deleted_in_the_shop(world: World) -> None:
    goods.product_changes_in_the_shop(world)
    (product,) = [one for one in world.sandbox.shop_book()["products"] if one["sku"] == "MUG-001"]
    ask_for_products(world.connector.engine, STORE, product_ids=[int(product["id"])])
    world.go_on()


def books_are_compared(world: World) -> None:
    world.place()
    world.go_on()
    runtime = world.connector.process.runtime
    store = runtime.store(STORE)
    today = datetime.now(store.config.m3.zone).date()
    period = Period(today - timedelta(days=1), today, store.config.m3.zone)
    world.work("reconcile", lambda: list(compare_money(runtime.engine, store, period, totals=Totals())))


FULL = quick_store(guests="common")
SCENES: dict[str, tuple[Callable[[World], None], str]] = {
    "refund deleted": (refund_is_deleted, FULL),
    "SKU is an alias": (sku_is_an_alias, FULL),
    "invoice discarded": (held_order_is_discarded, ledgers.INVOICES_ORDERS),
    "Confirm stuck": (confirm_is_stuck, FULL),
    "shipping changes": (shipping_changes, FULL),
    "M3 asked twice": (m3_is_asked_twice_for_changes, FULL),
    "other units, hierarchy": (prices_of_another_unit_and_categories_of_the_hierarchy, FULL),
    "product deleted": (product_is_deleted_in_the_shop, goods.CARRIES_PRODUCTS),
    "books of orders": (books_are_compared, FULL),
    "books of invoices": (books_are_compared, ledgers.INVOICES_ORDERS),
    "books of issued units": (books_are_compared, shelves.ISSUES_STOCK),
    "books of payments": (books_are_compared, ledgers.CARRIES_PAYMENTS),
    "books of settlements": (books_are_compared, ledgers.SETTLES_INVOICES),
}
"""What happens too rarely for a story, with the store it happens to."""


@pytest.fixture(scope="module")
def rare(world: World) -> dict[str, frozenset[str]]:
    """What is asked in the scenes."""
    asked = {}
    for name, (scene, config) in SCENES.items():
        world.start(config)
        scene(world)
        asked[name] = frozenset(world.trap.requests)
    return asked


@pytest.fixture(scope="module")
def checked(world: World) -> dict[str, frozenset[str]]:
    """What `connector check` asks for, by store file; something was sold lately."""
    asked = {}
    for config in CONFIGS:
        world.start(config)
        world.place()
        with transaction(world.connector.engine) as connection:
            (row,) = list_stores(connection)
        world.work("check", lambda row=row: list(check_store(world.connector.process.runtime, row)))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        asked[config] = frozenset(world.trap.requests)
    return asked


def test_no_story_asks_what_its_store_is_not_allowed(plan: Plan, rare: dict[str, frozenset[str]]) -> None:
    told = {**plan.requests, **rare}
    configs = {name: one.config for name, one in STORIES.items()} | {
        name: config for name, (_, config) in SCENES.items()
    }

    beyond = {name: sorted(asked - allowed(configs[name])) for name, asked in told.items()}

    assert {name: asked for name, asked in beyond.items() if asked} == {}


def test_connector_check_asks_nothing_its_store_is_not_allowed(checked: dict[str, frozenset[str]]) -> None:
    assert [sorted(asked - allowed(config)) for config, asked in checked.items() if asked - allowed(config)] == []


def test_everything_that_is_allowed_is_asked_for(
    plan: Plan, rare: dict[str, frozenset[str]], checked: dict[str, frozenset[str]]
) -> None:
    asked = frozenset[str]().union(*plan.requests.values(), *rare.values(), *checked.values())

    unasked = sorted(frozenset[str]().union(*map(allowed, CONFIGS)) - asked - INSTALLS - NOT_IN_SANDBOX)
    assert not unasked, ", ".join(unasked)
