"""What a product shall hold by the shipped mapping file, and where the shop's row differs from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from connector.errors import ConfigurationError, MappingError
from connector.flows.catalogue.content import Maker, whole_number
from connector.flows.catalogue.differing import differences, kept, new_element
from connector.flows.catalogue.fields import shop_fields
from connector.flows.catalogue.rules import ItemRules
from connector.flows.catalogue.shop_side import ShopSide
from connector.m3.programs.item_master import GroupNames
from connector.mapping.loader import load_mapping
from connector.mapping.rules import TO_SHOP
from connector.publishing.items import ItemsPublishing
from connector.rule_files import MAPPING_ROOTS, load_mappings
from connector.stores.reading import parse_store_config
from connector.woocommerce.terms import Term

ROOT = Path(__file__).parents[4]
STORE = parse_store_config((ROOT / "config/stores/example.yaml").read_text("utf-8"), source="example.yaml")
MAPPING = load_mappings(ROOT / "config", STORE)["items_to_woo"]
NAMES = {"HIE1": {"APPAREL": "Apparel"}, "HIE2": {"TOPS": "Tops"}}
FACTS = {
    "ITNO": "TS-1-BLK-M",
    "STAT": "20",
    "SALE": "1",
    "ITDS": "Shirt <i>black</i> &amp; blue",
    "FUDS": "A shirt",
    "GRWE": "0.250000",
    "VTCS": "2",
    "UNMS": "PCE",
    "HDPR": "TS-1",
    "HIE1": "APPAREL",
    "HIE2": "TOPS",
    "style": {"TX15": "Black", "TY15": "Medium"},
}
CATEGORIES = (Term(15, "Uncategorized", "uncategorized"), Term(20, "Apparel", "apparel"), Term(21, "Tops", "tops", 20))


class _Terms:
    def categories(self) -> Any:
        return iter(CATEGORIES)

    def attributes(self) -> list[Term]:
        return [Term(3, "Colour", "pa_colour")]


class _Shop:
    terms = _Terms()


class _Store:
    shop = _Shop()


def side() -> ShopSide:
    return ShopSide(cast(Any, _Store()))


def rules(**published: Any) -> ItemRules:
    config = ItemsPublishing.model_validate(
        {"categories": ["HIE1", "HIE2"], "variations": {"by": "style"}, **published}
    )
    return ItemRules(config, MAPPING)


def maker(**published: Any) -> Maker:
    return Maker(rules(**published), GroupNames(NAMES, []))


def test_product_of_an_item() -> None:
    content = maker().product(FACTS, is_on=True)

    assert content == {
        "sku": "TS-1-BLK-M",
        "name": "Shirt black & blue",
        "description": "A shirt",
        "weight": "0.25",
        "tax_class": "reduced-rate",
        "meta": {"_m3_unit": "PCE"},
        "categories": "Apparel > Tops",
        "status": "publish",
    }


def test_every_rule_of_the_shipped_file_can_fill_its_field() -> None:
    values = {"item": {**FACTS, "units": {}}, "names": {}, "style": FACTS["style"], "number": {}}

    for name, record in MAPPING.records.items():
        assert set(MAPPING.apply(name, values=values).fields) == {rule.field for rule in record.rules}, name


def test_parent_holds_each_option_once() -> None:
    options = [{"Colour": "Black", "Size": "M"}, {"Colour": "Black", "Size": "L"}, {"Colour": "Red", "Size": "M"}]

    content = maker().parent({**FACTS, "ITNO": "TS-1"}, options, is_on=True)

    assert content["attributes"] == {
        "Colour": {"options": ["Black", "Red"], "variation": True},
        "Size": {"options": ["M", "L"], "variation": True},
    }


def test_variation_names_its_options_and_no_product_fields() -> None:
    content = maker().variation(FACTS, is_on=False)

    assert content["options"] == {"Colour": "Black", "Size": "Medium"}
    assert content["status"] == "private"
    assert not {"name", "categories"} & set(content)


def test_item_without_a_name_is_told_where_and_what_to_do() -> None:
    with pytest.raises(MappingError, match=r"product\.name: the shop needs a value") as raised:
        maker().product({**FACTS, "ITDS": ""}, is_on=True)

    assert "Complete it in M3" in raised.value.resolution


def test_item_whose_group_is_not_in_the_part_of_a_list_that_m3_gave_is_told() -> None:
    short = Maker(rules(), GroupNames({"HIE1": {"APPAREL": "Apparel"}}, ["HIE1", "HIE2"]))

    with pytest.raises(MappingError, match=f"The name of HIE2 {FACTS['HIE2']} is not known"):
        short.product(FACTS, is_on=True)


def test_what_the_shop_holds_as_wanted_is_no_difference() -> None:
    content = maker().product(FACTS, is_on=True)
    config = rules().config
    row = shop_row(content)

    assert differences(content, row, written={}, config=config, side=side()) == []


def test_text_the_shop_keeps_in_another_form_is_written_once() -> None:
    content = maker().product(FACTS, is_on=True)
    config = rules().config
    row = {**shop_row(content), "name": "Shirt black &amp; blue"}
    written = kept(content, row, config=config, side=side(), is_new=True)

    assert differences(content, row, written=written, config=config, side=side()) == []
    changed = {**row, "name": "Shirt by hand"}
    assert [one.field for one in differences(content, changed, written=written, config=config, side=side())] == ["name"]


def test_categories_and_attributes_of_people_are_kept() -> None:
    content = {"categories": "Apparel > Tops", "attributes": {"Colour": {"options": ["Red"], "variation": True}}}
    brand = {"id": 0, "name": "Brand", "position": 0, "visible": True, "variation": False, "options": ["Own"]}
    row = {"id": 7, "categories": [{"id": 15}, {"id": 99}], "attributes": [brand]}

    found = {one.field: one.send for one in differences(content, row, written={}, config=rules().config, side=side())}

    assert found["categories"] == {"categories": [{"id": 99}, {"id": 21}]}
    sent = (found["attributes"] or {})["attributes"]
    assert [one.get("name", one.get("id")) for one in sent] == ["Brand", 3]


def test_fields_of_others_are_shown_and_not_sent() -> None:
    content = {"name": "Shirt", "description": "A shirt"}
    config = rules(owners={"name": "shop", "description": "first_load"}).config
    row = {"name": "Top", "description": "Another"}

    found = differences(content, row, written={}, config=config, side=side())

    assert [(one.field, one.send) for one in found] == [("name", None), ("description", None)]
    assert new_element(content, config=config, side=side()) == {"description": "A shirt"}


def test_place_in_the_menu_is_a_whole_number_or_told() -> None:
    assert [whole_number(one) for one in ("10.000", "0", "", "7")] == ["10", "", "", "7"]
    with pytest.raises(MappingError, match="whole numbers only"):
        whole_number("1.5")


def test_digest_changes_with_the_rules() -> None:
    other = ItemRules(
        rules().config, replace(MAPPING, records={**MAPPING.records, "product": MAPPING.records["variation"]})
    )

    assert rules().digest == rules().digest
    assert len({rules().digest, rules(language="DE").digest, other.digest}) == 3


def test_selection_and_status_decide_what_is_sold() -> None:
    sold = rules(select=[{"field": "SALE", "in": ["1"]}, {"field": "ITGR", "not_in": ["SPARE"]}])

    assert sold.is_sold(FACTS)
    assert not sold.is_sold({**FACTS, "SALE": "0"})
    assert not sold.is_sold({**FACTS, "ITGR": "SPARE"})
    assert not sold.is_sold({**FACTS, "STAT": "90"})
    assert not sold.is_sold({**FACTS, "gone": "1"})


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        ("naem: {from: item.ITDS}", "Product has no field naem; did you mean name?"),
        ("name: {from: item.ITDX}", "did you mean ITDS"),
        ("weight: {constant: heavy}", "is no number, which weight is in the shop"),
    ],
)
def test_a_wrong_line_of_the_file_is_named(field: str, complaint: str) -> None:
    text = f"flow: items_to_woo\nrecords:\n  product:\n    transaction: SHOP/Product\n    fields:\n      {field}\n"

    with pytest.raises(ConfigurationError, match=complaint.replace("?", r"\?")):
        load_mapping(
            text,
            source="items_to_woo.yaml",
            roots=MAPPING_ROOTS["items_to_woo"],
            signature=lambda program, name: shop_fields(name),
            lookups={},
            sides=TO_SHOP,
        )


def shop_row(content: dict[str, Any]) -> dict[str, Any]:
    """Returns the row of a product that holds a content."""
    row = {name: value for name, value in content.items() if name not in ("meta", "categories")}
    row["meta_data"] = [{"key": key, "value": value} for key, value in content["meta"].items()]
    return {**row, "id": 7, "type": "simple", "weight": "0.250", "categories": [{"id": 21, "name": "Tops"}]}
