"""Changes that come into M3 later than they were sent: by a batch of the site, or by a worker that woke after its lease."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from connector.ledger.documents import wake_for_hunt
from connector.ledger.session import transaction
from connector.m3.client import M3Client
from tests.harness import SETTLED_S
from tests.integration.flows.order_changes.desk import Desk, stopped_before
from tests.integration.flows.story import CUT_S
from workers.process import Process

LONG_S = 1000.0
"""Longer than any answer may be lost, shorter than a change may be entered."""


def enter_after(desk: Desk, seconds: float) -> None:
    desk.story.sandbox.m3_faults(batch_entry_s=seconds, gateway_cut_s=CUT_S)


def pass_time_in_m3(desk: Desk, seconds: float) -> None:
    desk.story.sandbox.post(f"{desk.story.sandbox.m3_url}/_control/clock", {"offset_s": seconds})


def hunt(desk: Desk) -> list[int]:
    """Does what the job does that looks for what came late."""
    with transaction(desk.story.connector.engine) as connection:
        woken = wake_for_hunt(connection)
    desk.story.go_on()
    return woken


def quantities(desk: Desk) -> list[str]:
    return [line["quantity"] for line in desk.held["lines"]]


def entered(desk: Desk) -> int:
    return int(desk.story.sandbox.m3_book()["calls"].get("OIS100MI/ChgLineBatchEnt", 0))


def take(desk: Desk, quantity: int) -> None:
    """Lets M3 take a change that it does not show yet."""
    enter_after(desk, LONG_S)
    desk.order = desk.story.change(desk.order, **desk.quantity_of("MUG-001", quantity))
    desk.story.connector.drain()
    assert desk.story.exchange()["state"] == "waiting"
    enter_after(desk, 0)


def test_change_taken_back_while_m3_enters_it_is_taken_back_once_it_shows(desk: Desk) -> None:
    take(desk, 5)
    desk.story.change(desk.order, **desk.quantity_of("MUG-001", 3))
    desk.story.go_on()
    before = (desk.story.exchange()["state"], quantities(desk), desk.held["held"])
    pass_time_in_m3(desk, LONG_S + 100)
    came = quantities(desk)

    desk.story.connector.pass_time(LONG_S)
    assert hunt(desk)

    assert (before, came) == (("done", ["3", "1"], False), ["5", "1"])
    assert quantities(desk) == ["3", "1"]
    assert desk.story.exchange()["state"] == "done"


def test_nobody_looks_again_once_it_has_come_or_cannot_come_any_more(desk: Desk) -> None:
    take(desk, 5)
    desk.story.change(desk.order, **desk.quantity_of("MUG-001", 3))
    desk.story.go_on()
    desk.story.connector.pass_time(1800)
    half_an_hour = hunt(desk)

    desk.story.connector.pass_time(1900)
    hunt(desk)
    desk.story.connector.pass_time(1900)

    assert half_an_hour
    assert hunt(desk) == []


def test_change_that_never_shows_is_a_persons_and_sent_again_only_when_released(desk: Desk) -> None:
    take(desk, 5)
    desk.story.connector.pass_time(3700)
    desk.story.connector.drain()
    told = desk.story.exchange()
    desk.story.revive()
    looked_at = entered(desk)

    desk.story.release(told["id"])
    desk.story.go_on()

    assert (told["state"], "have no effect" in told["reason"], "release" in told["resolution"]) == (
        "dead_letter",
        True,
        True,
    )
    assert looked_at == 1
    assert entered(desk) == 2
    assert desk.shop_and_m3_differ() == []


def test_line_that_m3_is_entering_is_not_sent_again_with_the_next_change(desk: Desk) -> None:
    enter_after(desk, LONG_S)
    desk.order = desk.story.change(desk.order, line_items=[{"sku": "PAN-28", "quantity": 2}])
    desk.story.connector.drain()
    desk.order = desk.story.change(desk.order, customer_note="At the door")
    desk.story.connector.pass_time(SETTLED_S)
    desk.story.connector.drain()

    pass_time_in_m3(desk, LONG_S + 100)
    desk.story.connector.pass_time(LONG_S)
    desk.story.go_on()

    calls = desk.story.sandbox.m3_book()["calls"]
    assert calls["OIS100MI/AddLineBatchEnt"] == 1
    assert desk.shop_and_m3_differ() == []


def test_line_that_m3_is_entering_is_not_sent_again_after_it_refused_another_part(desk: Desk) -> None:
    refusal = {"program": "OIS100MI", "transaction": "ChgOrderRef", "fault": "nok", "times": 1}
    desk.story.sandbox.m3_faults(batch_entry_s=LONG_S, gateway_cut_s=CUT_S, rules=[refusal])
    desk.order = desk.story.change(desk.order, line_items=[{"sku": "PAN-28", "quantity": 2}], transaction_id="pi_2")
    desk.story.connector.drain()
    refused = desk.story.exchange()
    was_held = desk.held["held"]
    enter_after(desk, LONG_S)

    desk.story.release(refused["id"])
    desk.story.connector.drain()
    pass_time_in_m3(desk, LONG_S + 100)
    desk.story.connector.pass_time(LONG_S)
    desk.story.go_on()

    calls = desk.story.sandbox.m3_book()["calls"]
    assert (refused["state"], was_held) == ("dead_letter", True)
    assert "is locked in M3 meanwhile" in refused["resolution"]
    assert calls["OIS100MI/AddLineBatchEnt"] == 1
    assert desk.shop_and_m3_differ() == []


def test_line_is_added_once_though_another_quantity_is_wanted_before_m3_enters_it(desk: Desk) -> None:
    enter_after(desk, LONG_S)
    desk.order = desk.story.change(desk.order, line_items=[{"sku": "PAN-28", "quantity": 2}])
    desk.story.connector.drain()
    desk.order = desk.story.change(desk.order, **desk.quantity_of("PAN-28", 3))
    desk.story.connector.pass_time(SETTLED_S)
    desk.story.connector.drain()
    enter_after(desk, 0)

    pass_time_in_m3(desk, LONG_S + 100)
    desk.story.connector.pass_time(LONG_S)
    desk.story.go_on()

    calls = desk.story.sandbox.m3_book()["calls"]
    assert calls["OIS100MI/AddLineBatchEnt"] == 1
    assert desk.held["closed_lines"] == []
    assert desk.shop_and_m3_differ() == []


def test_quantity_that_goes_there_and_back_before_m3_enters_any_is_sent_each_time(desk: Desk) -> None:
    for quantity in (2, 4, 2):
        take(desk, quantity)
        desk.story.connector.pass_time(SETTLED_S)
    sent = entered(desk)

    pass_time_in_m3(desk, LONG_S + 100)
    desk.story.connector.pass_time(LONG_S)
    desk.story.go_on()

    assert sent == 3
    assert quantities(desk) == ["2", "1"]
    assert desk.shop_and_m3_differ() == []


def test_line_of_a_lost_answer_that_m3_enters_within_the_hour_is_closed_again(desk: Desk) -> None:
    dropped = {"program": "OIS100MI", "transaction": "AddLineBatchEnt", "fault": "drop_after_commit", "times": 1}
    desk.story.sandbox.m3_faults(batch_entry_s=LONG_S, gateway_cut_s=CUT_S, rules=[dropped])
    desk.order = desk.story.change(desk.order, line_items=[{"sku": "PAN-28", "quantity": 2}])
    desk.story.connector.drain()
    enter_after(desk, 0)
    desk.story.go_on()
    rested = desk.shop_and_m3_differ()

    desk.story.connector.pass_time(LONG_S)
    hunt(desk)
    pass_time_in_m3(desk, LONG_S + 100)
    twice = [line["itno"] for line in desk.held["lines"]].count("PAN-28")
    desk.story.connector.pass_time(LONG_S)
    hunt(desk)

    assert (rested, twice) == ([], 2)
    assert desk.shop_and_m3_differ() == []


def test_text_of_a_lost_answer_is_looked_at_for_ten_minutes_only(desk: Desk) -> None:
    desk.story.m3_fault("OIS100MI/AddText", "drop_after_commit")
    desk.order = desk.story.change(desk.order, customer_note="At the door")
    desk.story.go_on()

    desk.story.connector.pass_time(LONG_S)
    hunt(desk)
    desk.story.connector.pass_time(LONG_S)

    assert hunt(desk) == []


@pytest.fixture
def other(desk: Desk) -> Any:
    process = desk.story.connector.another_process("test:other")
    yield process
    process.heartbeat.stop()
    process.runtime.close()


def test_quantity_of_a_worker_that_wakes_late_is_put_right(desk: Desk, other: Process) -> None:
    def meanwhile() -> None:
        connector = desk.story.connector
        connector.let_lease_expire()
        desk.order = desk.story.change(desk.order, **desk.quantity_of("MUG-001", 7))
        for _ in range(4):
            connector.pass_time(SETTLED_S)
            connector.run_as(other, desk.story.exchange()["id"])
        assert quantities(desk) == ["7", "1"]
        for _ in range(2):  # until nobody waits for a lost answer any more
            connector.pass_time(700)
            with transaction(connector.engine) as connection:
                wake_for_hunt(connection)
            connector.run_as(other, desk.story.exchange()["id"])
        assert desk.story.exchange()["state"] == "done"

    with patch.object(M3Client, "write", stopped_before("order.change_line", meanwhile)):
        desk.order = desk.story.change(desk.order, **desk.quantity_of("MUG-001", 5))
        desk.story.connector.run(desk.story.exchange()["id"])
        late = quantities(desk)
        desk.story.go_on()

    assert late == ["5", "1"]
    assert desk.shop_and_m3_differ() == []


def test_lock_of_a_worker_that_wakes_late_is_taken_off(desk: Desk, other: Process) -> None:
    def meanwhile() -> None:
        connector = desk.story.connector
        connector.let_lease_expire()
        for _ in range(4):
            connector.pass_time(SETTLED_S)
            connector.run_as(other, desk.story.exchange()["id"])
        for _ in range(2):
            connector.pass_time(700)
            with transaction(connector.engine) as connection:
                wake_for_hunt(connection)
            connector.run_as(other, desk.story.exchange()["id"])
        assert desk.story.exchange()["state"] == "done"
        assert not desk.held["held"]

    with patch.object(M3Client, "write", stopped_before("order.lock", meanwhile)):
        desk.order = desk.story.change(desk.order, **desk.quantity_of("MUG-001", 5))
        desk.story.connector.run(desk.story.exchange()["id"])
        late = desk.held["held"]
        desk.story.go_on()

    assert late
    assert desk.shop_and_m3_differ() == []
