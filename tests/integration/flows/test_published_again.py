"""A part of `publish` taken out of a store file and put back: what was left meanwhile is carried by the next look at everything."""

from __future__ import annotations

import pytest
import yaml

from connector.flows.stock.pull import pull as pull_stock
from connector.ledger.offers import count_offers
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.catalogue.assortment import Assortment
from tests.integration.flows.prices.shelf import Shelf
from tests.integration.flows.stock.stock_story import StockStory
from tests.integration.flows.story import quick_store

ITEM = "MUG-001"


def leave(connector: Connector, flow: str) -> None:
    """Carries nothing of a flow that is due, for the store does not publish it any more."""
    with transaction(connector.engine) as connection:
        assert count_offers(connection, STORE, flow=flow).due > 0
    connector.configure(yaml.safe_dump({**yaml.safe_load(quick_store()), "publish": {}}))
    connector.settle()
    with transaction(connector.engine) as connection:
        assert count_offers(connection, STORE, flow=flow).due == 0


def test_stock_is_carried_again(connector: Connector) -> None:
    story = StockStory(connector)
    story.m3_holds(ITEM, 20)
    story.carry(ITEM)
    story.m3_holds(ITEM, 25)
    story.due(ITEM)
    leave(connector, "stock_to_woo")
    assert story.shown(ITEM) == 20

    story.configure()
    pull_stock(connector.engine, connector.process.runtime.store(STORE), full=True)
    story.go_on()

    assert story.shown(ITEM) == 25


@pytest.mark.parametrize("is_named", [True, False])
def test_prices_are_carried_again(connector: Connector, is_named: bool) -> None:
    shelf = Shelf(connector)
    shelf.price(ITEM, "50")
    shelf.carry(ITEM)
    shelf.pull(full=True)
    connector.settle()
    shelf.price(ITEM, "55")
    if is_named:
        shelf.due(ITEM)
    else:
        shelf.pull(full=True)
    leave(connector, "prices_to_woo")
    assert shelf.shown(ITEM)["regular_price"] == "50.00"

    shelf.configure()
    shelf.pull(full=True)
    connector.settle()

    assert shelf.shown(ITEM)["regular_price"] == "55.00"


def test_items_are_carried_again(connector: Connector) -> None:
    assortment = Assortment(connector)
    assortment.item("AGAIN-1", "Mug")
    assortment.pull(full=True)
    connector.settle()
    assortment.item("AGAIN-1", "Cup")
    assortment.pull(full=True)
    leave(connector, "items_to_woo")
    assert assortment.product("AGAIN-1")["name"] == "Mug"

    assortment.configure()
    assortment.pull()
    connector.settle()

    assert assortment.product("AGAIN-1")["name"] == "Cup"
