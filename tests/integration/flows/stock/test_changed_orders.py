"""Orders that staff change in the shop after they were posted."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.integration.flows.stock.stock_story import MUG, PAN, StockStory, stock_store


@pytest.fixture
def order(story: StockStory) -> dict[str, Any]:
    """An order of three mugs that M3 has."""
    story.m3_holds(MUG, 20)
    story.m3_holds(PAN, 30)
    placed = story.buy(MUG, 3)
    story.connector.ask(placed["id"])
    story.connector.drain()
    story.carry(MUG, PAN)
    return placed


def add_pans(story: StockStory, order: dict[str, Any]) -> None:
    """Adds a line as staff do; the shop takes its stock."""
    url = f"{story.sandbox.shop_url}/_control/orders/{order['id']}"
    added = {"line_items": [{"sku": PAN, "quantity": 4}], "status": "completed"}
    story.sandbox.post(url, {"deliver": "never", **added})
    assert story.shown(PAN) == 26


def test_line_added_after_posting_is_in_flight(story: StockStory, order: dict[str, Any]) -> None:
    add_pans(story, order)
    story.connector.poll()

    story.carry(MUG, PAN)

    assert (story.shown(MUG), story.shown(PAN)) == (17, 26)


def test_it_stays_so_while_the_change_waits_for_a_person(story: StockStory, order: dict[str, Any]) -> None:
    add_pans(story, order)
    story.connector.ask(order["id"])
    story.connector.drain()

    story.carry(MUG, PAN)

    assert (story.shown(MUG), story.shown(PAN)) == (17, 26)


def test_discarded_change_gives_its_units_back_at_once_and_for_good(story: StockStory, order: dict[str, Any]) -> None:
    content = yaml.safe_load(stock_store())
    content["orders"]["changes"] = "person"
    story.connector.configure(yaml.safe_dump(content))
    add_pans(story, order)
    story.connector.poll()
    story.connector.drain()
    exchange = story.connector.rows("SELECT id FROM exchange WHERE flow = 'orders_to_m3'")[0]["id"]
    with transaction(story.connector.engine) as connection:
        discard(connection, exchange, who="test", why="M3 shall not have the pans")

    story.go_on()
    first = story.shown(PAN)
    url = f"{story.sandbox.shop_url}/_control/orders/{order['id']}"
    story.sandbox.post(url, {"deliver": "never", "meta_data": [{"key": "seen", "value": "yes"}]})
    story.connector.pass_time(2)
    story.connector.poll()
    story.connector.drain()
    story.carry(PAN)

    assert (first, story.shown(PAN)) == (30, 30)
