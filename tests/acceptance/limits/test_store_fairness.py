"""One store has thousands of due exchanges and a slow M3; the other store's orders must hardly notice."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from bench.reference import SixCalls
from bench.stack import Stack, add_store, running
from connector.broker import enqueue_all, make_app
from connector.flows.polling import ask_for
from tests.harness import Sandbox, running_sandbox

FLOODED, QUIET = "bench", "quiet"
FLOOD = 2000
M3_LATENCY_MS = 400
ORDERS = 12
PAUSE_S = 1.5
NUMBERS_APART = 400
TIMES_SLOWER = 6
SURELY_S = 20.0
"""Far below what the flood itself waits (minutes), and no speed goal: on a busy machine single ones take some seconds."""
PROCESSES = ("worker-orders", "worker-status", "worker-customers", "worker-system", "beat")


@dataclass(frozen=True)
class World:
    """Two stores on one connector, each with a shop and an M3 of its own."""

    stack: Stack
    quiet: Sandbox

    def slow_down(self, latency_ms: int) -> None:
        """Makes every answer of the flooded store's M3 slower."""
        requests.post(
            f"{self.stack.m3_url}/_control/faults", json={"latency_ms": latency_ms, "gateway_cut_s": 30}, timeout=10
        ).raise_for_status()

    def flood(self) -> None:
        """Makes thousands of exchanges of one store due, with a message for each in the queue."""
        placed = self.stack.place(FLOOD, kind="guest")
        asked = ask_for(self.stack.ledger, FLOODED, order_ids=[one["id"] for one in placed])
        with make_app(self.stack.variables["REDIS_URL"]) as app:
            enqueue_all(app, asked.messages)

    def carry(self, count: int) -> list[float]:
        """Lets the quiet store's buyers place an order now and then; returns how long each took into M3, in seconds."""
        placed = [self._order_of_quiet_store() for _ in range(count)]
        deadline = time.monotonic() + 60
        while len(took := self._took(placed)) < count:
            assert time.monotonic() < deadline, (
                f"{len(took)} of {count} orders arrived, the others wait: {self._left()}"
            )
            time.sleep(0.2)
        return took

    def _order_of_quiet_store(self) -> int:
        time.sleep(PAUSE_S)
        order = self.quiet.place(kind="guest")
        asked = ask_for(self.stack.ledger, QUIET, order_ids=[order["id"]])
        with make_app(self.stack.variables["REDIS_URL"]) as app:
            enqueue_all(app, asked.messages)
        return int(order["id"])

    def _took(self, orders: list[int]) -> list[float]:
        keys = ",".join(f"'{one}'" for one in orders)
        rows = self.stack.rows(
            "SELECT extract(epoch FROM min(a.ended_at) - e.first_seen_at)::float AS took_s"
            " FROM exchange e JOIN attempt a ON a.exchange_id = e.id AND a.outcome = 'done'"
            f" WHERE store = '{QUIET}' AND flow = 'orders_to_m3' AND business_key IN ({keys}) GROUP BY e.id"
        )
        return [row["took_s"] for row in rows]

    def _left(self) -> list[dict[str, Any]]:
        return self.stack.rows(
            f"SELECT business_key, state, reason, sends FROM exchange WHERE store = '{QUIET}' AND state <> 'done'"
        )

    def carried_of_flood(self) -> int:
        """Returns how many orders of the flooded store are in M3."""
        (row,) = self.stack.rows(
            "SELECT count(*) FILTER (WHERE state = 'done') AS done FROM exchange"
            f" WHERE store = '{FLOODED}' AND flow = 'orders_to_m3'"
        )
        return int(row["done"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running(tmp_path) as stack, _second_store(stack) as quiet, stack.processes(*PROCESSES):
        yield World(stack, quiet)


@contextmanager
def _second_store(stack: Stack) -> Iterator[Sandbox]:
    with running_sandbox() as quiet:
        key = stack.variables["CONNECTOR_SECRET_KEYS"]
        add_store(stack.ledger, key, name=QUIET, shop_url=quiet.shop_url, m3_url=quiet.m3_url)
        # Both sandboxes call themselves the same company, so their order numbers must not meet.
        SixCalls(quiet.m3_url).rate(NUMBERS_APART)
        yield quiet


def test_flooded_store_with_a_slow_m3_leaves_the_other_stores_latency_alone(world: World) -> None:
    world.carry(2)  # what the first order loads is not measured
    before = world.carry(ORDERS)
    world.slow_down(M3_LATENCY_MS)
    world.flood()
    time.sleep(5)  # all processes that may work for the flooded store do

    during = world.carry(ORDERS)

    carried = world.carried_of_flood()
    waiting = FLOOD - carried
    sys.stdout.write(
        f"\nquiet: {_figures(before)}; beside {waiting} waiting ones of a slow store: {_figures(during)}\n"
    )
    assert waiting > FLOOD / 2, "the flood was over before the measurement"
    assert carried > 5, "the flooded store is carried too"
    assert statistics.median(during) < TIMES_SLOWER * statistics.median(before)
    assert max(during) < SURELY_S


def _figures(took_s: list[float]) -> str:
    return f"median {statistics.median(took_s):.2f} s, longest {max(took_s):.2f} s"
