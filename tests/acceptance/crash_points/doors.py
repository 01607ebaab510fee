"""The doors every commit and every remote write goes through, with somebody at each. Put in place by world.py.

Commits are met in the database driver's connection, writes where `requests` hands them to the network: nothing a flow, job or
receiver may use goes by another way.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from weakref import WeakSet

import psycopg2.extensions
import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import Engine, event

from connector.ledger.steps import Journal
from tests.acceptance.crash_points.points import Kind
from tests.acceptance.crash_points.traps import Trap, Write
from tests.harness import Sandbox

IDLE = psycopg2.extensions.TRANSACTION_STATUS_IDLE
M3_READS = ("Get", "Lst", "Sel", "Search", "Check", "Chk")
"""How the names of M3's transactions begin that change nothing; every other one writes."""

Current = Callable[[], Trap]
"""Gives the trap of the story being told."""

_open: WeakSet[Any] = WeakSet()
"""The watched connections to the ledger, of all processes."""


@contextmanager
def set_up(current: Current, engines: Sequence[Engine]) -> Iterator[None]:
    """Puts the doors in place while the block runs.

    Args:
        current: Gives the trap.
        engines: The ledger's engines of the watched processes.
    """

    def connect(_dialect: Any, _record: Any, _arguments: Any, named: dict[str, Any]) -> None:
        named["connection_factory"] = _watched_connection(current)

    with ExitStack() as doors:
        doors.enter_context(patch.object(HTTPAdapter, "send", _door_to_network(current, HTTPAdapter.send)))
        doors.enter_context(patch.object(Journal, "intend", _door_to_intents(current, Journal.intend)))
        for engine in engines:
            event.listen(engine, "do_connect", connect)
            doors.callback(event.remove, engine, "do_connect", connect)
            engine.dispose()  # connections from before have no door
        yield


def die() -> None:
    """Ends what a process that is killed leaves open: its server notices at once that nobody is there any more."""
    for one in [*_in_transaction()]:
        one.close()


def _in_transaction() -> Iterator[psycopg2.extensions.connection]:
    open_ones = (one for one in [*_open] if not one.closed and not one.is_heartbeats)
    return (one for one in open_ones if one.info.transaction_status != IDLE)


def _watched_connection(current: Current) -> type[psycopg2.extensions.connection]:
    class Watched(psycopg2.extensions.connection):
        """Passes each commit that changes something to the trap; in autocommit, each prepared statement."""

        def __init__(self, *values: Any, **named: Any) -> None:
            super().__init__(*values, **named)
            self.is_heartbeats = False
            _open.add(self)

        def commit(self) -> None:
            if not self.autocommit and current().is_watching() and self._has_changed():
                current().commit(super().commit, super().cursor)
            else:
                super().commit()

        def cursor(self, *values: Any, **named: Any) -> Any:
            self.is_heartbeats = threading.current_thread() is not threading.main_thread()
            if self.autocommit:
                named["cursor_factory"] = _watched_cursor(current, named.get("cursor_factory"))
            return super().cursor(*values, **named)

        def _has_changed(self) -> bool:
            """Tells whether the transaction wrote anything; one that only read has nothing to lose."""
            if self.info.transaction_status != psycopg2.extensions.TRANSACTION_STATUS_INTRANS:
                return False
            with super().cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
                return bool((cursor.fetchone() or (False,))[0])

    return Watched


def _watched_cursor(current: Current, base: Any) -> Any:
    class Watched(base or psycopg2.extensions.cursor):  # type: ignore[misc]
        def execute(self, statement: Any, *values: Any) -> None:
            if str(statement).startswith("EXECUTE") and current().is_watching():
                current().commit(lambda: super(Watched, self).execute(statement, *values), lambda: self)
            else:
                super().execute(statement, *values)

    return Watched


def _door_to_intents(current: Current, original: Callable[..., Any]) -> Callable[..., Any]:
    def intend(journal: Journal, document_id: int, name: str, **more: Any) -> Any:
        intent = original(journal, document_id, name, **more)
        current().note_intend(sys._getframe(1), f"{name} {intent.part + 1}" if intent.part else name)
        return intent

    return intend


def _door_to_network(current: Current, original: Callable[..., Any]) -> Callable[..., Any]:
    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        trap = current()
        write = None
        if trap.is_watching():
            names = [*_names_of(trap.sandbox, request)]
            trap.requests.update(names)
            if any(_in_transaction()):
                trap.note_held_over(names[0] if names else str(request.url).partition("?")[0])
            write = _write_of(trap.sandbox, request, lambda: original(adapter, request, **options))
        answer: requests.Response = original(adapter, request, **options) if write is None else trap.write(write)
        return answer

    return send


def _names_of(sandbox: Sandbox, request: requests.PreparedRequest) -> Iterator[str]:
    """Returns what a request asks for: each transaction of M3, or method and path of the shop; nothing for a sign-in."""
    url, method = str(request.url), str(request.method)
    if url.startswith(sandbox.m3_url) and "/execute" in url:
        content = json.loads(request.body or b"{}")
        yield from (f"{content['program']}/{one['transaction']}" for one in content["transactions"])
    elif "/wp-json/wc/v3/" in url:
        yield f"{method} {_plain_path(url)}"


def _plain_path(url: str) -> str:
    path = url.partition("/wp-json/wc/v3/")[2].partition("?")[0]
    return "/".join("<id>" if part.isdigit() else part for part in path.split("/"))


def _write_of(
    sandbox: Sandbox, request: requests.PreparedRequest, send: Callable[[], requests.Response]
) -> Write | None:
    """Reads a request; None if it changes nothing (a read, a sign-in) or is the test's own."""
    url, method = str(request.url), str(request.method)
    if "/_control/" in url or url.endswith("/_book") or method == "GET" or url.endswith("/as/token.oauth2"):
        return None
    if url.startswith(sandbox.m3_url):
        return _m3_write(json.loads(request.body or b"{}"), send)
    path = url.partition("/wp-json/wc/v3/")[2].partition("?")[0]
    return Write(Kind.SHOP, f"{method} {_plain_path(url)}", {"method": method, "path": path}, send)


def _m3_write(content: dict[str, Any], send: Callable[[], requests.Response]) -> Write | None:
    names = [str(one["transaction"]) for one in content["transactions"]]
    writing = [name for name in names if not name.startswith(M3_READS)]
    if not writing:
        return None
    rule = {"program": content["program"], "transaction": writing[0]}
    return Write(Kind.M3, f"{content['program']}/{writing[0]}", rule, send)
