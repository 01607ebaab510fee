"""SIGTERM in the middle of the work: every process of the Procfile ends by itself, and nothing is lost or doubled."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from bench.orders import deliver
from bench.stack import ROOT, Stack, running
from connector.broker import make_app
from connector.ports import free_port
from connector.processes import read_procfile
from tests.integration.webhook_receiver.serving import until

PATIENCE_S = 120.0
"""Against hanging; by what a pool is gone before a platform kills it, tests/architecture/test_deployment.py shows."""
SETTLED_S = 300.0
ORDERS = 60
M3_LATENCY_MS = 250
NAMES = [one.name for one in read_procfile(ROOT / "Procfile") if one.name != "release"]
POOLS = [name for name in NAMES if name.startswith("worker-")]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with running(tmp_path) as made:
        made.variables["FLOWER_PORT"] = str(free_port())
        requests.post(
            f"{made.m3_url}/_control/faults",
            json={"latency_ms": M3_LATENCY_MS, "gateway_cut_s": 30},
            timeout=PATIENCE_S,
        ).raise_for_status()
        yield made


@contextmanager
def deliveries_going_on(stack: Stack, bodies: list[bytes]) -> Iterator[list[bytes]]:
    """Delivers from a thread, as long as somebody answers; yields the bodies that were taken."""
    taken: list[bytes] = []

    def deliver_all() -> None:
        with requests.Session() as session:
            for body in bodies:
                try:
                    deliver(session, f"http://127.0.0.1:{stack.variables['PORT']}", body)
                except requests.RequestException:
                    return
                taken.append(body)
                time.sleep(0.05)

    thread = threading.Thread(target=deliver_all)
    thread.start()
    yield taken
    thread.join()


def are_up(stack: Stack) -> bool:
    try:
        ready = requests.get(f"http://127.0.0.1:{stack.variables['PORT']}/readyz", timeout=10).ok
        watched = requests.get(f"http://127.0.0.1:{stack.variables['FLOWER_PORT']}/healthcheck", timeout=10).ok
    except requests.RequestException:
        return False
    with make_app(stack.variables["REDIS_URL"]) as app:
        return ready and watched and len(app.control.ping(timeout=5)) == len(POOLS)


def states(stack: Stack) -> Counter[str]:
    return Counter(
        {row["state"]: row["n"] for row in stack.rows("SELECT state, count(*) AS n FROM exchange GROUP BY 1")}
    )


def end_all(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Sends SIGTERM to all at once, as a platform does at a release, and waits until they are gone."""
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        process.wait(timeout=PATIENCE_S)


def test_release_in_the_middle_of_the_work_loses_and_doubles_nothing(stack: Stack) -> None:
    bodies = [json.dumps(one).encode() for one in stack.place(ORDERS, kind="guest")]
    with stack.processes(*NAMES) as processes:
        until(lambda: are_up(stack), seconds=SETTLED_S)
        with deliveries_going_on(stack, bodies) as taken:
            until(lambda: states(stack)["running"] > 1 and states(stack)["done"] > 1, seconds=SETTLED_S)
            end_all(processes)
    left = states(stack)
    assert left.total() > left["done"], "there was work left when they ended"
    assert taken

    with stack.processes(*NAMES):
        until(lambda: set(states(stack)) == {"done"}, seconds=SETTLED_S)

    orders = {json.loads(body)["id"] for body in taken}
    carried = Counter(int(one["yref"].split("-")[1]) for one in stack.m3_book()["orders"])
    assert orders <= set(carried), "what was answered 200 is in M3"
    assert max(carried.values()) == 1
    assert stack.m3_book()["batch_orders"] == []
