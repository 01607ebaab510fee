"""One store has hundreds of due exchanges and a slow M3; the other store's orders must hardly notice."""

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
FLOOD = 600
M3_LATENCY_MS = 400
ORDERS = 12
PAUSE_S = 1.5
NUMBERS_APART = 400
MOST_BEFORE = 12
"""Orders of the flood begun while one of the quiet store waited: each process once, and room for a slow machine."""
PROCESSES = ("worker-orders", "worker-status", "worker-customers", "worker-system", "beat")


@dataclass(frozen=True)
class Carried:
    """How one order of the quiet store went."""

    took_s: float
    others_before: int
    """Orders of the flooded store that were begun while this one waited for a process."""


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
        """Makes hundreds of exchanges of one store due, with a message for each in the queue."""
        placed = self.stack.place(FLOOD, kind="guest")
        asked = ask_for(self.stack.ledger, FLOODED, order_ids=[one["id"] for one in placed])
        with make_app(self.stack.variables["REDIS_URL"]) as app:
            enqueue_all(app, asked.messages)

    def carry(self, count: int) -> list[Carried]:
        """Lets the quiet store's buyers place an order now and then; returns how each went into M3."""
        placed = [self._order_of_quiet_store() for _ in range(count)]
        deadline = time.monotonic() + 180
        while len(carried := self._carried(placed)) < count:
            assert time.monotonic() < deadline, (
                f"{len(carried)} of {count} orders arrived, the others wait: {self._left()}"
            )
            time.sleep(0.2)
        return carried

    def _order_of_quiet_store(self) -> int:
        time.sleep(PAUSE_S)
        order = self.quiet.place(kind="guest")
        asked = ask_for(self.stack.ledger, QUIET, order_ids=[order["id"]])
        with make_app(self.stack.variables["REDIS_URL"]) as app:
            enqueue_all(app, asked.messages)
        return int(order["id"])

    def _carried(self, orders: list[int]) -> list[Carried]:
        keys = ",".join(f"'{one}'" for one in orders)
        rows = self.stack.rows(
            "SELECT extract(epoch FROM own.ended_at - own.first_seen_at)::float AS took_s,"
            " (SELECT count(*) FROM attempt a JOIN exchange e ON e.id = a.exchange_id"
            f"  WHERE e.store = '{FLOODED}' AND e.flow = 'orders_to_m3'"
            "  AND a.started_at > own.first_seen_at AND a.started_at < own.started_at) AS others_before FROM"
            " (SELECT e.first_seen_at, min(a.started_at) AS started_at, min(a.ended_at) AS ended_at"
            "  FROM exchange e JOIN attempt a ON a.exchange_id = e.id AND a.outcome = 'done'"
            f"  WHERE e.store = '{QUIET}' AND e.flow = 'orders_to_m3' AND e.business_key IN ({keys})"
            "  GROUP BY e.id) AS own"
        )
        return [Carried(row["took_s"], row["others_before"]) for row in rows]

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


def test_flooded_store_with_a_slow_m3_leaves_the_other_stores_orders_alone(world: World) -> None:
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
    # Counted, not timed: a busy machine makes everything slower, and lets nobody overtake.
    assert max(one.others_before for one in during) <= MOST_BEFORE


def _figures(carried: list[Carried]) -> str:
    took_s = [one.took_s for one in carried]
    before = max(one.others_before for one in carried)
    return f"median {statistics.median(took_s):.2f} s, longest {max(took_s):.2f} s, at most {before} others before one"
