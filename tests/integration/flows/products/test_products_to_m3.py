"""Products changed in the shop: the shop's fields travel to M3, M3's are put back or told, our own echo does nothing."""

from __future__ import annotations

from tests.harness import Connector
from tests.integration.flows.products.desk import Desk

MUG = "MUG-001"
M3_OWNED = {"items": {"language": ""}}
SHOP_OWNS_NAME = {"items": {"owners": {"name": "shop"}}}


def test_a_field_of_the_shop_is_written_to_the_item_and_read_back(connector: Connector) -> None:
    desk = Desk(connector)
    number = desk.know(MUG)
    desk.change(MUG, name="Enamel mug &amp; lid", weight="0.450")

    desk.tell(number)
    desk.run()

    held = desk.item(MUG)
    assert (held["ITDS"], held["GRWE"].rstrip("0")) == ("Enamel mug & lid", "0.45")
    assert desk.exchange()["state"] == "done"
    (audit,) = connector.rows("SELECT key, before, after FROM audit WHERE action = 'MMS200MI/UpdItmBasic'")
    assert (audit["key"], audit["before"]["ITDS"], audit["after"]["ITDS"]) == (MUG, "Enamel mug", "Enamel mug & lid")


def test_the_same_delivery_again_asks_m3_nothing(connector: Connector) -> None:
    desk = Desk(connector)
    number = desk.know(MUG)
    desk.change(MUG, name="Mug with lid")
    desk.tell(number)
    desk.run()

    desk.change(MUG, stock_quantity=7)
    desk.tell(number)
    before = desk.sandbox.m3_book()["calls"]
    desk.run()

    assert desk.sandbox.m3_book()["calls"] == before
    assert desk.updates() == 1


def test_only_what_m3_has_otherwise_is_written(connector: Connector) -> None:
    desk = Desk(connector)
    number = desk.know(MUG)
    desk.change(MUG, description="", weight="", name="Enamel mug")

    desk.tell(number)
    desk.run()

    assert desk.updates() == 0


def test_a_field_of_m3_changed_in_the_shop_is_put_back_not_carried(connector: Connector) -> None:
    desk = Desk(connector, **M3_OWNED)
    number = desk.know(MUG, name="Enamel mug")
    desk.change(MUG, name="Something else")

    desk.tell(number)
    desk.run()

    assert desk.updates() == 0
    assert desk.is_due(MUG)


def test_our_own_echo_makes_nothing_due(connector: Connector) -> None:
    desk = Desk(connector, **M3_OWNED)
    number = desk.know(MUG, name="Enamel mug", weight="0.300")

    desk.tell(number)
    desk.run()

    assert not desk.is_due(MUG)
    assert desk.exchange()["state"] == "done"


def test_a_price_changed_by_hand_makes_the_prices_look_again(connector: Connector) -> None:
    desk = Desk(connector, prices={"price_list": "WEB", "currency": "EUR"})
    number = desk.know(MUG, flow="prices_to_woo", regular_price="12.90")
    desk.change(MUG, regular_price="1.00")

    desk.tell(number)
    desk.run()

    assert desk.is_due(MUG, flow="prices_to_woo")


def test_categories_changed_after_the_last_look_make_the_items_look_again(connector: Connector) -> None:
    desk = Desk(connector, **M3_OWNED)
    number = desk.know(MUG, name="Enamel mug")
    desk.tell(number)
    desk.run()
    desk.store.shop.products.write_batch(update=[{"id": number, "categories": [{"id": 15}]}])

    desk.tell(number)
    desk.run()

    assert desk.is_due(MUG)


def test_where_the_store_only_reports_the_item_is_told_and_left(connector: Connector) -> None:
    desk = Desk(connector, **M3_OWNED, products={"m3_owned": "report"})
    number = desk.know(MUG, name="Enamel mug")
    desk.change(MUG, name="Something else")

    desk.tell(number)
    desk.run()

    (offer,) = connector.rows("SELECT * FROM offer")
    assert (offer["problem_code"], desk.is_due(MUG)) == ("changed_in_shop", False)
    assert "name" in offer["problem"] and "connector sync items_to_woo" in offer["remedy"]


def test_each_field_goes_the_way_of_its_master(connector: Connector) -> None:
    desk = Desk(connector, **SHOP_OWNS_NAME)
    number = desk.know(MUG, weight="0.300")
    desk.change(MUG, name="Named by the shop", weight="9")

    desk.tell(number)
    desk.run()

    assert desk.item(MUG)["ITDS"] == "Named by the shop"
    assert desk.item(MUG).get("GRWE", "0") != "9"
    assert desk.is_due(MUG)


def test_the_name_the_shop_makes_of_a_variation_is_not_carried(connector: Connector) -> None:
    desk = Desk(connector)
    number = desk.know("TSHIRT-S-RED")
    desk.change("TSHIRT-S-RED", weight="0.2")

    desk.tell(number)
    desk.run()

    held = desk.item("TSHIRT-S-RED")
    assert (held["ITDS"], held["GRWE"].rstrip("0")) == ("T-shirt S red", "0.2")


def test_products_that_are_no_items_and_stores_that_carry_none_are_left_alone(connector: Connector) -> None:
    desk = Desk(connector)
    number = int(desk.store.shop.products.by_sku([MUG])[MUG][0]["id"])

    desk.tell(number)
    desk.run()

    assert (desk.exchange()["state"], desk.updates()) == ("done", 0)


def test_a_product_deleted_in_the_shop_makes_the_items_look_again(connector: Connector) -> None:
    desk = Desk(connector, **M3_OWNED)
    number = desk.know(MUG, name="Enamel mug")
    desk.change(MUG, action="trash")

    desk.tell(number, topic="product.deleted")
    desk.run()

    assert desk.is_due(MUG)


def test_an_item_gone_from_m3_waits_for_a_person(connector: Connector) -> None:
    desk = Desk(connector)
    number = desk.know("BOOK-5")
    desk.change("BOOK-5", name="Another book")

    desk.tell(number)
    desk.run()

    exchange = desk.exchange()
    assert (exchange["state"], exchange["reason_code"]) == ("dead_letter", "needs_person")
    assert "BOOK-5" in exchange["reason"]
