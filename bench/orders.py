"""Orders per second end to end, beside one process that does the fixed six M3 calls of an order one after the other.

Also: M3 requests for orders of 1, 10 and 60 lines, and the memory of a worker process before and after many orders.
Called by `python -m bench`, or alone: `python -m bench.orders`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import operator
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests

from bench.reference import SixCalls
from bench.stack import SECRET, STORE, Stack, running

RATE_TARGET = 0.35
CALLS_TARGET = 5
MEMORY_TARGET_MB = 110
POOLS = ("worker-orders", "worker-status")
LINES = [{"sku": f"SKU-{number:04d}", "quantity": number % 3 + 1} for number in (3, 17, 41)]
BUYER = {
    "first_name": "Bea",
    "last_name": "Bench",
    "address_1": "Ilica 1",
    "city": "Zagreb",
    "postcode": "10000",
    "country": "HR",
    "email": "bench@example.com",
}
CART: dict[str, Any] = {
    "lines": LINES,
    "billing": BUYER,
    "payment_method": "stripe",
    "status": "processing",
    "shipping_total": "5.00",
}


def run(*, rounds: int = 3, orders: int = 150, memory_orders: int = 2000) -> dict[str, Any]:
    """Measures everything in one run.

    Args:
        rounds: Alternating rounds of connector and reference; one more goes first, unmeasured.
        orders: Orders a round.
        memory_orders: How many orders a worker carries between the two memory readings.
    """
    with tempfile.TemporaryDirectory(prefix="bench-orders-") as folder, running(Path(folder)) as stack:
        calls = _calls_per_order(stack)
        rates: dict[str, list[float]] = {"connector": [], "reference": []}
        with _receiving(stack) as receiver:
            for number in range(rounds + 1):
                ours = _carry(stack, receiver, orders)
                theirs = SixCalls(stack.m3_url).rate(orders)
                if number > 0:
                    rates["connector"].append(ours)
                    rates["reference"].append(theirs)
                _say(f"round {number}: connector {ours:.1f}/s, reference {theirs:.1f}/s")
            # Warm by now: the first orders load what every later one uses.
            memory = _memory(stack, receiver, before=_worker_memory_mb(), orders=memory_orders)
    medians = {name: round(statistics.median(values), 1) for name, values in rates.items()}
    return {
        "orders_per_s": medians,
        "ratio": round(statistics.median(map(operator.truediv, *rates.values())), 3),
        "target": RATE_TARGET,
        "m3_requests_per_order": calls,
        "calls_target": CALLS_TARGET,
        "memory": memory,
    }


@contextmanager
def _receiving(stack: Stack) -> Iterator[str]:
    """Runs the receiver and the pools an order passes; returns the receiver's address."""
    with stack.processes("web", *POOLS, "worker-system", "worker-polls", "beat"):
        address = f"http://127.0.0.1:{stack.variables['PORT']}"
        for _ in range(600):
            if _answers(f"{address}/readyz"):
                yield address
                return
            time.sleep(0.1)
        raise RuntimeError(f"The receiver did not come up; see {stack.folder}/web.log")


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _carry(stack: Stack, receiver: str, count: int) -> float:
    """Delivers new orders and returns how many a second arrive in M3 and have their number in the shop."""
    bodies = [json.dumps(order).encode() for order in stack.place(count, **CART)]
    settled = _settled(stack)
    session = requests.Session()
    began = time.perf_counter()
    for body in bodies:
        deliver(session, receiver, body)
    while _settled(stack) < settled + count:
        if time.perf_counter() - began > 300:
            raise RuntimeError(f"Orders did not arrive in time; see {stack.folder} and {_waiting(stack)}")
        time.sleep(0.1)
    return count / (time.perf_counter() - began)


def deliver(session: requests.Session, receiver: str, body: bytes) -> None:
    """Delivers an order to the store of the bench, signed; raises if it is not taken."""
    signature = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
    headers = {
        "Content-Type": "application/json",
        "X-WC-Webhook-Topic": "order.created",
        "X-WC-Webhook-Signature": signature,
    }
    answer = session.post(f"{receiver}/webhooks/woocommerce/{STORE}", data=body, headers=headers, timeout=10)
    answer.raise_for_status()


def _settled(stack: Stack) -> int:
    rows = stack.rows("SELECT count(*) AS n FROM exchange WHERE flow = 'order_status_to_woo' AND state = 'done'")
    return int(rows[0]["n"])


def _waiting(stack: Stack) -> list[dict[str, Any]]:
    return stack.rows(
        "SELECT flow, state, reason, count(*) AS n FROM exchange WHERE state <> 'done' GROUP BY 1, 2, 3 LIMIT 5"
    )


def _calls_per_order(stack: Stack) -> dict[str, int]:
    """Counts M3 requests for orders of 1, 10 and 60 lines whose items were seen before."""
    counts: dict[str, int] = {}
    with _receiving(stack) as receiver:
        for lines in (1, 10, 60):
            cart = {**CART, "lines": [{"sku": f"SKU-{number:04d}", "quantity": 2} for number in range(1, lines + 1)]}
            for is_counted in (False, True):
                before = stack.m3_book()["http_calls"]
                body = json.dumps(stack.place(1, **cart)[0]).encode()
                settled = _settled(stack)
                deliver(requests.Session(), receiver, body)
                _await(stack, settled + 1)
                if is_counted:
                    counts[f"{lines} lines"] = stack.m3_book()["http_calls"] - before
    return counts


def _await(stack: Stack, settled: int) -> None:
    for _ in range(600):
        if _settled(stack) >= settled:
            return
        time.sleep(0.1)
    raise RuntimeError(f"An order did not arrive; see {stack.folder} and {_waiting(stack)}")


def _memory(stack: Stack, receiver: str, *, before: dict[str, float], orders: int) -> dict[str, Any]:
    """Carries many orders and reads the order pool's memory again."""
    carried = 0
    while carried < orders:
        count = min(500, orders - carried)
        _carry(stack, receiver, count)
        carried += count
        _say(f"memory: {carried} of {orders} orders")
    return {"before": before, "after": _worker_memory_mb(), "orders": orders, "target_mb": MEMORY_TARGET_MB}


def _worker_memory_mb() -> dict[str, float]:
    """Returns the largest and the mean PSS of the order pool's processes below this one, in MB."""
    sizes = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "orders@" in " ".join(process.cmdline()) and not process.children():
                sizes.append(process.memory_full_info().pss / 1e6)
        except psutil.Error:
            continue
    return {"processes": len(sizes), "largest": round(max(sizes), 1), "mean": round(statistics.mean(sizes), 1)}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
