"""Two refunds of one order wait for each other: nothing restocked is taken twice, nothing is credited above the sale."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from connector.errors import WooRejectedError
from connector.ledger.people import discard
from connector.ledger.session import transaction
from connector.woocommerce.refunds import Refunds
from tests.harness import STORE
from tests.integration.flows.refunds.desk import MUG, OTHER_MUG, Desk
from tests.integration.flows.story import quick_store
from workers.process import Process

TWO_PLACES = quick_store(guests="common", restocked_location="MAIN", other_location="QUAR")


@pytest.fixture
def second(desk: Desk) -> Iterator[Process]:
    """Another worker process over the same ledger."""
    other = desk.connector.another_process("test:second")
    yield other
    other.heartbeat.stop()
    other.runtime.close()


def told(desk: Desk) -> list[int]:
    """Has the order's run tell of its refunds; returns their exchanges, the earlier refund first."""
    for row in desk.connector.rows("SELECT id FROM exchange WHERE flow = 'orders_to_m3' AND state = 'ready'"):
        desk.connector.run(row["id"])
    return [one["id"] for one in desk.refunds()]


def at_once(desk: Desk, second: Process, exchanges: list[int]) -> None:
    """Lets two workers begin with the refunds in the same moment, while M3 is slow."""
    desk.sandbox.m3_faults(latency_ms=60, gateway_cut_s=2.0)
    begin = threading.Barrier(2)

    def run(process: Process, exchange_id: int) -> None:
        begin.wait()
        desk.connector.run_as(process, exchange_id)

    workers = zip((desk.connector.process, second), exchanges, strict=True)
    threads = [threading.Thread(target=run, args=one) for one in workers]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    desk.end_faults()


def places(desk: Desk) -> list[str]:
    return sorted(one["lines"][0]["location"] for one in desk.returns())


def test_two_refunds_at_once_take_a_restocked_piece_once(desk: Desk, second: Process) -> None:
    desk.connector.configure(TWO_PLACES)
    order = desk.invoiced()
    desk.give_back(order, MUG, 1, restock=True)
    desk.give_back(order, MUG, 1, restock=False)

    at_once(desk, second, told(desk))
    waiting = [one["blocked_kind"] for one in desk.refunds()]
    desk.go_on()

    assert waiting == [None, "refunds_to_m3"]
    assert places(desk) == ["MAIN", "QUAR"]
    assert [one["state"] for one in desk.refunds()] == ["done", "done"]


def test_refund_that_was_waited_for_wakes_the_later_one(desk: Desk) -> None:
    order = desk.invoiced()
    desk.give_back(order, MUG, 1)
    desk.give_back(order, OTHER_MUG, 1)
    earlier, later = told(desk)
    desk.connector.run(later)

    desk.connector.run(earlier)

    row = desk.connector.exchange(later)
    assert row["state"] == "blocked"
    assert desk.connector.rows("SELECT next_attempt_at <= ledger_now() AS due FROM exchange WHERE id = :id", id=later)[
        0
    ]["due"]


def test_earlier_refund_nobody_told_of_is_told_of_and_goes_first(desk: Desk) -> None:
    order = desk.invoiced()
    desk.give_back(order, MUG, 1)
    desk.give_back(order, OTHER_MUG, 1)
    earlier, later = told(desk)
    with transaction(desk.connector.engine) as connection:
        connection.exec_driver_sql(f"DELETE FROM delivery WHERE exchange_id = {earlier}")
        connection.exec_driver_sql(f"DELETE FROM exchange WHERE id = {earlier}")

    desk.connector.run(later)
    desk.go_on()

    assert [one["state"] for one in desk.refunds()] == ["done", "done"]
    assert len(desk.returns()) == 2


def test_earlier_refund_that_waits_for_a_person_holds_nobody_up(desk: Desk) -> None:
    desk.connector.configure(
        quick_store(guests="common").replace('{rate: "25", item: CREDIT25}', '{rate: "24", item: CREDIT25}')
    )
    order = desk.invoiced()
    desk.refund(order, "5.00")
    desk.give_back(order, MUG, 1)
    desk.go_on()
    desk.pass_and_settle()
    dead, done = desk.refunds()

    with transaction(desk.connector.engine) as connection:
        discard(connection, dead["id"], who="test", why="credited by hand")
    desk.give_back(order, OTHER_MUG, 1)
    desk.go_on()

    assert (dead["state"], done["state"]) == ("dead_letter", "done")
    assert [one["state"] for one in desk.refunds()] == ["done"] * 3
    assert len(desk.returns()) == 2


def test_earlier_refund_that_goes_on_meanwhile_waits_for_the_one_that_has_begun(desk: Desk) -> None:
    desk.connector.configure(TWO_PLACES.replace('{rate: "25", item: CREDIT25}', '{rate: "24", item: CREDIT25}'))
    order = desk.invoiced()
    desk.refund(order, "5.00")
    desk.give_back(order, MUG, 1)
    earlier, later = told(desk)
    desk.connector.run(earlier)
    desk.m3_fault("OIS100MI/AddBatchHead", "drop_after_commit")
    desk.connector.run(later)
    desk.connector.configure(TWO_PLACES)  # which has the earlier one tried again

    desk.connector.run(earlier)
    waiting = desk.connector.exchange(earlier)
    desk.go_on()
    desk.pass_and_settle()

    assert (waiting["state"], waiting["blocked_key"]) == ("blocked", f"{STORE}/{desk.refunds()[1]['business_key']}")
    assert [one["state"] for one in desk.refunds()] == ["done", "done"]
    assert len(desk.returns()) == 2


def test_refund_deleted_after_it_was_posted_counts_for_one_that_was_planned_before(desk: Desk) -> None:
    """The later one was about to begin when the earlier one came to M3; planned anew, it takes no more than is left."""
    order = desk.invoiced()
    whole = desk.refund(order, order["total"])
    earlier = told(desk)[0]
    desk.connector.run(earlier)
    desk.delete(order, whole)
    desk.refund(order, "5.00")

    desk.go_on()

    (_, later) = desk.refunds()
    assert (later["state"], later["reason_code"]) == ("dead_letter", "amounts_differ")
    assert len(desk.returns()) == 1


def test_posted_refund_that_is_looked_at_again_holds_up_no_later_one(desk: Desk) -> None:
    """A deleted one waits for a person, and looks again whenever the later one does."""
    order = desk.invoiced()
    desk.give_back(order, MUG, 1)
    desk.go_on()
    (earlier,) = desk.refunds()
    desk.delete(order, desk.sandbox.shop_book()["refunds"][0]["id"])
    desk.refund(order, "5.00")
    desk.poll()
    (_, later) = told(desk)

    desk.connector.run(later)

    assert [one["state"] for one in desk.refunds()] == ["ready", "done"]
    assert desk.refunds()[0]["id"] == earlier["id"]


def test_not_found_of_a_proxy_is_no_deleted_refund(desk: Desk) -> None:
    order = desk.invoiced()
    refund = desk.refund(order, "5.00")
    (exchange,) = told(desk)
    foreign = WooRejectedError("not found", status=404, remote_code="firewall_no_entry", resolution="look")

    with patch.object(Refunds, "of_order", side_effect=foreign):
        desk.connector.run(exchange)

    row = desk.connector.exchange(exchange)
    assert (row["state"], str(refund) in row["business_key"]) == ("dead_letter", True)
    assert row["reason_code"] == "shop_rejected"
