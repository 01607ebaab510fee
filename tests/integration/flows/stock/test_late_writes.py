"""A write of stock that got no answer and arrives after newer ones: put right, and never taken for a correction."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import text

from connector.ledger.session import transaction
from connector.woocommerce.products import Products
from tests.harness import SETTLED_S
from tests.integration.flows.stock.stock_story import MUG, StockStory
from tests.integration.flows.stock.test_corrections import COUNT


@pytest.mark.parametrize("is_named_again", [False, True])
def test_write_that_arrives_after_newer_ones_is_put_right_and_no_correction(
    story: StockStory, is_named_again: bool
) -> None:
    story.configure(corrections=COUNT, gateway_cut_s=30)
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    story.m3_holds(MUG, 10)
    faults = f"{story.sandbox.shop_url}/_control/faults"
    story.sandbox.post(faults, {"element_ms": 600_000, "cut_s": 0.1})
    story.due(MUG)
    story.run_once()
    story.sandbox.post(faults, {})
    story.m3_holds(MUG, 7)
    story.carry(MUG)
    assert story.shown(MUG) == 7

    story.sandbox.shop_does_late_work()
    assert story.shown(MUG) == 10, "what was cut off came after all"
    if is_named_again:
        story.due(MUG)
    else:
        story.connector.pass_time(60)
    story.go_on()

    assert story.shown(MUG) == 7
    assert story.connector.rows("SELECT * FROM exchange WHERE flow = 'stock_to_m3'") == []


def test_old_quantity_of_a_worker_that_wakes_after_its_lease_does_not_stay(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    story.m3_holds(MUG, 10)
    other = story.connector.another_process("test:other")
    stops = iter([True])
    write = Products.write_batch

    def stops_before_sending(self: Products, **elements: Any) -> Any:
        if next(stops, False):
            story.connector.let_lease_expire()
            story.connector.pass_time(SETTLED_S)
            story.m3_holds(MUG, 7)
            story.due(MUG)
            story.connector.pass_time(2)
            (held,) = story.connector.rows("SELECT id FROM exchange WHERE flow = 'stock_to_woo'")
            story.connector.run_as(other, held["id"])
            assert story.shown(MUG) == 7
        return write(self, **elements)

    story.due(MUG)
    with patch.object(Products, "write_batch", stops_before_sending):
        story.run_once()
    assert story.shown(MUG) == 10, "the worker that woke wrote its old quantity"

    story.go_on()

    assert story.shown(MUG) == 7
    assert story.connector.rows("SELECT * FROM exchange WHERE flow = 'stock_to_m3'") == []
    other.heartbeat.stop()
    other.runtime.close()


def test_ledger_whose_clock_went_back_looks_again_later_and_not_without_end(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    with transaction(story.connector.engine) as connection:
        connection.execute(text("UPDATE offer SET read_at = ledger_now() + interval '5 min'"))
    story.m3_holds(MUG, 10)

    story.due(MUG)
    story.run_once()

    assert story.shown(MUG) == 20, "what is newer stays"
    offer = story.offer(MUG)
    assert offer["retry_at"] is not None
    assert story.connector.rows("SELECT 1 FROM exchange WHERE flow = 'stock_to_woo' AND state = 'ready'") == []
    story.connector.pass_time(301)
    story.go_on()
    assert story.shown(MUG) == 10
