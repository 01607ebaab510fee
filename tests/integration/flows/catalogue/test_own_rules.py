"""A store's own lines of the mapping file: alternate units, attributes, categories by item group, reach the shop."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from connector.flows.catalogue import facts
from tests.harness import ROOT, Connector, Sandbox
from tests.integration.flows.catalogue.assortment import Assortment

RULES = """      meta._m3_unit: {from: item.UNMS}
      meta._units_in_a_box: {from: item.units.BOX.COFA, transforms: [short_number]}
      attribute.Material: {from: item.CFI1}
"""


@pytest.fixture
def connector(engine: Engine, valkey_url: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[Connector]:
    """A store with lines of its own in the mapping file."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    mapping = config / "mappings" / "items_to_woo.yaml"
    text = mapping.read_text("utf-8")
    mapping.write_text(text.replace("      meta._m3_unit: {from: item.UNMS}\n", RULES, 1), "utf-8")
    running = Connector(engine, valkey_url=valkey_url, sandbox=sandbox, home=tmp_path, config=config)
    yield running
    running.close()


def test_units_attributes_and_the_category_of_the_group_reach_the_shop(connector: Connector) -> None:
    assortment = Assortment(connector, categories=["ITGR"])
    units = [{"unit": "BOX", "factor": "12"}, {"unit": "PAL", "factor": "480"}]
    assortment.item("OWN-1", "Pot", CFI1="Steel", ITGR="TOOLS", units=units)
    assortment.item("OWN-2", "Lid", ITGR="TOOLS")

    assortment.carry("OWN-1", "OWN-2")

    meta = {row["key"]: row["value"] for row in assortment.product("OWN-1")["meta_data"]}
    assert (meta["_m3_unit"], meta["_units_in_a_box"]) == ("PCE", "12")
    attributes = [(one["name"], one["options"]) for one in assortment.product("OWN-1")["attributes"]]
    assert attributes == [("Material", ["Steel"])]
    for item in ("OWN-1", "OWN-2"):
        (category,) = assortment.product(item)["categories"]
        assert category["name"] == "Hand tools"
    assert assortment.product("OWN-2")["attributes"] == []


def test_item_whose_name_is_missing_of_a_cut_list_waits_for_a_person_and_no_other(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "MOST_NAMES", 3)
    assortment = Assortment(connector, categories=["ITGR", "HIE2"])
    assortment.item("OWN-4", "Cap", ITGR="CAP", HIE1="WORKSHOP", HIE2="TOPS")
    assortment.item("OWN-5", "Tee", ITGR="TSHIRT")

    assortment.carry("OWN-4", "OWN-5")

    (category,) = assortment.product("OWN-4")["categories"]
    assert category["name"] == "Tops"
    assert (assortment.trouble("OWN-5"), assortment.product("OWN-5")) == ("unmappable", {})
    told = str(assortment.offer("OWN-5"))
    assert "The name of ITGR TSHIRT is not known" in told
    assert "for item_group.list that gives all names. Then: connector sync items_to_woo --ids OWN-5." in told


def test_a_changed_attribute_is_written_beside_those_of_the_shop(connector: Connector) -> None:
    assortment = Assortment(connector)
    assortment.item("OWN-3", "Pot", CFI1="Steel")
    assortment.carry("OWN-3")
    shop = connector.process.runtime.store("w1").shop
    ours = assortment.product("OWN-3")["attributes"]
    own = {"name": "Finish", "visible": True, "variation": False, "options": ["Matt"]}
    shop.products._transport.write(
        "PUT", f"products/{assortment.product('OWN-3')['id']}", content={"attributes": [*ours, own]}
    )
    assortment.item("OWN-3", CFI1="Copper")

    assortment.carry("OWN-3")

    held = {one["name"]: one["options"] for one in assortment.product("OWN-3")["attributes"]}
    assert held == {"Finish": ["Matt"], "Material": ["Copper"]}
