"""Campaign prices as sales, prices of another day, and units other than the one the shop sells in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connector.flows.prices import pull as prices
from connector.ledger.cursors import now
from connector.ledger.session import transaction
from tests.integration.flows.prices.shelf import Shelf

MUG = "MUG-001"
DAY_S = 86_400


def day(shelf: Shelf, days: int) -> str:
    """A date as M3 writes it, so many days from today in the division's zone."""
    with transaction(shelf.connector.engine) as connection:
        today = now(connection).astimezone(shelf.connector.process.runtime.store("w1").config.m3.zone)
    return f"{today + timedelta(days=days):%Y%m%d}"


def test_a_campaign_price_is_a_sale_with_dates_in_the_shops_zone(campaign: Shelf) -> None:
    campaign.price(MUG, "9.90", prrf="WEB-SALE", fvdt="20260701", lvdt="20991130")

    campaign.carry(MUG)

    shown = campaign.shown(MUG)
    assert shown["sale_price"] == "9.90"
    assert shown["date_on_sale_to_gmt"] == "2099-11-30T22:59:59"


def test_a_second_look_at_a_running_sale_writes_nothing(campaign: Shelf) -> None:
    campaign.price(MUG, "9.90", prrf="WEB-SALE", fvdt="20260701", lvdt="20991130")
    campaign.carry(MUG)

    campaign.carry(MUG)

    assert len(campaign.batches()) == 1


def test_a_sale_that_m3_does_not_know_ends(campaign: Shelf) -> None:
    campaign.price("PAN-28", "40", prrf="WEB-SALE")
    assert campaign.shown("MUG-002")["sale_price"] == "9.99"

    campaign.carry("MUG-002")

    assert "sale_price" not in campaign.shown("MUG-002")


def test_without_a_campaign_list_a_sale_of_the_shop_stays(shelf: Shelf) -> None:
    shelf.price("MUG-002", "15")

    shelf.carry("MUG-002")

    assert shelf.shown("MUG-002")["sale_price"] == "9.99"


def test_a_sale_price_not_below_the_regular_one_is_told_and_the_regular_one_written(campaign: Shelf) -> None:
    campaign.price(MUG, "11")
    campaign.price(MUG, "11", prrf="WEB-SALE")

    campaign.carry(MUG)

    assert campaign.problem(MUG) == "sale_price_not_below"
    assert campaign.shown(MUG) == {"regular_price": "11.00"}


def test_a_future_price_is_written_on_its_day_by_the_pull(shelf: Shelf) -> None:
    shelf.carry(MUG)
    shelf.pull()
    shelf.price(MUG, "19.00", fvdt=day(shelf, 2))
    shelf.pull()
    shelf.connector.settle()
    before = shelf.shown(MUG)["regular_price"]
    written = shelf.offer(MUG)["written"]

    shelf.connector.pass_time(2 * DAY_S)
    shelf.pull()
    shelf.connector.settle()

    assert (before, shelf.shown(MUG)["regular_price"]) == ("12.90", "19.00")
    assert written["next_change"]


def test_a_pull_on_a_day_without_a_change_makes_nothing_due(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "OVERLAP_MS", 0)
    shelf.carry(MUG)
    shelf.pull()
    shelf.connector.settle()

    shelf.connector.pass_time(3 * DAY_S)

    assert shelf.pull().changed == 0
    assert shelf.offer(MUG)["wanted_rev"] == shelf.offer(MUG)["done_rev"]


def test_a_price_for_another_unit_is_shown_for_the_one_the_shop_sells_in(shelf: Shelf) -> None:
    shelf.price("RICE-KG", "4", sacd=1000, spun="G")

    shelf.carry("RICE-KG")

    assert shelf.problem("RICE-KG") is None
    assert shelf.shown("RICE-KG")["regular_price"] == "4.00"


@pytest.mark.parametrize(("per", "shown"), [({}, "12.00"), ({"spun": "BOX"}, "2.00"), ({"sacd": 5}, "2.40")])
def test_prices_are_those_of_the_unit_the_shop_sells_in(shelf: Shelf, per: dict[str, Any], shown: str) -> None:
    shelf.sell_in("BOX")  # of six
    shelf.price(MUG, "2", **per)
    shelf.price("MUG-002", "2")  # is not sold in boxes

    shelf.carry(MUG, "MUG-002")

    assert (shelf.shown(MUG)["regular_price"], shelf.shown("MUG-002")["regular_price"]) == (shown, "2.00")


def test_a_price_for_a_unit_the_item_does_not_know_is_told(shelf: Shelf) -> None:
    shelf.price(MUG, "12", spun="PAL")

    shelf.carry(MUG)

    assert shelf.problem(MUG) == "price_unit_unknown"
    assert "PAL" in shelf.offer(MUG)["remedy"]
