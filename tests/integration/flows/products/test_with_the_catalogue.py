"""Items, prices and changed products together: what one flow writes, another does not take for a change, and nothing goes round."""

from __future__ import annotations

import pytest

from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.products.desk import Desk

ITEMS = ("POT-1", "POT-2", "TEE", "TEE-S", "TEE-M")
M3_ITEMS = [
    {
        "itno": "POT-1",
        "name": "Pot & lid",
        "FUDS": "Holds a litre",
        "GRWE": "0.350",
        "HIE1": "HOME",
        "list_price": "20",
    },
    {"itno": "POT-2", "name": "Pan", "FUDS": "For eggs", "GRWE": "1.200", "HIE1": "HOME", "list_price": "30"},
    {"itno": "TEE", "name": "Tee", "STCD": "0"},
    {"itno": "TEE-S", "name": "Tee S", "HDPR": "TEE", "OPTX": "RED", "OPTY": "S", "list_price": "9"},
    {"itno": "TEE-M", "name": "Tee M", "HDPR": "TEE", "OPTX": "RED", "OPTY": "M", "list_price": "9"},
]


@pytest.fixture
def desk(connector: Connector) -> Desk:
    """A store whose catalogue M3 is the master of, but for descriptions; its first load is done."""
    made = Desk(
        connector,
        items={"owners": {"description": "shop"}, "categories": ["HIE1"], "variations": {}},
        prices={"price_list": "WEB", "currency": "EUR"},
    )
    made.sandbox.post(f"{made.sandbox.m3_url}/_control/items", M3_ITEMS)
    with transaction(connector.engine) as connection:
        mark_due(connection, STORE, flow="items_to_woo", item_numbers=ITEMS)
    connector.settle()
    return made


def numbers(desk: Desk) -> dict[str, int]:
    rows = desk.connector.rows("SELECT item_number, product_id FROM product")
    return {row["item_number"]: row["product_id"] for row in rows}


def due(desk: Desk) -> list[str]:
    rows = desk.connector.rows("SELECT flow, item_number FROM offer WHERE wanted_rev > done_rev ORDER BY 1, 2")
    return [f"{row['flow']} {row['item_number']}" for row in rows]


def test_the_echoes_of_a_first_load_make_nothing_due_and_write_nothing(desk: Desk) -> None:
    for number in numbers(desk).values():
        desk.tell(number)

    desk.run()

    assert set(numbers(desk)) == set(ITEMS)
    assert due(desk) == []
    assert desk.updates() == 0


def test_a_field_of_m3_is_put_back_and_one_of_the_shop_travels(desk: Desk) -> None:
    pot = numbers(desk)["POT-1"]
    desk.tell(pot)
    desk.run()
    desk.change("POT-1", name="Something else", regular_price="1.00", description="<p>Holds two litres</p>")

    desk.tell(pot)
    desk.run()
    before = due(desk)
    desk.connector.settle()

    row = desk.store.shop.products.get(pot)
    assert before == ["items_to_woo POT-1", "prices_to_woo POT-1"]
    assert (row["regular_price"], "Something else" in row["name"]) == ("20.00", False)
    assert "Holds two litres" in row["description"]
    assert desk.item("POT-1")["FUDS"] == "Holds two litres"


def test_what_was_put_back_comes_to_rest(desk: Desk) -> None:
    pot = numbers(desk)["POT-1"]
    desk.change("POT-1", name="Something else")
    desk.tell(pot)
    desk.connector.settle()
    written = desk.connector.rows("SELECT count(*) AS n FROM audit")[0]["n"]

    for _ in range(2):
        desk.tell(pot)
        desk.connector.settle()

    assert desk.connector.rows("SELECT count(*) AS n FROM audit")[0]["n"] == written
    assert due(desk) == []
