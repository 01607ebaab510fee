"""Shops that take a connection and never answer keep every poller busy; the sweep goes on beside them, with real pools."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bench.stack import Stack, add_store, running
from connector.broker import enqueue_job, make_app
from connector.settings import read_settings
from workers.schedule import job_every_s, queue_of

SILENT = 5
SWEEPS = 2
POLLERS = 2  # in the Procfile
ASK_NO_SHOP = ("hunt_orphans", "purge", "seal_audit")
PATIENCE_S = 300.0
"""Against hanging."""


@dataclass
class SilentShop:
    """Takes connections and says nothing."""

    port: int
    held: list[socket.socket] = field(default_factory=list)


@contextmanager
def silent_shop() -> Iterator[SilentShop]:
    with socket.create_server(("127.0.0.1", 0)) as server, closing(server):
        shop = SilentShop(server.getsockname()[1])
        threading.Thread(target=_take, args=(server, shop), daemon=True).start()
        yield shop
        for one in shop.held:
            one.close()


def _take(server: socket.socket, shop: SilentShop) -> None:
    while True:
        try:
            shop.held.append(server.accept()[0])
        except OSError:  # closed: the test is over
            return


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[tuple[Stack, SilentShop]]:
    """A connector with one shop that answers and five stores of one that does not; these come first in every round."""
    with running(tmp_path) as stack, silent_shop() as shop:
        key = stack.variables["CONNECTOR_SECRET_KEYS"]
        for number in range(SILENT):
            url = f"http://127.0.0.1:{shop.port}"
            add_store(stack.ledger, key, shop_url=url, m3_url=stack.m3_url, name=f"a{number}")
        yield replace(stack, variables={**stack.variables, "CONNECTOR_POLL_S": "5"}), shop


def test_sweep_goes_on_while_all_pollers_hang_on_silent_shops(stack: tuple[Stack, SilentShop]) -> None:
    connector, shop = stack
    with connector.processes("worker-system", "worker-polls", "beat"):
        _send_every_job(connector)
        _until(lambda: len(shop.held) >= POLLERS)
        polled = _polls_done(connector)
        for _ in range(SWEEPS):
            _leave_expired(connector)
            _until(lambda: not _is_running(connector))

        assert _polls_done(connector) == polled, "all pollers hung all the while"


def _send_every_job(connector: Stack) -> None:
    """Sends what beat would only send in minutes or an hour, more than there are pollers."""
    jobs = [name for name in job_every_s(read_settings(connector.variables)) if name not in ASK_NO_SHOP]
    with make_app(connector.variables["REDIS_URL"]) as app:
        for job in jobs * 2:
            enqueue_job(app, job, queue=queue_of(job))


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)


def _polls_done(connector: Stack) -> int:
    """Counts the turns of jobs that ask shops which are over; each process hangs at least 30 s at each silent shop."""
    rows = connector.rows("SELECT job FROM slot WHERE done_at IS NOT NULL")
    return sum(row["job"] not in ASK_NO_SHOP for row in rows)


def _leave_expired(connector: Stack) -> None:
    """Leaves an exchange as a dead worker does: running, with a lease that has ended."""
    connector.rows(
        "INSERT INTO exchange (store, scope, flow, business_key, pool, state, lease_until, worker)"
        " VALUES ('bench', 'bench', 'orders_to_m3', '1', 'orders', 'running', ledger_now() - interval '1 s', 'dead')"
        " ON CONFLICT (scope, flow, business_key) DO UPDATE SET state = 'running', crashes = 0, worker = 'dead',"
        " lease_until = excluded.lease_until RETURNING id"
    )


def _is_running(connector: Stack) -> bool:
    return connector.rows("SELECT state FROM exchange WHERE business_key = '1'") == [{"state": "running"}]
