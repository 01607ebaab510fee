"""Items of M3 become products of the shop, and only what differs is written."""

from __future__ import annotations

import pytest

from connector.flows.catalogue import loading
from connector.ledger.bound_products import REMEMBER_PRODUCTS, Product, bound
from connector.ledger.session import transaction
from tests.harness import STORE
from tests.integration.flows.catalogue.assortment import Assortment


def test_a_new_item_becomes_a_product(assortment: Assortment) -> None:
    assortment.item(
        "NEW-1", "Enamel <b>pot</b> &amp; lid", FUDS="Holds a litre", GRWE="0.350", HIE1="HOME", HIE2="COOKING"
    )

    assortment.carry("NEW-1")

    product = assortment.product("NEW-1")
    assert (product["name"], product["status"], product["type"]) == ("Enamel pot &amp; lid", "publish", "simple")
    assert (product["description"], product["weight"], product["tax_class"]) == ("Holds a litre", "0.35", "")
    assert [one["name"] for one in product["categories"]] == ["Cooking"]
    assert assortment.trouble("NEW-1") is None


def test_an_item_looked_at_again_is_not_written(assortment: Assortment) -> None:
    assortment.item("NEW-2", "Pot & lid", HIE1="HOME")
    assortment.carry("NEW-2")
    before = assortment.writes()

    assortment.carry("NEW-2")

    assert assortment.writes() == before


def test_only_what_changed_is_written(assortment: Assortment) -> None:
    assortment.item("NEW-3", "Pot", FUDS="Holds a litre")
    assortment.carry("NEW-3")
    assortment.item("NEW-3", "Pot, large")

    assortment.carry("NEW-3")

    told = assortment.connector.rows("SELECT after FROM audit WHERE key = 'NEW-3' ORDER BY id DESC LIMIT 1")[0]["after"]
    assert set(told) == {"id", "name"}
    assert assortment.product("NEW-3")["name"] == "Pot, large"


def test_a_style_becomes_a_parent_with_its_variations(assortment: Assortment) -> None:
    assortment.style("ST-1", ("BLK-S", "BLK", "S"), ("BLK-M", "BLK", "M"), ("RED-S", "RED", "S"))

    assortment.carry("ST-1-BLK-S", "ST-1-BLK-M", "ST-1-RED-S")

    parent = assortment.product("ST-1")
    options = {one["name"]: one["options"] for one in parent["attributes"]}
    assert parent["type"] == "variable"
    assert options == {"Colour": ["Black", "Red"], "Size": ["Medium", "Small"]}
    variations = assortment.variations(parent["id"])
    assert {one["sku"] for one in variations} == {"ST-1-BLK-S", "ST-1-BLK-M", "ST-1-RED-S"}
    red = next(one for one in variations if one["sku"] == "ST-1-RED-S")
    assert {one["name"]: one["option"] for one in red["attributes"]} == {"Colour": "Red", "Size": "Small"}


def test_a_new_variation_widens_its_parent(assortment: Assortment) -> None:
    assortment.style("ST-2", ("BLK-S", "BLK", "S"))
    assortment.carry("ST-2-BLK-S")
    assortment.item("ST-2-GRN-S", "ST-2 GRN-S", HDPR="ST-2", OPTX="GRN", OPTY="S")

    assortment.carry("ST-2-GRN-S")

    parent = assortment.product("ST-2")
    assert {one["name"]: one["options"] for one in parent["attributes"]}["Colour"] == ["Black", "Green"]
    assert len(assortment.variations(parent["id"])) == 2


def test_an_ended_item_is_hidden_and_comes_back(assortment: Assortment) -> None:
    assortment.item("END-1", "Pot")
    assortment.carry("END-1")
    assortment.item("END-1", status="90")
    assortment.carry("END-1")
    hidden = assortment.product("END-1")["status"]
    assortment.item("END-1", status="20")

    assortment.carry("END-1")

    assert (hidden, assortment.product("END-1")["status"]) == ("draft", "publish")


