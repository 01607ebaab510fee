"""Which product of the shop an item of M3 is: told in one way by items, prices and stock, over the real parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from connector.flows.pulling import Reason
from connector.flows.pulls import PULLS
from connector.ledger.items import map_item
from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.story import quick_store

BOOK, ITEM = "BOOK-5", "COOKBOOK"
"""A product of the shop that M3 has no item for, and the item a person says it is."""
MUG, PAN, SHIRT = "MUG-001", "PAN-28", "TSHIRT-S-RED"
ALL = ("items", "prices", "stock")
PUBLISHED: dict[str, Any] = {"items": {}, "prices": {"price_list": "WEB", "currency": "EUR"}, "stock": {}}


class Shop:
    """A store that publishes some of items, prices and stock."""

    def __init__(self, connector: Connector) -> None:
        self.connector = connector
        self.sandbox = connector.sandbox
        self.publish(*ALL)

    def publish(self, *parts: str) -> None:
        file = yaml.safe_load(quick_store())
        file["publish"] = {part: PUBLISHED[part] for part in parts}
        self.connector.configure(yaml.safe_dump(file))

    def m3_has(self, item: str, *, price: str, on_hand: int) -> None:
        m3 = f"{self.sandbox.m3_url}/_control"
        self.sandbox.post(f"{m3}/items", [{"itno": item, "name": f"Item {item}"}])
        self.sandbox.post(f"{m3}/prices", [{"prrf": "WEB", "cucd": "EUR", "itno": item, "sapr": price}])
        self.sandbox.post(f"{m3}/stock", [{"itno": item, "whlo": "001", "on_hand": str(on_hand)}])

    def say(self, sku: str, item: str) -> list[str]:
        with transaction(self.connector.engine) as connection:
            return map_item(connection, STORE, sku=sku, item_number=item)

    def carry(self, *items: str, parts: Sequence[str] = ALL) -> None:
        with transaction(self.connector.engine) as connection:
            for part in parts:
                mark_due(connection, STORE, flow=PULLS[part].flow, item_numbers=items)
        self.connector.settle()

    def change(self, named: str, **values: Any) -> None:
        self.sandbox.post(f"{self.sandbox.shop_url}/_control/products", {"sku": named, "deliver": "never", **values})

    def products(self, sku: str) -> list[dict[str, Any]]:
        rows: dict[str, list[dict[str, Any]]] = self.connector.process.runtime.store(STORE).shop.products.by_sku([sku])
        return rows.get(sku, [])

    def shows(self, sku: str) -> tuple[str, int]:
        (row,) = self.products(sku)
        return row["regular_price"], row["stock_quantity"]

    def problems(self, item: str) -> dict[str, tuple[str | None, str | None]]:
        rows = self.connector.rows("SELECT flow, problem_code, problem FROM offer WHERE item_number = :item", item=item)
        return {row["flow"]: (row["problem_code"], row["problem"]) for row in rows}


@pytest.fixture
def shop(connector: Connector) -> Shop:
    return Shop(connector)


@pytest.mark.parametrize("part", ["prices", "stock"])
def test_item_is_found_by_the_sku_a_person_named(shop: Shop, part: str) -> None:
    shop.publish(part)
    shop.m3_has(ITEM, price="31.00", on_hand=17)
    before = shop.shows(BOOK)
    shop.say(BOOK, ITEM)

    shop.carry(ITEM, parts=[part])

    price, quantity = before
    assert shop.shows(BOOK) == (("31.00", quantity) if part == "prices" else (price, 17))
    assert shop.connector.rows("SELECT item_number, sku FROM product") == [{"item_number": ITEM, "sku": BOOK}]


def test_catalogue_takes_the_product_a_person_named_and_leaves_it_its_sku(shop: Shop) -> None:
    shop.m3_has(ITEM, price="31.00", on_hand=17)
    (before,) = shop.products(BOOK)
    shop.say(BOOK, ITEM)

    for _ in range(2):
        shop.carry(ITEM)

    (row,) = shop.products(BOOK)
    assert (row["id"], row["name"], *shop.shows(BOOK)) == (before["id"], f"Item {ITEM}", "31.00", 17)
    assert shop.products(ITEM) == []
    assert {code for code, _ in shop.problems(ITEM).values()} == {None}


def test_item_that_m3_does_not_offer_gets_price_and_stock_and_both_sides_agree(shop: Shop) -> None:
    shop.m3_has(ITEM, price="31.00", on_hand=17)
    shop.sandbox.post(f"{shop.sandbox.m3_url}/_control/items", [{"itno": ITEM, "STAT": "10"}])
    (before,) = shop.products(BOOK)
    shop.say(BOOK, ITEM)

    shop.carry(ITEM)

    store = shop.connector.process.runtime.store(STORE)
    rows = [one for entry in PULLS.values() for one in entry.compare(shop.connector.engine, store)]
    assert (shop.products(BOOK)[0]["name"], *shop.shows(BOOK)) == (before["name"], "31.00", 17)
    assert {one.reason for one in rows if one.sku == BOOK or one.item_number == ITEM} == {Reason.EQUAL}


def test_what_a_person_says_later_holds_before_what_was_found(shop: Shop) -> None:
    shop.publish("prices", "stock")
    for item, price, on_hand in ((MUG, "12.00", 12), (ITEM, "31.00", 17)):
        shop.m3_has(item, price=price, on_hand=on_hand)
    shop.carry(MUG, parts=["prices", "stock"])

    unbound = shop.say(MUG, ITEM)
    shop.carry(MUG, ITEM, parts=["prices", "stock"])

    assert unbound == [MUG]
    assert shop.shows(MUG) == ("31.00", 17)
    assert shop.connector.rows("SELECT item_number FROM product") == [{"item_number": ITEM}]
    assert "as a person said" in str(shop.problems(MUG)["stock_to_woo"][1])


@pytest.mark.parametrize("sku", ["BOOK-5", "AAA-1"])
def test_nightly_walk_over_the_shop_keeps_to_what_a_person_said(shop: Shop, sku: str) -> None:
    shop.publish("stock")
    shop.m3_has(MUG, price="12.00", on_hand=12)
    shop.change(sku, name="Another mug")
    shop.say(sku, MUG)
    store = shop.connector.process.runtime.store(STORE)

    for _ in range(2):
        PULLS["stock"].pull(shop.connector.engine, store, full=True)
        shop.connector.settle()

    bound = shop.connector.rows("SELECT sku FROM product WHERE item_number = :item", item=MUG)
    assert bound == [{"sku": sku}]
    assert shop.products(sku)[0]["stock_quantity"] == 12


def test_product_that_was_found_stays_the_items_when_a_person_names_another_one(shop: Shop) -> None:
    shop.m3_has(MUG, price="12.00", on_hand=12)
    shop.carry(MUG)
    before = shop.shows(BOOK)
    shop.say(BOOK, MUG)
    shop.m3_has(MUG, price="13.00", on_hand=13)

    shop.carry(MUG)

    assert (shop.shows(MUG), shop.shows(BOOK)) == (("13.00", 13), before)


def test_doubled_sku_is_told_in_the_same_words_and_nothing_is_written(shop: Shop) -> None:
    shop.m3_has(MUG, price="12.00", on_hand=12)
    shop.m3_has(PAN, price="50.00", on_hand=50)
    shop.change(MUG, twin=True, name="Another", regular_price="1.00")
    before = shop.products(MUG)

    shop.carry(MUG, PAN)

    ((code, words),) = set(shop.problems(MUG).values())
    assert (len(before), code) == (2, "sku_twice")
    assert all(str(row["id"]) in str(words) for row in before)
    assert [row["regular_price"] for row in shop.products(MUG)] == [row["regular_price"] for row in before]
    assert shop.shows(PAN) == ("50.00", 50)


def test_two_products_that_a_person_said_are_one_item_are_told(shop: Shop) -> None:
    shop.m3_has(ITEM, price="31.00", on_hand=17)
    shop.say(BOOK, ITEM)
    shop.say(MUG, ITEM)

    shop.carry(ITEM)

    assert {code for code, _ in shop.problems(ITEM).values()} == {"sku_twice"}
    assert shop.products(ITEM) == []


@pytest.mark.parametrize("sku", [MUG, SHIRT])
def test_product_with_another_sku_now_is_found_by_its_number(shop: Shop, sku: str) -> None:
    shop.publish("prices", "stock")
    shop.m3_has(sku, price="12.00", on_hand=12)
    shop.carry(sku, parts=["prices", "stock"])
    shop.change(sku, id=shop.products(sku)[0]["id"], sku="RENAMED")
    shop.m3_has(sku, price="14.00", on_hand=14)

    shop.carry(sku, parts=["prices", "stock"])

    assert shop.shows("RENAMED") == ("14.00", 14)


def test_sku_that_moved_to_another_product_is_told_by_all(shop: Shop) -> None:
    shop.m3_has(MUG, price="12.00", on_hand=12)
    shop.carry(MUG)
    number = shop.products(MUG)[0]["id"]
    shop.change(MUG, id=number, sku="RENAMED")
    shop.change(BOOK, id=shop.products(BOOK)[0]["id"], sku=MUG)

    shop.carry(MUG)

    ((code, words),) = set(shop.problems(MUG).values())
    assert code == "sku_moved"
    assert str(number) in str(words)


def test_item_whose_number_differs_in_letter_case_alone_is_told(shop: Shop) -> None:
    shop.publish("prices")
    for item in (MUG, MUG.lower()):
        shop.m3_has(item, price="12.00", on_hand=12)

    shop.carry(MUG, MUG.lower(), parts=["prices"])

    assert shop.connector.rows("SELECT item_number FROM product") == [{"item_number": MUG}]
    assert shop.connector.rows("SELECT state FROM exchange") == [{"state": "done"}]
