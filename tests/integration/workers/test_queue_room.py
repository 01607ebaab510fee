"""A queue takes a bounded number of messages; what does not fit goes out by the sweeper, in turn over stores."""

from __future__ import annotations

import json

import pytest
import redis

from connector.broker import TARGET_DEPTH, enqueue_within_room
from connector.errors import RemoteUnavailableError
from connector.ledger.dispatch import DueMessage
from tests.harness import Connector
from tests.integration.flows.story import quick_store
from workers.sweeper import sweep

FLOODED, QUIET = "w1", "w2"


@pytest.fixture
def world(connector: Connector) -> Connector:
    for name in (FLOODED, QUIET):
        connector.configure(quick_store(guests="common"), name=name)
    return connector


def send(world: Connector, store: str, count: int, *, first: int) -> None:
    """Records orders of a store and sends their messages, as the receiver does."""
    world.ask(*range(first, first + count), store=store)
    rows = world.rows("SELECT id FROM exchange WHERE store = :store AND sent_at IS NOT NULL", store=store)
    messages = [DueMessage(row["id"], "orders", 0) for row in rows]
    runtime = world.process.runtime
    enqueue_within_room(world.process.app, runtime.redis, runtime.engine, messages)


def take(world: Connector, count: int) -> list[int]:
    """Takes messages off the queue in the order in which workers get them."""
    taken = [world.process.runtime.redis.rpop("orders") for _ in range(count)]
    return [int(json.loads(one)["headers"]["argsrepr"].strip("(),")) for one in taken if one]


def store_of(world: Connector, exchange_id: int) -> str:
    return str(world.exchange(exchange_id)["store"])


def test_flood_of_one_store_fills_the_queue_no_further_than_its_target(world: Connector) -> None:
    send(world, FLOODED, TARGET_DEPTH + 30, first=1000)

    assert len(take(world, TARGET_DEPTH + 30)) == TARGET_DEPTH
    assert world.rows("SELECT count(*) AS n FROM exchange WHERE sent_at IS NULL AND sends = 0")[0]["n"] == 30


def test_what_did_not_fit_is_sent_by_the_next_sweep_and_another_store_does_not_wait_behind_it(world: Connector) -> None:
    send(world, FLOODED, TARGET_DEPTH + 100, first=1000)
    send(world, QUIET, 1, first=5000)
    take(world, TARGET_DEPTH)

    sweep(world.process)

    sent = take(world, TARGET_DEPTH)
    assert len(sent) == 101
    assert QUIET in [store_of(world, one) for one in sent[:3]]


def test_nothing_is_sent_or_unstamped_while_the_broker_is_away(world: Connector) -> None:
    world.ask(1000)
    (row,) = world.rows("SELECT id FROM exchange")
    away = redis.Redis(port=1, socket_connect_timeout=1)

    with pytest.raises(RemoteUnavailableError, match="broker"):
        enqueue_within_room(world.process.app, away, world.engine, [DueMessage(row["id"], "orders", 0)])

    assert world.exchange(row["id"])["sends"] == 1
