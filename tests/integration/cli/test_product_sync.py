"""`connector sync products_to_m3`: by id, by time, and as a dry run that writes nothing."""

from __future__ import annotations

from tests.harness import Connector
from tests.integration.cli.conftest import Run
from tests.integration.flows.products.desk import Desk

FLOW = "products_to_m3"
MUG = "MUG-001"


def test_a_product_asked_for_by_id_is_looked_at_though_nothing_told_of_it(connector: Connector, run_store: Run) -> None:
    desk = Desk(connector)
    number = desk.know(MUG)
    desk.change(MUG, name="Mug with lid")

    said = run_store("sync", FLOW, "--ids", number, "--json")
    desk.run()

    assert said.status == 0
    assert [row["business_key"] for row in said.data["exchanges"]] == [str(number)]
    assert desk.item(MUG)["ITDS"] == "Mug with lid"


def test_products_of_a_window_are_read_from_the_shop_once(connector: Connector, run_store: Run) -> None:
    desk = Desk(connector)
    desk.know(MUG)
    desk.change(MUG, name="Mug with lid")

    first = run_store("sync", FLOW, "--since", "1h", "--json")
    again = run_store("sync", FLOW, "--since", "1h")

    assert len(first.data["exchanges"]) == 1
    assert "Nothing to do" in again.out


def test_a_dry_run_shows_both_sides_of_each_field_and_writes_nothing(connector: Connector, run_store: Run) -> None:
    desk = Desk(connector, items={"owners": {"name": "shop"}})
    number = desk.know(MUG, weight="0.300")
    desk.change(MUG, name="Mug with lid", weight="9")

    said = run_store("sync", FLOW, "--ids", number, "--dry-run", "--json")

    rows = {row["field"]: row for row in said.data["rows"]}
    assert (rows["ITDS"]["m3"], rows["ITDS"]["shop"]) == ("Enamel mug", "Mug with lid")
    assert (rows["weight"]["m3"], rows["weight"]["shop"]) == ("0.300", "9")
    assert "items_to_woo" in rows["weight"]["words"]
    assert desk.updates() == 0
    assert connector.rows("SELECT 1 FROM exchange WHERE flow = :flow", flow=FLOW) == []


def test_a_dry_run_of_what_is_equal_unknown_or_gone_from_m3_says_so(connector: Connector, run_store: Run) -> None:
    desk = Desk(connector)
    equal, gone = desk.know("GARLIC-1"), desk.know("BOOK-5")
    desk.change("GARLIC-1", name="Garlic press", description="", weight="")

    said = run_store("sync", FLOW, "--ids", f"{equal},{gone},10", "--dry-run", "--json")

    assert [row["reason"] for row in said.data["rows"]] == ["equal", "unknown_in_m3", "unknown_in_m3"]
    assert said.status == 1


def test_a_store_that_carries_no_changes_says_what_to_add(connector: Connector, run_store: Run) -> None:
    said = run_store("sync", FLOW, "--ids", "10")

    assert said.status != 0
    assert "publish.products" in said.err
