"""A batch whose answer was lost makes nothing twice and loses nothing."""

from __future__ import annotations

import pytest

from tests.integration.flows.catalogue.assortment import Assortment


@pytest.mark.parametrize("fault", ["drop_after_commit", "http_503"])
def test_new_products_are_made_once(assortment: Assortment, fault: str) -> None:
    numbers = [f"LOST-{number}" for number in range(5)]
    for number in numbers:
        assortment.item(number, f"Pot {number}")
    assortment.sandbox.shop_rule("POST", "products/batch", fault)

    assortment.carry(*numbers)

    assert all(assortment.product(number)["name"] == f"Pot {number}" for number in numbers)
    held = [one["sku"] for one in assortment.shop_products() if one["sku"].startswith("LOST-")]
    assert sorted(held) == numbers
    assert [assortment.trouble(number) for number in numbers] == [None] * 5


def test_a_change_is_compared_again(assortment: Assortment) -> None:
    assortment.item("LOST-9", "Pot")
    assortment.carry("LOST-9")
    assortment.item("LOST-9", "Pot, new")
    assortment.sandbox.shop_rule("POST", "products/batch", "drop_after_commit")

    assortment.carry("LOST-9")
    assortment.look_again()

    assert assortment.product("LOST-9")["name"] == "Pot, new"
    assert assortment.offer("LOST-9")["done_rev"] == assortment.offer("LOST-9")["wanted_rev"]


def test_variations_are_made_once(assortment: Assortment) -> None:
    assortment.style("LO", ("A", "BLK", "S"), ("B", "RED", "S"))
    assortment.sandbox.shop_rule("POST", "products/", "drop_after_commit", times=2)

    assortment.carry("LO-A", "LO-B")
    assortment.look_again()

    parent = assortment.product("LO")
    assert sorted(one["sku"] for one in assortment.variations(parent["id"])) == ["LO-A", "LO-B"]
