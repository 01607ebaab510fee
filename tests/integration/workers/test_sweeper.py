"""What a sweep does while its queues are emptied behind its back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from connector.broker import NOT_OF_EXCHANGES, QUEUES, TARGET_DEPTH
from connector.ledger.offers import Source, keep_sources, mark_due
from connector.ledger.session import transaction
from tests.harness import Connector
from workers.sweeper import sweep

DUE = 2 * TARGET_DEPTH + 50
POOLS = set(QUEUES) - set(NOT_OF_EXCHANGES)


@pytest.fixture
def due(connector: Connector) -> Connector:
    """A store with more due exchanges than a queue takes, none of them sent."""
    connector.rows(
        "INSERT INTO exchange (store, scope, flow, business_key, pool) SELECT 'w1', 'w1', 'orders_to_m3', n::text, 'orders'"
        f" FROM generate_series(1, {DUE}) AS n RETURNING id"
    )
    return connector


@pytest.fixture
def quick_pool(due: Connector) -> Iterator[list[bytes]]:
    """Takes what comes into the queue, as a pool with short work does."""
    taken: list[bytes] = []
    is_over = threading.Event()

    def consume() -> None:
        while not is_over.is_set():
            taken.extend(due.process.runtime.redis.lpop("orders", 100) or [])  # type: ignore[arg-type]  # synchronous
            time.sleep(0.05)

    thread = threading.Thread(target=consume)
    thread.start()
    yield taken
    is_over.set()
    thread.join()


def test_sweep_goes_on_filling_a_queue_that_is_emptied(due: Connector, quick_pool: list[bytes]) -> None:
    ended = sweep(due.process)

    assert ended.endswith(f"sent {DUE}")
    assert due.rows("SELECT count(*) AS n FROM exchange WHERE sends = 1")[0]["n"] == DUE


def test_sweep_ends_at_once_when_nobody_takes_what_it_sent(due: Connector) -> None:
    redis = due.process.runtime.redis
    redis.config_resetstat()

    ended = sweep(due.process)

    looked: dict[str, dict[str, int]] = redis.info("commandstats")  # type: ignore[assignment]  # synchronous
    assert ended.endswith(f"sent {TARGET_DEPTH}")
    assert looked["cmdstat_llen"]["calls"] == len(POOLS) + 2, "at each queue once, twice more at the one it fills"


def test_sweep_wakes_a_batch_flow_once_a_postponed_item_is_due_again(connector: Connector) -> None:
    with transaction(connector.engine) as connection:
        mark_due(connection, "w1", flow="stock_to_woo", item_numbers=["MUG-001"])
    connector.rows("UPDATE offer SET retry_at = ledger_now() + interval '20 s' RETURNING store")
    connector.rows("UPDATE exchange SET state = 'done', done_rev = wanted_rev RETURNING id")
    sweep(connector.process)
    early = connector.rows("SELECT state FROM exchange")

    connector.pass_time(21)
    sweep(connector.process)

    assert early == [{"state": "done"}]
    assert connector.rows("SELECT state, wanted_rev - done_rev AS wanted FROM exchange") == [
        {"state": "ready", "wanted": 1}
    ]
    assert connector.process.runtime.redis.llen("inventory") == 1


def test_sweep_wakes_a_flow_that_was_never_woken_although_items_are_due(connector: Connector) -> None:
    with transaction(connector.engine) as connection:
        keep_sources(connection, "w1", flow="items_to_woo", sources=[Source(item_number="MUG-001")])

    sweep(connector.process)

    assert connector.rows("SELECT flow, state FROM exchange") == [{"flow": "items_to_woo", "state": "ready"}]
