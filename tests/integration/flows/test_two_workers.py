"""Two workers on one exchange, a worker that comes back after its lease ran out, a broker and a database that forget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import Engine, text

from connector.ledger.documents import wake_for_hunt
from connector.ledger.session import transaction
from connector.ledger.steps import Journal
from connector.m3.client import M3Client
from tests.integration.flows.crashing import KilledError
from tests.integration.flows.story import Story
from workers.process import Process
from workers.sweeper import sweep


@pytest.fixture
def second(common: Story) -> Iterator[Process]:
    """Another worker process over the same ledger."""
    other = common.connector.another_process("test:second")
    yield other
    other.heartbeat.stop()
    other.runtime.close()


def interrupt(operation: str, do: Callable[[], None], *, is_before: bool) -> Any:
    """Does something once, right before or after the first M3 write of an operation, while the writer knows nothing."""
    original = M3Client.write
    is_open = [True]

    def wrapped(client: M3Client, calls: Any) -> Any:
        is_mine = calls[0].operation == operation and is_open[0]
        if not is_mine:
            return original(client, calls)
        is_open[0] = False
        if is_before:
            do()
            return original(client, calls)
        answers = original(client, calls)
        do()
        return answers

    return patch.object(M3Client, "write", wrapped)


def test_two_workers_with_one_message_make_one_order(common: Story, second: Process) -> None:
    order = common.place()
    exchange_id = common.exchange()["id"]
    runs = [
        threading.Thread(target=common.connector.run, args=(exchange_id,)),
        threading.Thread(target=common.connector.run_as, args=(second, exchange_id)),
    ]
    for one in runs:
        one.start()
    for one in runs:
        one.join()

    common.go_on()

    assert common.complaints(order) == []
    assert common.sandbox.m3_book()["calls"]["OIS100MI/AddBatchHead"] == 1


@pytest.mark.parametrize("is_before", [True, False], ids=["before its write", "after its write"])
@pytest.mark.parametrize("operation", ["order.add_head", "order.add_line", "order.confirm", "order.delete_batch"])
def test_worker_whose_lease_ran_out_harms_nothing_when_it_comes_back(
    common: Story, second: Process, operation: str, is_before: bool
) -> None:
    order = common.place()
    exchange_id = common.exchange()["id"]
    if operation == "order.delete_batch":
        common.m3_fault("OIS100MI/AddBatchHeadChg", "drop_before_commit")
        common.connector.drain()
        common.connector.pass_time(10)

    def takeover() -> None:
        common.connector.let_lease_expire()
        for _ in range(4):
            common.connector.run_as(second, exchange_id)
            common.connector.pass_time(10)

    with interrupt(operation, takeover, is_before=is_before):
        common.connector.run(exchange_id)
    common.go_on()
    hunt_what_came_late(common)

    assert common.complaints(order) == []


def hunt_what_came_late(story: Story) -> None:
    for _ in range(3):
        story.connector.pass_time(130)
        with transaction(story.connector.engine) as connection:
            wake_for_hunt(connection)
        story.connector.settle()


@pytest.mark.parametrize("is_rebuilt", [True, False], ids=["built anew by another", "not yet taken over"])
def test_number_learnt_by_a_worker_that_lost_its_lease_is_written_down(
    common: Story, second: Process, is_rebuilt: bool
) -> None:
    common.place()
    exchange_id = common.exchange()["id"]

    def lose_lease() -> None:
        common.connector.let_lease_expire()
        if is_rebuilt:
            common.connector.pass_time(10)
            common.connector.run_as(second, exchange_id)

    with interrupt("order.add_head", lose_lease, is_before=True):
        common.connector.run(exchange_id)

    (temporary,) = common.batch_orders()
    learnt = common.connector.rows("SELECT after FROM audit WHERE why = 'learnt after the lease was lost'")
    assert temporary in str(learnt)
    assert common.connector.rows("SELECT 1 FROM attempt WHERE code = 'bug'") == []


def test_broker_flushed_with_work_in_it_loses_nothing(common: Story) -> None:
    order = common.place()
    runtime = common.connector.process.runtime
    sweep(common.connector.process)
    assert runtime.redis.llen("orders") == 0  # stamped when it was recorded, so not sent twice
    runtime.redis.flushall()
    common.connector.pass_time(61)

    sweep(common.connector.process)

    assert runtime.redis.llen("orders") == 1
    common.go_on()
    assert common.complaints(order) == []


@pytest.mark.parametrize("moment", ["after the head", "after Confirm"])
def test_database_that_drops_its_connections_in_a_run_makes_no_dead_letter(common: Story, moment: str) -> None:
    order = common.place()
    operation = {"after the head": "order.add_head", "after Confirm": "order.confirm"}[moment]

    with interrupt(operation, lambda: drop_connections(common.connector.engine), is_before=False):
        common.connector.run(common.exchange()["id"])

    assert common.exchange()["state"] == "running"
    common.recover()
    assert common.complaints(order) == []


def test_database_that_drops_a_connection_between_two_runs_makes_no_dead_letter(common: Story) -> None:
    common.place()
    common.go_on()
    drop_connections(common.connector.engine)
    order = common.place()

    for _ in range(5):
        common.connector.run(common.exchange()["id"])
    common.recover()

    assert common.complaints(order) == []


def drop_connections(engine: Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        )
    engine.dispose()


def die(journal: Journal, *_: object) -> None:
    journal.rollback()
    raise KilledError


def test_three_dead_workers_in_a_row_end_with_a_person_who_is_told(common: Story) -> None:
    common.place()
    exchange_id = common.exchange()["id"]
    told_before = "UPDATE exchange SET alerted_at = ledger_now(), recheck_at = ledger_now() RETURNING id"
    common.connector.rows(told_before)
    for _ in range(3):
        with patch.object(Journal, "settle", die), pytest.raises(KilledError):
            common.connector.run(exchange_id)
        common.connector.let_lease_expire()

    exchange = common.exchange()
    assert (exchange["state"], exchange["reason_code"]) == ("dead_letter", "crashed")
    assert (exchange["alerted_at"], exchange["recheck_at"]) == (None, None)
