"""Stock of items that M3 has and a store does not sell: news of them needs nobody."""

from __future__ import annotations

import pytest
import yaml

from connector.flows.stock.compare import compare
from tests.harness import STORE
from tests.integration.flows.stock.stock_story import MUG, StockStory, stock_store

UNSOLD = "NEW-ITEM"


@pytest.fixture
def catalogue(story: StockStory) -> StockStory:
    """A store whose catalogue comes from M3, and an item of M3 that is not part of it."""
    file = yaml.safe_load(stock_store())
    file["publish"]["items"] = {"select": [{"field": "ITNO", "in": [MUG]}]}
    story.connector.configure(yaml.safe_dump(file))
    story.sandbox.post(
        f"{story.sandbox.m3_url}/_control/items", [{"itno": UNSOLD, "name": "Not for the shop", "on_hand": "5"}]
    )
    return story


def test_news_of_an_item_that_is_not_sold_here_is_no_problem(catalogue: StockStory) -> None:
    catalogue.carry(UNSOLD, MUG)

    offer = catalogue.offer(UNSOLD)
    assert (offer["problem_code"], offer["wanted_rev"] - offer["done_rev"]) == (None, 0)
    assert catalogue.offer(MUG)["written"]["quantity"] > 0


def test_it_is_no_difference_either(catalogue: StockStory) -> None:
    catalogue.carry(UNSOLD, MUG)

    rows = list(compare(catalogue.connector.engine, catalogue.connector.process.runtime.store(STORE)))

    assert [row.item_number for row in rows] == [MUG]
