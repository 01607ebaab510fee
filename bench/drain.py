"""How a long outage drains: thousands of due exchanges after the broker was away, in order and without a storm of messages.

Run alone: `python -m bench.drain --exchanges 20000`. The whole connector runs through the outage by the Procfile's own commands;
only the broker is killed, and comes back empty. Most orders are still unpaid, so that each costs a short look; some hundred are
carried into M3, so that the drain is not one of messages alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import redis
import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.orders import deliver
from bench.stack import Stack, running
from connector.broker import make_app

MOST_MESSAGES = 1.2  # for each exchange
MOST_OVERTAKEN_S = 5.0
"""Seconds, not places: a message may be handed to a child that is renewed just then (worker_max_tasks_per_child) and begins when
that one has started, while the others go on."""
MOST_REAL = 300
SHARE_REAL = 0.05
GIVEN_UP_S = 65.0  # by then the receiver has left to the sweeper what it could not send
LONGEST_S = 3600.0
POOLS = ("worker-orders", "worker-status", "worker-customers", "worker-system", "worker-polls")
CONSOLE = Console()
_OVERTAKEN = """
WITH begun AS (
  SELECT e.id, min(a.started_at) AS at FROM exchange e JOIN attempt a ON a.exchange_id = e.id
  WHERE e.flow = 'orders_to_m3' AND EXISTS (SELECT FROM delivery d WHERE d.exchange_id = e.id AND d.source = 'webhook')
  GROUP BY e.id
), late AS (
  SELECT extract(epoch FROM at - min(at) OVER (ORDER BY id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)) AS by_s FROM begun
)
SELECT count(*) AS many, coalesce(max(by_s), 0) AS most_s FROM late WHERE by_s > 0
"""


@dataclass(frozen=True)
class Figures:
    """What a drain measured.

    Attributes:
        exchanges: All the ledger has at the end, those included that flows left for each other.
        messages: Everything that was pushed into the broker's queues, what beat sends included.
        overtaken: How many delivered orders were begun after one that was due later.
        overtaken_s: By how much at most.
        lost: Orders delivered and not settled, or paid and not in M3.
        doubled: Orders that are in M3 more than once.
        drained_s: From the broker's return until all was settled.
    """

    delivered: int
    real: int
    exchanges: int
    messages: int
    overtaken: int
    overtaken_s: float
    lost: int
    doubled: int
    drained_s: float

    def marks(self) -> dict[str, tuple[str, bool]]:
        """Returns mark -> what was measured and whether it is reached."""
        ratio = self.messages / self.exchanges
        return {
            f"messages for an exchange <= {MOST_MESSAGES}": (f"{ratio:.2f}", ratio <= MOST_MESSAGES),
            f"begun after one that was due later, by <= {MOST_OVERTAKEN_S:.0f} s": (
                f"{self.overtaken} orders, by {self.overtaken_s:.1f} s",
                self.overtaken_s <= MOST_OVERTAKEN_S,
            ),
            "lost 0, doubled 0": (f"{self.lost}, {self.doubled}", self.lost == self.doubled == 0),
        }


def run(folder: Path, *, exchanges: int) -> Figures:
    """Fills the ledger while the broker is away, and measures what follows its return.

    Args:
        folder: For the data and the logs.
        exchanges: How many orders are delivered during the outage.
    """
    with (
        running(folder, keeps_messages=False) as stack,
        stack.processes("web", *POOLS, "beat"),
        _progress() as progress,
    ):
        receiver = _ready(stack)
        bodies, real = _orders(stack, exchanges)
        stack.valkey.kill()
        task = progress.add_task("broker away, delivered", total=exchanges)
        with requests.Session() as session:
            for body in bodies:
                deliver(session, receiver, body)
                progress.advance(task)
        time.sleep(GIVEN_UP_S)
        stack.valkey.start()
        began = time.monotonic()
        task = progress.add_task("broker back, settled", total=exchanges)
        while (open_ := _open(stack)) > 0:
            progress.update(task, completed=exchanges - min(open_, exchanges))
            if time.monotonic() - began > LONGEST_S:
                raise RuntimeError(f"{open_} exchanges are not settled after {LONGEST_S:.0f} s; see {folder}")
            time.sleep(0.5)
        progress.update(task, completed=exchanges)
        return _figures(stack, delivered=exchanges, real=real, drained_s=time.monotonic() - began)


def _ready(stack: Stack) -> str:
    """Waits for receiver and pools; returns the receiver's address."""
    receiver = f"http://127.0.0.1:{stack.variables['PORT']}"
    deadline = time.monotonic() + 90
    while not _answers(receiver) or _pools_ready(stack) < len(POOLS):
        if time.monotonic() > deadline:
            raise RuntimeError(f"The processes did not come up; see {stack.folder}")
        time.sleep(0.2)
    return receiver


