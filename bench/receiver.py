"""Requests per second of the receiver beside a bare app, in one run: same server settings, database and load.

Called by `python -m bench`, or alone: `python -m bench.receiver`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from bench.bare_receiver import SECRET
from connector.children import start_child, stop_child
from connector.embedded.postgres import embedded_postgres
from connector.embedded.valkey import embedded_valkey
from connector.ledger.migrate import upgrade
from connector.ledger.session import open_ledger, transaction
from connector.ledger.stores import save_store
from connector.processes import child_environment
from connector.settings import environment
from connector.vault.cipher import Cipher, generate_key

ROOT = Path(__file__).parents[1]
RECORDING = ROOT / "tests/fixtures/woocommerce/recorded/05-order-created-multi-line-percent-coupon.json"
CONNECTIONS = 4
STORE = "bench"
TARGET = 0.6


@dataclass(frozen=True)
class Side:
    """One of the two apps: its name and the address it serves."""

    name: str
    port: int


def run(*, rounds: int = 9, requests: int = 800) -> dict[str, Any]:
    """Measures both apps in alternating rounds and returns medians, and the median of the rounds' ratios.

    Two rounds that follow each other see the same machine, so their ratio bears what else runs there.

    Args:
        rounds: Rounds for each app; one more goes first, unmeasured.
        requests: New orders per round.
    """
    with tempfile.TemporaryDirectory(prefix="bench-receiver-") as folder, _sides(Path(folder)) as sides:
        rates: dict[str, list[float]] = {side.name: [] for side in sides}
        numbers = iter(range(1, sys.maxsize, requests))
        for number in range(rounds + 1):
            for side in sides:
                rate = _round(side, _deliveries(first=next(numbers), count=requests))
                if number > 0:
                    rates[side.name].append(rate)
    medians = {name: round(statistics.median(values), 1) for name, values in rates.items()}
    pairs = zip(rates["receiver"], rates["bare"], strict=True)
    return {
        "requests_per_s": medians,
        "rounds": {name: [round(one, 1) for one in values] for name, values in rates.items()},
        "ratio": round(statistics.median(ours / bare for ours, bare in pairs), 3),
        "target": TARGET,
    }


@contextmanager
def _sides(folder: Path) -> Iterator[list[Side]]:
    with ExitStack() as stack:
        postgres = stack.enter_context(embedded_postgres(folder / "postgres"))
        valkey = stack.enter_context(embedded_valkey(folder / "valkey"))
        key = generate_key()
        _prepare(postgres.url, key)
        variables = {
            **environment(),
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "CONNECTOR_SECRET_KEYS": key,
            "CONNECTOR_LOG_LEVEL": "INFO",
        }
        yield [
            Side(name, stack.enter_context(_serving(module, folder / f"{name}.log", variables)))
            for name, module in (("bare", "bench.bare_receiver:app"), ("receiver", "webhook_receiver.wsgi:app"))
        ]


def _prepare(database_url: str, key: str) -> None:
    upgrade(database_url)
    engine = open_ledger(database_url)
    with transaction(engine) as connection:
        sealed = {"webhook_secret": Cipher.from_keys([key]).seal(SECRET)}
        save_store(
            connection, STORE, shop_url="https://shop.example", config="{}", config_source="bench", sealed=sealed
        )
    engine.dispose()
    plain = psycopg2.connect(database_url.replace("+psycopg2", ""))
    with plain, plain.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_delivery (id bigserial PRIMARY KEY, store text, body bytea)")
    plain.close()


@contextmanager
def _serving(module: str, log: Path, variables: dict[str, str]) -> Iterator[int]:
    command = ["gunicorn", "-c", "python:webhook_receiver.gunicorn_conf", "--bind", "127.0.0.1:0", module]
    with log.open("wb") as output:
        process = start_child(command, environment=child_environment(variables), folder=ROOT, output=output)
    try:
        yield _await_port(process, log)
    finally:
        stop_child(process, patience_s=25)


def _await_port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        found = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", log.read_text(encoding="utf-8"))
        if found:
            return int(found[1])
        time.sleep(0.05)
    raise RuntimeError(f"The server did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")


def _deliveries(*, first: int, count: int) -> list[bytes]:
    """Returns ready requests, each a new order."""
    template = json.loads(json.loads(RECORDING.read_text(encoding="utf-8"))["body_raw"])
    return [_request(json.dumps({**template, "id": number}, separators=(",", ":")).encode()) for number in
            range(first, first + count)]  # fmt: skip


def _request(body: bytes) -> bytes:
    signature = base64.b64encode(hmac.new(SECRET, body, hashlib.sha256).digest()).decode()
    head = (
        f"POST /webhooks/woocommerce/{STORE} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        "User-Agent: WooCommerce/9.9.5 Hookshot (WordPress/6.9.1)\r\nX-WC-Webhook-Topic: order.created\r\n"
        f"X-WC-Webhook-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _round(side: Side, requests: Sequence[bytes]) -> float:
    shares = [requests[number::CONNECTIONS] for number in range(CONNECTIONS)]
    failures: list[str] = []
    threads = [threading.Thread(target=_send_all, args=(side.port, share, failures)) for share in shares]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - began
    if failures:
        raise RuntimeError(f"{side.name} answered {failures[0]}")
    return len(requests) / took_s


def _send_all(port: int, requests: Sequence[bytes], failures: list[str]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            connection.sendall(request)
            answer = connection.recv(65536)
            if not answer.startswith(b"HTTP/1.1 200"):
                failures.append(answer[:40].decode("latin-1"))
                return


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
