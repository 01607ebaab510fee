"""What a killed worker was at, and what the broker lost, goes on soon: nobody waits for a lease or a minute without need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from sqlalchemy import text

from connector.broker import TARGET_DEPTH
from connector.ledger.session import transaction
from tests.harness import Connector
from workers.signature import is_gone, signature
from workers.sweeper import sweep

ORDER_ID = 1001


@pytest.fixture
def sleeper() -> subprocess.Popen[bytes]:
    """A process that a worker's name may stand for."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def hold(connector: Connector, worker: str) -> None:
    """Lets a worker claim an order and begin."""
    connector.ask(ORDER_ID)
    exchange_id = connector.rows("SELECT id FROM exchange")[0]["id"]
    connector.claim_only(exchange_id)
    with transaction(connector.engine) as connection:
        connection.execute(text("UPDATE exchange SET worker = :worker"), {"worker": worker})
    connector.process.runtime.redis.delete("orders")


def states(connector: Connector) -> list[str]:
    return [row["state"] for row in connector.rows("SELECT state FROM exchange")]


def test_exchange_of_a_killed_worker_is_taken_back_before_its_lease_ends(
    connector: Connector, sleeper: subprocess.Popen[bytes]
) -> None:
    hold(connector, signature(sleeper.pid))
    sweep(connector.process)
    assert states(connector) == ["running"]

    sleeper.kill()
    sleeper.wait()
    sweep(connector.process)

    assert states(connector) == ["ready"]
    assert connector.process.runtime.redis.llen("orders") == 1
    assert [row["crashes"] for row in connector.rows("SELECT crashes FROM exchange")] == [1]


def test_exchange_of_a_killed_worker_goes_before_a_full_queue(
    connector: Connector, sleeper: subprocess.Popen[bytes]
) -> None:
    hold(connector, signature(sleeper.pid))
    queues = connector.process.runtime.redis
    queues.lpush("orders", *["{}"] * TARGET_DEPTH)

    sleeper.kill()
    sleeper.wait()
    sweep(connector.process)

    next_message = queues.lindex("orders", -1)
    exchange_id = connector.rows("SELECT id FROM exchange")[0]["id"]
    assert isinstance(next_message, bytes)
    assert json.loads(next_message)["headers"]["id"].startswith(f"{exchange_id}.")
    assert queues.llen("orders") == TARGET_DEPTH + 1


def test_sweep_after_a_restart_of_the_database_is_no_lost_one(
    connector: Connector, sleeper: subprocess.Popen[bytes]
) -> None:
    hold(connector, signature(sleeper.pid))
    sleeper.kill()
    sleeper.wait()
    with connector.process.runtime.engine.connect() as pooled:
        pid = pooled.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    assert connector.rows("SELECT pg_terminate_backend(:pid) AS is_ended", pid=pid) == [{"is_ended": True}]

    sweep(connector.process)

    assert states(connector) == ["ready"]


def test_worker_of_another_host_or_boot_is_believed_to_live(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.kill()
    sleeper.wait()
    place, _, number = signature(sleeper.pid).rpartition(":")

    assert is_gone(f"{place}:{number}")
    assert not is_gone(f"elsewhere.12345678:{number}")
    assert not is_gone(f"{place}x:{number}")
    assert not is_gone(f"{place}:not a number")


@pytest.mark.parametrize(("waiting", "sent"), [(0, 1), (1, 0)])
def test_message_that_is_in_no_queue_is_sent_again_sooner(connector: Connector, waiting: int, sent: int) -> None:
    connector.ask(ORDER_ID)
    queues = connector.process.runtime.redis
    queues.delete("orders")
    queues.lpush("orders", *["{}"] * waiting) if waiting else None
    connector.pass_time(20)

    sweep(connector.process)

    assert queues.llen("orders") == waiting + sent


def test_all_messages_are_sent_again_at_once_when_the_broker_was_emptied(connector: Connector) -> None:
    connector.ask(ORDER_ID)
    sweep(connector.process)
    queues = connector.process.runtime.redis
    queues.flushall()
    connector.ask(ORDER_ID + 1)
    queues.lpush("orders", "{}")  # one that came since; so the queue is not empty

    sweep(connector.process)

    assert queues.llen("orders") == 3
    sweep(connector.process)
    assert queues.llen("orders") == 3
