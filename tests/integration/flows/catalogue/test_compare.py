"""Both sides of the catalogue, side by side."""

from __future__ import annotations

from connector.flows.catalogue.compare import compare
from connector.flows.pulling import Compared, Reason
from connector.ledger.items import map_item
from connector.ledger.session import transaction
from tests.harness import STORE
from tests.integration.flows.catalogue.assortment import Assortment


def compared(assortment: Assortment, *numbers: str) -> list[Compared]:
    store = assortment.connector.process.runtime.store(STORE)
    return list(compare(assortment.connector.engine, store, item_numbers=numbers or None))


def test_a_carried_item_is_equal(assortment: Assortment) -> None:
    assortment.style("CO-1", ("BLK-S", "BLK", "S"), ("RED-S", "RED", "S"))
    assortment.item("CO-2", "Pot & lid", HIE1="HOME")
    numbers = ("CO-1", "CO-1-BLK-S", "CO-1-RED-S", "CO-2")
    assortment.carry(*numbers)

    rows = compared(assortment, *numbers)

    assert sorted((one.item_number, one.reason) for one in rows) == [(number, Reason.EQUAL) for number in numbers]


def test_a_change_in_the_shop_is_shown_with_both_values(assortment: Assortment) -> None:
    assortment.item("CO-3", "Pot")
    assortment.carry("CO-3")
    shop = assortment.connector.process.runtime.store(STORE).shop
    shop.products.write_batch(update=[{"id": assortment.product("CO-3")["id"], "name": "Kettle"}])

    rows = compared(assortment, "CO-3")

    assert [(one.field, one.m3, one.shop, one.reason) for one in rows] == [("name", "Pot", "Kettle", Reason.DIFFERENT)]


def test_a_dry_run_shows_a_new_item_and_writes_nothing(assortment: Assortment) -> None:
    assortment.item("CO-4", "Pot", HIE1="HOME", HIE2="COOKING", HIE3="PANS")
    before = assortment.writes()

    rows = compared(assortment, "CO-4")

    assert [(one.item_number, one.reason, one.wanted) for one in rows] == [("CO-4", Reason.PENDING, "new")]
    assert (assortment.writes(), assortment.product("CO-4")) == (before, {})


def test_all_of_both_sides_are_walked(assortment: Assortment) -> None:
    assortment.pull(full=True)
    assortment.connector.settle()

    rows = compared(assortment)

    reasons = {one.reason for one in rows}
    assert Reason.EQUAL in reasons
    assert Reason.UNKNOWN_IN_M3 in reasons
    assert not {Reason.PENDING, Reason.UNKNOWN_IN_SHOP} & reasons
    assert [(one.item_number, one.field, one.m3, one.shop) for one in rows if one.reason is Reason.DIFFERENT] == []


def test_a_second_product_that_a_person_said_is_an_item_is_explained(assortment: Assortment) -> None:
    assortment.carry("PAN-28")
    with transaction(assortment.connector.engine) as connection:
        map_item(connection, STORE, sku="BOOK-5", item_number="PAN-28")

    (row,) = [one for one in compared(assortment) if one.sku == "BOOK-5"]

    assert (row.item_number, row.reason) == ("PAN-28", Reason.SHOP_OWNED)
    assert "PAN-28" in row.words