def test_an_item_that_was_never_sold_is_not_made(assortment: Assortment) -> None:
    assortment.item("OFF-1", "Pot", status="10")

    assortment.carry("OFF-1", "NOWHERE-1")

    assert assortment.product("OFF-1") == {}
    assert assortment.trouble("OFF-1") is None
    assert assortment.trouble("NOWHERE-1") is None


def test_a_product_of_the_shop_with_the_number_is_taken_over(assortment: Assortment) -> None:
    before = assortment.product("MUG-001")

    assortment.carry("MUG-001")

    after = assortment.product("MUG-001")
    assert after["id"] == before["id"]
    assert after["name"] == "Enamel mug"
    bound = assortment.connector.rows("SELECT product_id, kind FROM product WHERE item_number = 'MUG-001'")
    assert bound == [{"product_id": before["id"], "kind": "simple"}]


def test_an_ended_style_hides_its_variations_and_holds_nobody_up(assortment: Assortment) -> None:
    assortment.style("ST-3", ("BLK-S", "BLK", "S"))
    assortment.item("ST-3", status="90")
    assortment.item("AFTER-1", "Pot")

    assortment.carry("ST-3-BLK-S", "AFTER-1")

    assert assortment.product("ST-3") == {}
    assert assortment.product("AFTER-1")["name"] == "Pot"
    assert not [one for one in ("ST-3-BLK-S", "AFTER-1") if assortment.offer(one)["done_rev"] == 0]


def test_a_product_this_flow_never_carried_is_not_withdrawn(assortment: Assortment) -> None:
    """Stock and prices know products too; those of items that are not selected are the shop's own."""
    assortment.configure(select=[{"field": "SALE", "in": ["1"]}])
    assortment.item("PAN-28", SALE="0")
    shown = assortment.product("PAN-28")
    known = Product(item_number="PAN-28", sku="PAN-28", product_id=shown["id"], kind="simple")
    with transaction(assortment.connector.engine) as connection:
        REMEMBER_PRODUCTS.run(connection, bound(STORE, [known]))

    assortment.carry("PAN-28")

    assert assortment.product("PAN-28")["status"] == "publish"
    assert assortment.trouble("PAN-28") is None


def test_a_variation_the_shop_made_itself_is_written_under_its_parent(assortment: Assortment) -> None:
    assortment.configure()
    before = assortment.product("TSHIRT-S-RED")
    assortment.item("TSHIRT-S-RED", FUDS="Red, small")

    assortment.carry("TSHIRT-S-RED")

    after = assortment.product("TSHIRT-S-RED")
    assert (after["id"], after["type"], after["parent_id"]) == (before["id"], "variation", before["parent_id"])
    assert after["description"] == "Red, small"
    assert assortment.trouble("TSHIRT-S-RED") is None


def test_a_run_whose_time_is_over_is_gone_on_with(assortment: Assortment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "RUN_S", 0.0)
    monkeypatch.setattr(loading, "MOST", 3)
    numbers = [f"SLOW-{number}" for number in range(8)]
    for number in numbers:
        assortment.item(number, f"Pot {number}")

    assortment.carry(*numbers)

    assert [assortment.product(number).get("name") for number in numbers] == [f"Pot {number}" for number in numbers]


def test_pictures_and_whatever_no_rule_names_are_left_alone(assortment: Assortment) -> None:
    assortment.item("PIC-1", "Pot")
    assortment.carry("PIC-1")
    shop = assortment.connector.process.runtime.store(STORE).shop
    own = {"images": [{"src": "https://pictures.example/pot.jpg", "alt": "A pot"}], "purchase_note": "Wash it first."}
    shop.products._transport.write("PUT", f"products/{assortment.product('PIC-1')['id']}", content=own)
    before = assortment.product("PIC-1")
    assortment.item("PIC-1", "Pot, new")

    assortment.carry("PIC-1")

    after = assortment.product("PIC-1")
    assert (after["name"], len(after["images"])) == ("Pot, new", 1)
    assert [after[name] for name in ("images", "purchase_note")] == [
        before[name] for name in ("images", "purchase_note")
    ]
