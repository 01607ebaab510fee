"""An item that cannot be carried says so itself, with its own reason, and the others of its batch go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.m3.calls import Answer
from tests.harness import STORE
from tests.integration.flows.catalogue.assortment import Assortment
from tests.integration.flows.other_answers import altered, refused


def test_wrong_items_are_told_and_right_ones_carried(assortment: Assortment) -> None:
    assortment.item("BAD-NAME", "")
    assortment.item("BAD,COMMA", "Pot with a comma")
    assortment.item("BAD  BLANKS", "Pot with two blanks")
    assortment.item("LONG-1", "N" * 60, FUDS="<script>x</script>Long <br> text " + "y" * 80)
    assortment.item("GOOD-1", "Pot")

    assortment.carry("BAD-NAME", "BAD,COMMA", "BAD  BLANKS", "LONG-1", "GOOD-1")

    assert assortment.trouble("BAD-NAME") == "unmappable"
    assert "BAD-NAME in M3" in assortment.offer("BAD-NAME")["remedy"]
    assert assortment.trouble("BAD  BLANKS") == "invalid_element"
    assert [assortment.trouble(one) for one in ("BAD,COMMA", "LONG-1", "GOOD-1")] == [None, None, None]
    assert assortment.product("BAD,COMMA")["name"] == "Pot with a comma"
    assert assortment.product("GOOD-1")["name"] == "Pot"


def test_an_unknown_vat_code_is_told_with_the_table_to_complete(assortment: Assortment) -> None:
    assortment.without_tax_class("1")
    assortment.item("VAT-1", "Pot", vat_code=1)
    assortment.item("VAT-2", "Pot", vat_code=2)

    assortment.carry("VAT-1", "VAT-2")

    assert assortment.trouble("VAT-1") == "unmappable"
    assert "tax_class" in assortment.offer("VAT-1")["problem"]
    assert assortment.product("VAT-2")["tax_class"] == "reduced-rate"


def test_a_problem_goes_away_with_its_cause(assortment: Assortment) -> None:
    assortment.item("CURE-1", "")
    assortment.carry("CURE-1")
    assortment.item("CURE-1", "Pot")

    assortment.carry("CURE-1")

    assert assortment.trouble("CURE-1") is None
    assert assortment.product("CURE-1")["name"] == "Pot"


def test_a_simple_product_is_not_turned_into_a_variation(assortment: Assortment) -> None:
    assortment.item("KIND-1", "Pot")
    assortment.carry("KIND-1")
    assortment.item("KIND", "Pots", STCD="0")
    assortment.item("KIND-1", HDPR="KIND", OPTX="BLK")

    assortment.carry("KIND-1")

    assert assortment.trouble("KIND-1") == "kind_changed"
    assert assortment.product("KIND-1")["type"] == "simple"


def test_two_variations_with_the_same_options_are_told(assortment: Assortment) -> None:
    assortment.style("SAME", ("A", "BLK", "S"), ("B", "BLK", "S"), ("C", "RED", "S"))

    assortment.carry("SAME-A", "SAME-B", "SAME-C")

    assert [assortment.trouble(f"SAME-{one}") for one in "ABC"] == ["same_options", "same_options", None]


def test_a_product_somebody_put_into_the_trash_stays_there(assortment: Assortment) -> None:
    assortment.item("TRASH-1", "Pot")
    assortment.carry("TRASH-1")
    shop = assortment.connector.process.runtime.store(STORE).shop
    shop.products.trash(assortment.product("TRASH-1")["id"])

    assortment.carry("TRASH-1")

    assert assortment.trouble("TRASH-1") == "in_trash"
    assert assortment.product("TRASH-1") == {}


def test_what_goes_to_the_trash_by_choice_comes_back(assortment: Assortment) -> None:
    assortment.configure(removed="trash")
    assortment.item("TRASH-2", "Pot")
    assortment.carry("TRASH-2")
    product_id = assortment.product("TRASH-2")["id"]
    assortment.item("TRASH-2", status="90")
    assortment.carry("TRASH-2")
    gone = assortment.product("TRASH-2")
    assortment.item("TRASH-2", status="20")

    assortment.carry("TRASH-2")

    assert gone == {}
    assert (assortment.product("TRASH-2")["id"], assortment.product("TRASH-2")["status"]) == (product_id, "publish")


def test_fields_of_the_shop_are_left_to_it(assortment: Assortment) -> None:
    assortment.configure(owners={"name": "first_load", "description": "shop"})
    assortment.item("OWN-1", "Pot", FUDS="Holds a litre")
    assortment.carry("OWN-1")
    first = assortment.product("OWN-1")
    assortment.item("OWN-1", "Pot, new", FUDS="Holds two")

    assortment.carry("OWN-1")

    now = assortment.product("OWN-1")
    assert (first["name"], first["description"], now["name"], now["description"]) == ("Pot", "", "Pot", "")


def test_variations_by_the_item_number_have_a_parent_of_their_own(assortment: Assortment) -> None:
    pattern = r"(?P<parent>NUM-\d+)-(?P<colour>[A-Z]+)-(?P<size>[A-Z]+)"
    assortment.configure(variations={"by": "number", "pattern": pattern})
    assortment.item("NUM-1-BLK-S", "Shirt, small")
    assortment.item("NUM-1-RED-S", "Shirt, red")

    assortment.carry("NUM-1-BLK-S", "NUM-1-RED-S")

    parent = assortment.product("NUM-1")
    assert (parent["type"], parent["name"]) == ("variable", "Shirt, small")
    assert {one["sku"] for one in assortment.variations(parent["id"])} == {"NUM-1-BLK-S", "NUM-1-RED-S"}


def test_the_sku_can_be_an_alias(assortment: Assortment) -> None:
    assortment.configure(sku={"category": 2, "qualifier": "EA13"})
    assortment.item("ALI-1", "Pot", aliases=[{"alwt": 2, "alwq": "EA13", "popn": "3859999999990"}])

    assortment.carry("ALI-1")

    assert assortment.product("3859999999990")["name"] == "Pot"


def test_of_two_new_items_with_one_sku_the_second_is_told(assortment: Assortment) -> None:
    assortment.configure(sku={"category": 2, "qualifier": "EA13"})
    for number in ("TWIN-1", "TWIN-2"):
        assortment.item(number, "Pot", aliases=[{"alwt": 2, "alwq": "EA13", "popn": "MUG-001"}])
    assortment.item("ALONE-1", "Pot")

    assortment.carry("TWIN-1", "TWIN-2", "ALONE-1")

    assert [assortment.trouble(one) for one in ("TWIN-1", "TWIN-2", "ALONE-1")] == [None, "sku_taken", None]
    assert assortment.product("ALONE-1")["name"] == "Pot"


def test_a_variation_rests_when_the_product_of_its_ended_style_was_deleted(assortment: Assortment) -> None:
    assortment.style("GONE-ST", ("A", "BLK", "S"))
    assortment.carry("GONE-ST-A")
    assortment.delete_product("GONE-ST")
    assortment.item("GONE-ST", status="90")

    assortment.carry("GONE-ST", "GONE-ST-A")

    rested = [assortment.offer(one) for one in ("GONE-ST", "GONE-ST-A")]
    assert [one["wanted_rev"] - one["done_rev"] for one in rested] == [0, 0]


@pytest.mark.parametrize("records", [(), ({"ITNO": "HALF-1"},), ({"STAT": "90"},)])
def test_a_record_without_number_or_status_leaves_the_shop_alone(
    assortment: Assortment, monkeypatch: pytest.MonkeyPatch, records: tuple[dict[str, str], ...]
) -> None:
    assortment.item("HALF-1", "Pot")
    assortment.item("WHOLE-1", "Pot")
    assortment.carry("HALF-1", "WHOLE-1")
    assortment.item("WHOLE-1", "Pot, new")

    def halved(answer: Answer) -> Answer:
        is_it = answer.call.operation == "item.basic" and answer.call.fields["ITNO"] == "HALF-1"
        return replace(answer, records=records) if is_it else answer

    altered(monkeypatch, assortment.connector, halved)
    assortment.carry("HALF-1", "WHOLE-1")

    assert (assortment.trouble("HALF-1"), assortment.trouble("WHOLE-1")) == ("invalid_payload", None)
    assert assortment.product("HALF-1")["status"] == "publish"
    assert assortment.product("WHOLE-1")["name"] == "Pot, new"


def test_an_alias_m3_refuses_stops_no_other_item(assortment: Assortment, monkeypatch: pytest.MonkeyPatch) -> None:
    assortment.configure(sku={"category": 2, "qualifier": "EA13"})
    assortment.item("NOALI-1", "Pot")
    assortment.item("NOALI-2", "Pot")

    def without_one(answer: Answer) -> Answer:
        is_it = answer.call.operation == "item.aliases" and answer.call.fields["ITNO"] == "NOALI-1"
        return refused(answer) if is_it else answer

    altered(monkeypatch, assortment.connector, without_one)
    assortment.pull(full=True)
    assortment.connector.settle()

    assert (assortment.trouble("NOALI-1"), assortment.trouble("NOALI-2")) == ("m3_rejected", None)
    assert assortment.product("NOALI-2")["name"] == "Pot"
