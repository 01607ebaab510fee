"""Products of the shop that are not the item's whose news came: another item's, and the styles of variations."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from connector.flows.stock.compare import compare
from connector.flows.stock.pull import pull
from connector.ledger.bound_products import Product
from connector.ledger.session import transaction
from connector.ledger.stock_offers import bind_products
from tests.harness import STORE
from tests.integration.flows.stock.stock_story import FLOW, MUG, PAN, StockStory, stock_store

STYLE = "TSHIRT"
ALIAS = PAN
"""In the shop the SKU of item MUG, in M3 also an item of its own, which the shop does not sell."""


@pytest.fixture
def aliased(story: StockStory) -> StockStory:
    """A store whose catalogue comes from M3, and whose product of one item has another item's number as its SKU."""
    file = yaml.safe_load(stock_store())
    file["publish"]["items"] = {"select": [{"field": "ITNO", "in": [MUG]}]}
    story.connector.configure(yaml.safe_dump(file))
    bind(story, MUG, sku=ALIAS)
    story.m3_holds(MUG, 20)
    story.m3_holds(ALIAS, 7)
    return story


def bind(story: StockStory, item: str, *, sku: str) -> None:
    row = row_of(story, sku)
    product = Product(item_number=item, sku=sku, product_id=row["id"], kind=row["type"])
    with transaction(story.connector.engine) as connection:
        bind_products(connection, STORE, products=[product])


def row_of(story: StockStory, sku: str) -> dict[str, Any]:
    return story.connector.process.runtime.store(STORE).shop.products.by_sku([sku])[sku][0]


def test_product_whose_sku_is_another_items_number_stays_what_it_is(aliased: StockStory) -> None:
    aliased.carry(MUG)

    aliased.carry(ALIAS)

    offer = aliased.offer(ALIAS)
    assert aliased.shown(ALIAS) == 20
    assert (offer["problem_code"], offer["wanted_rev"] - offer["done_rev"]) == (None, 0)
    assert aliased.connector.rows("SELECT item_number FROM product") == [{"item_number": MUG}]


def test_both_in_one_run_show_the_stock_of_the_item_that_is_sold(aliased: StockStory) -> None:
    aliased.carry(ALIAS, MUG)

    assert aliased.shown(ALIAS) == 20
    compared = list(compare(aliased.connector.engine, aliased.connector.process.runtime.store(STORE)))
    assert [(one.item_number, one.reason) for one in compared] == [(MUG, "equal")]


def test_store_without_a_catalogue_is_told_whose_product_it_is(story: StockStory) -> None:
    bind(story, MUG, sku=ALIAS)

    story.carry(ALIAS)

    assert story.offer(ALIAS)["problem_code"] == "sku_taken"
    assert f"sold as item {MUG}" in story.offer(ALIAS)["problem"]


def test_style_gets_no_stock_of_its_own(story: StockStory) -> None:
    before = row_of(story, STYLE)
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/items", [{"itno": STYLE, "name": "T-shirts", "on_hand": "0"}])
    bind(story, STYLE, sku=STYLE)

    story.carry(STYLE)

    offer, after = story.offer(STYLE), row_of(story, STYLE)
    assert before["type"] == "variable"
    assert (after["manage_stock"], after["stock_quantity"]) == (before["manage_stock"], before["stock_quantity"])
    assert (offer["problem_code"], offer["wanted_rev"] - offer["done_rev"]) == (None, 0)


def test_night_does_not_ask_for_the_stock_of_styles(story: StockStory) -> None:
    bind(story, STYLE, sku=STYLE)

    pull(story.connector.engine, story.connector.process.runtime.store(STORE), full=True)

    due = story.connector.rows("SELECT item_number FROM offer WHERE flow = :flow", flow=FLOW)
    assert len(due) > 50
    assert {"item_number": STYLE} not in due
