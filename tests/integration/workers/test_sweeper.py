"""What a sweep does while its queues are emptied behind its back."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from connector.broker import NOT_OF_EXCHANGES, QUEUES, TARGET_DEPTH
from connector.ledger import dispatch
from connector.ledger.offers import Source, keep_sources, mark_due
from connector.ledger.session import transaction
from tests.harness import Connector
from workers import sweeper
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
def quick_pool(due: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes what is in the queue whenever the sweep waits, as a pool with short work does."""

    def take_all(seconds: float) -> None:
        due.process.runtime.redis.delete("orders")

    monkeypatch.setattr(sweeper, "time", SimpleNamespace(monotonic=time.monotonic, sleep=take_all))
    for where, name in ((sweeper, "GOES_ON_S"), (dispatch, "RESEND_EMPTY_AFTER_S")):
        monkeypatch.setattr(where, name, 600)  # however slow the machine is


@pytest.mark.usefixtures("quick_pool")
def test_sweep_goes_on_filling_a_queue_that_is_emptied(due: Connector) -> None:
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
