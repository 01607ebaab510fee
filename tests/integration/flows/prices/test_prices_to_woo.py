"""Prices from M3's lists in the shop, through the real ledger and both sandboxes over HTTP."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.m3.calls import Answer
from tests.integration.flows.other_answers import altered, refused
from tests.integration.flows.prices.shelf import Shelf

MUG, LAMP, SHIRT = "MUG-001", "LAMP-1", "TSHIRT-S-RED"


def test_a_price_of_m3_is_shown_in_the_shop_and_written_down(shelf: Shelf) -> None:
    shelf.price(MUG, "13.45")

    shelf.carry(MUG)

    assert shelf.shown(MUG)["regular_price"] == "13.45"
    assert shelf.offer(MUG)["written"]["regular_price"] == "13.45"
    assert shelf.batches() == [{"key": MUG, "before": {"regular_price": "12.90"}, "after": {"regular_price": "13.45"}}]


def test_a_price_the_shop_shows_already_is_not_written(shelf: Shelf) -> None:
    shelf.carry(MUG, "PAN-28")

    assert shelf.batches() == []
    assert shelf.problem(MUG) is None


def test_a_price_changed_in_the_shop_is_put_back_when_the_item_is_looked_at(shelf: Shelf) -> None:
    shelf.carry(MUG)
    shelf.write(MUG, regular_price="1.00")

    shelf.carry(MUG)

    assert shelf.shown(MUG)["regular_price"] == "12.90"


def test_variations_are_written_under_their_parent(shelf: Shelf) -> None:
    shelf.price(SHIRT, "21.00")
    shelf.price("TSHIRT-M-RED", "22.00")

    shelf.carry(SHIRT, "TSHIRT-M-RED", "TSHIRT")

    assert shelf.shown(SHIRT)["regular_price"] == "21.00"
    assert shelf.shown("TSHIRT-M-RED")["regular_price"] == "22.00"
    assert {shelf.problem(one) for one in (SHIRT, "TSHIRT-M-RED", "TSHIRT")} == {None}


def test_a_price_per_hundred_is_shown_per_piece(shelf: Shelf) -> None:
    shelf.price("PENCIL-001", "65.55", sacd=100)

    shelf.carry("PENCIL-001")

    assert shelf.shown("PENCIL-001")["regular_price"] == "0.66"


def test_the_other_rows_of_a_list_are_not_taken_for_the_items_own(shelf: Shelf) -> None:
    shelf.price(MUG, "1.11", cuno="SOMEBODY")
    shelf.price(MUG, "2.22", cucd="USD")
    shelf.price(MUG, "3.33", prrf="WEA")

    shelf.carry(MUG)

    assert shelf.shown(MUG)["regular_price"] == "12.90"


def test_one_bad_price_stops_no_other(shelf: Shelf) -> None:
    shelf.price(MUG, "0")
    shelf.price("GARLIC-1", "-3")
    shelf.price("PAN-28", "51")

    shelf.carry(MUG, "GARLIC-1", "PAN-28", "NOT-IN-THE-SHOP")

    assert shelf.shown("PAN-28")["regular_price"] == "51.00"
    assert shelf.shown(MUG)["regular_price"] == "12.90"
    assert [shelf.problem(one) for one in (MUG, "GARLIC-1", "PAN-28", "NOT-IN-THE-SHOP")] == [
        "price_zero",
        "price_negative",
        None,
        None,
    ]
    assert shelf.connector.rows("SELECT state FROM exchange WHERE flow = 'prices_to_woo'") == [{"state": "done"}]


def test_an_item_without_a_price_keeps_the_shops_and_is_told(shelf: Shelf) -> None:
    shelf.price("LAMP-1", "39", delete=True)

    shelf.carry("LAMP-1")

    assert shelf.problem("LAMP-1") == "price_missing"
    assert shelf.shown("LAMP-1")["regular_price"]
    assert "OIS017" in shelf.offer("LAMP-1")["remedy"]


def test_a_problem_goes_when_the_price_is_right(shelf: Shelf) -> None:
    shelf.price(MUG, "0")
    shelf.carry(MUG)
    shelf.price(MUG, "14")

    shelf.carry(MUG)

    assert (shelf.problem(MUG), shelf.shown(MUG)["regular_price"]) == (None, "14.00")


def test_a_gross_list_is_shown_net_by_the_tax_class_of_the_product(shelf: Shelf) -> None:
    shelf.configure(price_list="GROSS", tax_rates={"standard": "25", "reduced-rate": "5"})
    shelf.write(LAMP, tax_class="reduced-rate")
    for item in (MUG, LAMP):
        shelf.price(item, "10.50", prrf="GROSS", tinc=True)

    shelf.carry(MUG, LAMP)

    assert (shelf.shown(MUG)["regular_price"], shelf.shown(LAMP)["regular_price"]) == ("8.40", "10.00")


def test_another_currency_than_the_shops_is_refused_before_anything_is_written(shelf: Shelf) -> None:
    shelf.configure(currency="USD")
    shelf.price(MUG, "99", cucd="USD")

    shelf.carry(MUG)

    exchange = shelf.connector.rows("SELECT state, reason FROM exchange WHERE flow = 'prices_to_woo'")[0]
    assert exchange["state"] == "dead_letter"
    assert "EUR" in exchange["reason"] and "USD" in exchange["reason"]
    assert shelf.shown(MUG)["regular_price"] == "12.90"


def test_a_list_m3_does_not_have_is_told_once_not_for_each_item(shelf: Shelf) -> None:
    shelf.configure(price_list="NONE")

    shelf.carry(MUG, LAMP)

    exchange = shelf.connector.rows("SELECT state, reason FROM exchange WHERE flow = 'prices_to_woo'")[0]
    assert exchange["state"] == "dead_letter"
    assert "NONE" in exchange["reason"]


def test_a_product_deleted_in_the_shop_is_told(shelf: Shelf) -> None:
    shelf.carry(MUG)
    shelf.write(MUG, action="trash")

    shelf.carry(MUG)

    assert shelf.problem(MUG) == "product_gone"


def test_a_unit_m3_refuses_stops_no_other_item(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.price(MUG, "60", spun="BOX")
    shelf.price("PAN-28", "51")
    altered(monkeypatch, shelf.connector, lambda one: refused(one) if one.call.operation == "item.unit" else one)

    shelf.carry(MUG, "PAN-28")

    assert shelf.shown("PAN-28")["regular_price"] == "51.00"
    assert (shelf.problem(MUG), shelf.shown(MUG)["regular_price"]) == ("price_unreadable", "12.90")


def test_prices_from_certain_quantities_on_are_left_alone(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.price(MUG, "13.45")

    def with_scale(answer: Answer) -> Answer:
        is_it = answer.call.operation == "price.base" and answer.error is None
        return replace(answer, records=tuple({**one, "MXID": "SC1"} for one in answer.records)) if is_it else answer

    altered(monkeypatch, shelf.connector, with_scale)

    shelf.carry(MUG)

    assert shelf.shown(MUG) == {"regular_price": "13.45"}
    assert (shelf.problem(MUG), shelf.offer(MUG)["written"]["has_scale"]) == (None, True)
