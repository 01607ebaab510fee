"""Writes whose answer was lost or that were refused: nothing old stays over something new, nothing is dropped."""

from __future__ import annotations

import pytest

from connector.flows import prices_to_woo
from tests.integration.flows.prices.shelf import Shelf

MUG = "MUG-001"
BATCH = "products/batch"


def test_a_write_whose_answer_was_lost_is_compared_again_and_not_repeated_if_it_arrived(shelf: Shelf) -> None:
    shelf.price(MUG, "13.45")
    shelf.sandbox.shop_rule("POST", BATCH, "drop_after_commit")

    shelf.carry(MUG)

    assert shelf.shown(MUG)["regular_price"] == "13.45"
    assert shelf.offer(MUG)["wanted_rev"] == shelf.offer(MUG)["done_rev"]
    assert shelf.connector.rows("SELECT count(*) AS n FROM document")[0]["n"] == 0


def test_a_run_that_takes_long_ends_after_a_batch_and_the_next_one_goes_on(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prices_to_woo, "RUN_S", 0)
    wanted = {MUG: "13.45", "TSHIRT-S-RED": "21.00", "SOCKS-DOTS": "5.00"}
    for item, amount in wanted.items():
        shelf.price(item, amount)

    shelf.carry(*wanted)

    assert {item: shelf.shown(item)["regular_price"] for item in wanted} == wanted
    assert shelf.connector.rows("SELECT claim_no FROM exchange")[0]["claim_no"] >= len(wanted)


def test_a_price_that_changes_while_an_answer_is_lost_ends_as_the_newest(shelf: Shelf) -> None:
    shelf.price(MUG, "13.45")
    shelf.sandbox.shop_rule("POST", BATCH, "drop_after_commit")
    shelf.due(MUG)
    shelf.connector.drain()
    shelf.price(MUG, "13.99")
    shelf.due(MUG)

    shelf.connector.settle()

    assert shelf.shown(MUG)["regular_price"] == "13.99"


def test_a_shop_that_is_away_is_waited_for(shelf: Shelf) -> None:
    shelf.price(MUG, "13.45")
    shelf.sandbox.shop_rule("POST", BATCH, "http_503", times=2)

    shelf.carry(MUG)

    assert shelf.shown(MUG)["regular_price"] == "13.45"
    assert shelf.problem(MUG) is None
