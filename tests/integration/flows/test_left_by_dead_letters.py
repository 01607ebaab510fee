"""What an order left in M3 goes by itself, also while the order waits for a person, who finds it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from connector.flows.orders import posting
from connector.ledger.dispatch import CRASHES_UNTIL_DEAD_LETTER
from connector.m3.programs import batch_orders
from tests.harness import STORE
from tests.integration.flows.crashing import KilledError
from tests.integration.flows.story import Story
from workers import jobs, sweeper

ROUND_S = 130


@contextmanager
def failing(place: str, error: BaseException) -> Iterator[None]:
    """Lets the order flow break at a step that M3 has nothing to do with."""

    def broken(*_: object, **__: object) -> None:
        raise error

    with patch.object(posting.confirming, place, broken):
        yield


def left_by_bug(story: Story) -> None:
    """An order whose run failed between its lines and Confirm: a dead letter with a batch order in M3."""
    story.place()
    with failing("confirm", ValueError("a bug")):
        story.connector.drain()


def left_by_crashes(story: Story) -> None:
    """An order whose worker died three times in a row between its lines and Confirm."""
    story.place()
    exchange_id = story.exchange()["id"]
    for _ in range(CRASHES_UNTIL_DEAD_LETTER):
        with failing("confirm", KilledError()), pytest.raises(KilledError):
            story.connector.run(exchange_id)
        story.connector.let_lease_expire()


LEFT = {"bug": left_by_bug, "crashed": left_by_crashes}


def pass_rounds(story: Story, count: int = 4) -> None:
    """Lets minutes pass as beat would: the hunt, the sweep, and whatever they make due."""
    for _ in range(count):
        story.connector.pass_time(ROUND_S)
        jobs.run_turn(story.connector.process, "hunt_orphans")
        sweeper.sweep(story.connector.process)
        story.connector.drain()


@pytest.mark.parametrize("code", LEFT)
def test_batch_order_left_by_a_dead_letter_goes_without_a_person(common: Story, code: str) -> None:
    LEFT[code](common)
    before = common.exchange()
    assert (before["state"], before["reason_code"], len(common.batch_orders())) == ("dead_letter", code, 1)

    pass_rounds(common)

    after = common.exchange()
    assert common.batch_orders() == []
    told = ("state", "reason_code", "reason", "resolution", "alerted_at", "wanted_rev", "done_rev")
    assert [after[name] for name in told] == [before[name] for name in told]
    assert after["tidy_rev"] is None
    assert common.sandbox.m3_book()["calls"].get("OIS100MI/Confirm", 0) == 0


@pytest.mark.parametrize("code", LEFT)
def test_order_is_made_once_when_a_person_releases_it_afterwards(common: Story, code: str) -> None:
    common.place()
    order = common.sandbox.shop_book()["orders"][-1]
    common.start_anew()
    LEFT[code](common)
    pass_rounds(common)

    common.release(common.exchange()["id"])
    common.go_on()

    (placed,) = common.sandbox.shop_book()["orders"]
    assert [one["total"] for one in common.orders()] == [placed["total"]] == [order["total"]]
    assert common.batch_orders() == []


def test_head_that_m3_makes_late_for_a_dead_letter_is_found_too(common: Story) -> None:
    common.place()
    common.m3_fault("OIS100MI/AddBatchHead", "late_answer")
    common.connector.drain()
    with common.connector.engine.begin() as connection:  # its worker died too often before M3 was done
        connection.exec_driver_sql(
            "UPDATE exchange SET state = 'dead_letter', reason_code = 'crashed', reason = 'x', not_before = NULL"
        )
    common.sandbox.m3_does_late_work()
    assert len(common.batch_orders()) == 1

    pass_rounds(common, 6)

    assert common.batch_orders() == []
    assert common.exchange()["reason_code"] == "crashed"


@pytest.mark.parametrize("code", LEFT)
def test_news_of_a_dead_letter_are_not_lost_while_it_is_cleared_up(common: Story, code: str) -> None:
    LEFT[code](common)
    order = common.sandbox.shop_book()["orders"][-1]
    common.connector.pass_time(ROUND_S)
    jobs.run_turn(common.connector.process, "hunt_orphans")
    assert common.exchange()["state"] == "ready"

    common.connector.ask(order["id"])  # somebody saved the order again meanwhile
    common.go_on()

    assert common.exchange()["state"] == "done"
    assert [one["total"] for one in common.orders()] == [order["total"]]


def test_worker_that_dies_while_it_clears_up_leaves_the_dead_letter_as_it_was(common: Story) -> None:
    left_by_bug(common)
    before = common.exchange()
    common.connector.pass_time(ROUND_S)
    jobs.run_turn(common.connector.process, "hunt_orphans")
    with patch.object(posting.building, "delete", side_effect=KilledError), pytest.raises(KilledError):
        common.connector.run(before["id"])

    common.connector.let_lease_expire()
    between = common.exchange()
    pass_rounds(common)

    told = ("state", "reason_code", "reason", "resolution")
    assert [between[name] for name in told] == [before[name] for name in told]
    assert common.batch_orders() == []


def test_dead_letter_is_cleared_up_after_m3_comes_back(common: Story) -> None:
    left_by_bug(common)
    common.sandbox.m3_faults(http_503=1.0)
    pass_rounds(common, 2)
    assert (common.exchange()["reason_code"], len(common.batch_orders())) == ("bug", 1)

    common.end_faults()
    pass_rounds(common)

    assert (common.exchange()["reason_code"], common.batch_orders()) == ("bug", [])


def test_batch_order_of_a_dead_letter_that_a_person_released_stays_as_its_order(common: Story) -> None:
    left_by_bug(common)
    (temporary,) = common.batch_orders()
    common.sandbox.post(f"{common.sandbox.m3_url}/_control/batch_orders/{temporary}/release", {})

    pass_rounds(common)
    released = common.exchange()
    common.release(released["id"])
    common.go_on()

    assert released["reason_code"] == "bug"
    assert len(common.orders()) == 1
    assert common.exchange()["state"] == "done"


def test_batch_order_a_person_works_on_is_left_alone(common: Story) -> None:
    common.m3_fault("OIS100MI/Confirm", "confirm_status", status="15")
    common.place()
    common.connector.drain()

    pass_rounds(common)

    assert len(common.batch_orders()) == 1
    m3 = common.connector.process.runtime.store(STORE).m3
    assert m3.read([batch_orders.get_batch_head(common.batch_orders()[0])])[0].error is None