def _pools_ready(stack: Stack) -> int:
    with make_app(stack.variables["REDIS_URL"]) as app:
        return len(app.control.ping(timeout=2))


def _answers(receiver: str) -> bool:
    try:
        return requests.get(f"{receiver}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def _orders(stack: Stack, count: int) -> tuple[list[bytes], int]:
    """Returns bodies in the order they are delivered, and how many of them are paid and known to the shop."""
    real = min(MOST_REAL, int(count * SHARE_REAL))
    paid = stack.place(real, kind="guest")
    (unpaid,) = stack.place(1, kind="pending")
    first = unpaid["id"] + 1_000_000
    bodies = [json.dumps({**unpaid, "id": first + n, "number": str(first + n)}).encode() for n in range(count - real)]
    for place, order in enumerate(paid):
        bodies.insert(place * (count // real), json.dumps(order).encode())
    return bodies, real


def _open(stack: Stack) -> int:
    # Prices and stock, which the pulls make due, have pools of their own that do not run here.
    (row,) = stack.rows(
        "SELECT count(*) AS n FROM exchange WHERE state NOT IN ('done', 'dead_letter')"
        " AND pool IN ('orders', 'status', 'customers')"
    )
    return int(row["n"])


def _figures(stack: Stack, *, delivered: int, real: int, drained_s: float) -> Figures:
    (ledger,) = stack.rows(
        "SELECT count(*) AS exchanges, count(*) FILTER (WHERE flow = 'orders_to_m3' AND state = 'done' AND EXISTS"
        " (SELECT FROM delivery d WHERE d.exchange_id = e.id AND d.source = 'webhook')) AS done FROM exchange e"
    )
    (order,) = stack.rows(_OVERTAKEN)
    yrefs = [one["yref"] for one in stack.m3_book()["orders"]]
    return Figures(
        delivered=delivered,
        real=real,
        exchanges=ledger["exchanges"],
        messages=_pushed(stack),
        overtaken=order["many"],
        overtaken_s=round(float(order["most_s"]), 1),
        lost=delivered - ledger["done"] + max(0, real - len(set(yrefs))),
        doubled=len(yrefs) - len(set(yrefs)),
        drained_s=round(drained_s, 1),
    )


def _pushed(stack: Stack) -> int:
    """Returns how many messages were pushed since the broker came back, as it counts its commands itself."""
    with redis.Redis.from_url(stack.valkey.url) as client:
        counted: dict[str, Any] = client.info("commandstats")
    return sum(int(counted.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in ("lpush", "rpush"))


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=CONSOLE) as progress:
        yield progress


def main() -> int:
    """Prints figures and marks; returns 0 only if every mark is reached."""
    parser = argparse.ArgumentParser(prog="bench.drain", description="Measures how a long outage drains.")
    parser.add_argument("--exchanges", type=int, default=20_000, help="orders delivered during the outage (20000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-drain-") as folder:
        figures = run(Path(folder), exchanges=options.exchanges)
    table = Table("mark", "measured", "")
    for mark, (measured, is_reached) in figures.marks().items():
        table.add_row(mark, measured, "reached" if is_reached else "MISSED")
    CONSOLE.print(table)
    CONSOLE.print(
        f"{figures.delivered} orders delivered while the broker was away, {figures.real} of them paid and carried into M3, the "
        f"others a short look; drained in {figures.drained_s:.0f} s, "
        f"{figures.exchanges / figures.drained_s:.0f} exchanges a second."
    )
    CONSOLE.print_json(json.dumps(asdict(figures)))
    return 0 if all(is_reached for _, is_reached in figures.marks().values()) else 1


if __name__ == "__main__":
    sys.exit(main())
