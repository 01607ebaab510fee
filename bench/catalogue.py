"""What carrying a whole item master into the shop costs. Called by `python -m bench`, or alone: `python -m bench.catalogue`.

One worker process of its own pulls and carries; its processor time, its memory, and how often it called both systems are told.
The sandboxes and the database have processes of their own, so their time is not in it.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from bench.stack import ROOT, STORE, Stack, running
from connector.broker import make_app
from connector.flows.catalogue.pull import pull
from connector.ledger.tables import State
from connector.logs import configure_logs
from connector.runtime import Runtime
from connector.settings import read_settings
from connector.woocommerce.transport import Transport
from workers.base import run_exchange
from workers.heartbeat import Heartbeat
from workers.places import Places
from workers.process import Process

MOST_CALLS = 1.05
MOST_S = 0.5
CALLS_BESIDES = 5
FEW = 2_000
LONGEST_S = 600
ELEMENTS = "SELECT count(*) AS n FROM audit WHERE system = 'shop'"


def run(*, items: int = 20_000, seed: int = 1, element_ms: float = 0) -> dict[str, Any]:
    """Measures a first load, a full walk without a change, and one changed item.

    Args:
        items: Rows of the item master, half of them variations.
        seed: Of the item master.
        element_ms: What the shop takes for each element of a batch.

    Returns:
        The figures, with those marks that are reached.
    """
    few = _measured(min(FEW, items), seed=seed, element_ms=0)
    many = _measured(items, seed=seed, element_ms=element_ms)
    figures = {"few": few, "many": many}
    growth = round(many["peak_mb"] / few["peak_mb"], 2)
    marks = {
        f"batch calls / least number <= {MOST_CALLS}": (many["calls_ratio"], many["calls_ratio"] <= MOST_CALLS),
        f"own seconds per 1,000 items <= {MOST_S}": (many["own_s_per_1000"], many["own_s_per_1000"] <= MOST_S),
        f"M3 calls of a walk with nothing changed <= {many['unchanged_calls_mark']}": (
            many["unchanged_calls"],
            many["unchanged_calls"] <= many["unchanged_calls_mark"],
        ),
        "elements written then = 0": (many["unchanged_elements"], many["unchanged_elements"] == 0),
        "elements written when one item changed = 1": (many["one_changed"], many["one_changed"] == 1),
        f"peak memory, {items} / {few['items']} items <= 1.1": (growth, growth <= 1.1),
    }
    return {**figures, "marks": {name: {"value": value, "reached": ok} for name, (value, ok) in marks.items()}}


def _measured(items: int, *, seed: int, element_ms: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-catalogue-") as folder, running(Path(folder), seed=seed) as stack:
        body = {"items": items, "variants_share": 0.5, "seed": seed}
        requests.post(f"{stack.m3_url}/_control/catalogue", json=body, timeout=60).raise_for_status()
        requests.post(f"{stack.shop_url}/_control/faults", json={"element_ms": element_ms}, timeout=60)
        first = _work(stack, "load")
        least, made = _least_calls(stack)
        elements = _count(stack, ELEMENTS)
        calls = _m3_calls(stack)
        _work(stack, "load")
        unchanged_calls, unchanged_elements = _m3_calls(stack) - calls, _count(stack, ELEMENTS) - elements
        changed = {"itno": _some_product(stack), "name": "Changed name"}
        requests.post(f"{stack.m3_url}/_control/items", json=changed, timeout=60).raise_for_status()
        elements = _count(stack, ELEMENTS)
        _work(stack, "changes")
        return {
            "items": items,
            "products": made,
            "calls": first["calls"],
            "least_calls": least,
            "calls_ratio": round(first["calls"] / least, 3),
            "own_s_per_1000": round(first["own_s"] / items * 1000, 3),
            "took_s": round(first["took_s"], 1),
            "peak_mb": first["peak_mb"],
            "unchanged_calls": unchanged_calls,
            "unchanged_calls_mark": math.ceil(items / 80) + CALLS_BESIDES,
            "unchanged_elements": unchanged_elements,
            "one_changed": _count(stack, ELEMENTS) - elements,
        }


def _count(stack: Stack, statement: str) -> int:
    return int(stack.rows(statement)[0]["n"])


def _m3_calls(stack: Stack) -> int:
    """Returns how many requests M3 got; a bulk request is one."""
    return int(requests.get(f"{stack.m3_url}/_book", timeout=60).json()["http_calls"])


def _least_calls(stack: Stack) -> tuple[int, int]:
    """Returns the fewest batch calls that could have made what was made, and how much that is."""
    rows = stack.rows(
        "SELECT coalesce(p.parent_id, 0) AS parent, count(*) AS n FROM product p JOIN audit a ON a.key = p.item_number"
        " AND a.action = 'create products' GROUP BY 1"
    )
    return sum(math.ceil(row["n"] / 100) for row in rows), sum(row["n"] for row in rows)


def _some_product(stack: Stack) -> str:
    rows = stack.rows("SELECT item_number FROM product WHERE kind = 'simple' ORDER BY product_id DESC LIMIT 1")
    return str(rows[0]["item_number"])


def _work(stack: Stack, what: str) -> dict[str, Any]:
    """Lets a process of its own pull and carry; returns what it measured of itself."""
    command = [sys.executable, "-m", "bench.catalogue", "--worker", what]
    done = subprocess.run(
        command,
        cwd=ROOT,
        input=json.dumps(stack.variables),
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _worker(what: str) -> None:
    """Pulls and carries until nothing is due, and prints what that cost."""
    variables = json.loads(sys.stdin.read())
    settings = read_settings(variables)
    configure_logs("WARNING")
    app = make_app(variables["REDIS_URL"])
    process = Process("bench:catalogue", Runtime(settings), Heartbeat(), app, Places(1))
    process.runtime.store(STORE)
    calls = _counted_writes()
    began_s, own_s = time.monotonic(), time.process_time()
    pulled = pull(process.runtime.engine, process.runtime.store(STORE), full=what == "load")
    waiting = list(pulled.messages)
    deadline = time.monotonic() + LONGEST_S
    while waiting and time.monotonic() < deadline:
        ended = run_exchange(process, waiting[0].exchange_id)
        waiting = waiting if ended.state == State.READY else []
    figures = {
        "own_s": time.process_time() - own_s,
        "took_s": time.monotonic() - began_s,
        "calls": calls["n"],
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    process.heartbeat.stop()
    process.runtime.close()
    process.places.close()
    print(json.dumps(figures))


def _counted_writes() -> dict[str, int]:
    """Counts the writes this process sends to the shop from now on, categories included."""
    counted, send = {"n": 0}, Transport.write

    def write(self: Transport, *values: Any, **named: Any) -> Any:
        counted["n"] += 1
        return send(self, *values, **named)

    Transport.write = write  # type: ignore[method-assign]
    return counted


def main() -> int:
    """Prints the figures; returns 0 only if every mark is reached."""
    parser = argparse.ArgumentParser(prog="bench.catalogue", description="Measures a first load of the item master.")
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--element-ms", type=float, default=0, help="what the shop takes for an element (0)")
    parser.add_argument("--worker", choices=("load", "changes"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        _worker(options.worker)
        return 0
    figures = run(items=options.items, seed=options.seed, element_ms=options.element_ms)
    print(json.dumps({name: figures[name] for name in ("few", "many")}, indent=2))
    for name, mark in figures["marks"].items():
        print(f"{'reached' if mark['reached'] else 'MISSED '}  {mark['value']:>8}  {name}")
    return 0 if all(mark["reached"] for mark in figures["marks"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
