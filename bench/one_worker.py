"""A worker process inside the bench itself, over a store file changed as it needs, whose requests are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import yaml
from sqlalchemy import text

from bench.stack import Stack
from connector.broker import make_app
from connector.ledger.session import transaction
from connector.logs import configure_logs
from connector.runtime import Runtime
from connector.settings import read_settings
from connector.woocommerce.transport import Transport
from workers.heartbeat import Heartbeat
from workers.places import Places
from workers.process import Process

Change = Callable[[dict[str, Any]], None]
"""Changes the content of a store file."""


@contextmanager
def working(stack: Stack, change: Change) -> Iterator[Process]:
    """Changes the only store, and opens a worker process in this one."""
    (row,) = stack.rows("SELECT config FROM store")
    content = yaml.safe_load(row["config"])
    change(content)
    with transaction(stack.ledger) as connection:
        connection.execute(text("UPDATE store SET config = :config"), {"config": yaml.safe_dump(content)})
    configure_logs("WARNING")
    app = make_app(stack.variables["REDIS_URL"])
    process = Process("bench", Runtime(read_settings(stack.variables)), Heartbeat(), app, Places(1))
    try:
        yield process
    finally:
        process.heartbeat.stop()
        process.runtime.close()
        process.places.close()


def counted(name: str) -> dict[str, int]:
    """Counts the requests of one kind this process sends to the shop from now on."""
    counted, send = {"n": 0}, getattr(Transport, name)

    def sent(self: Transport, *values: Any, **named: Any) -> Any:
        counted["n"] += 1
        return send(self, *values, **named)

    setattr(Transport, name, sent)
    return counted
