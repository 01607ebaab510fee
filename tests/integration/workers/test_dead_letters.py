"""People are told of dead letters: once, in groups, and again only if something else is wrong."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.harness import Connector
from workers import dead_letters, sweeper
from workers.process import Process


class Told(HTTPServer):
    """A receiver of alerts."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.messages: list[dict[str, Any]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Told

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.messages.append(json.loads(body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def told() -> Iterator[Told]:
    server = Told()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def _with_alerts(connector: Connector, told: Told) -> Process:
    settings = connector.settings.model_copy(update={"alert_urls": (told.url,)})
    runtime = connector.process.runtime
    runtime.settings = settings
    return dataclasses.replace(connector.process, runtime=runtime)


def test_dead_letters_are_told_once_in_groups_with_what_to_do(connector: Connector, told: Told) -> None:
    process = _with_alerts(connector, told)
    orders = [connector.sandbox.place(kind="unknown_sku") for _ in range(3)]
    connector.ask(*(order["id"] for order in orders))
    connector.drain()

    dead_letters.alert(process)
    dead_letters.alert(process)

    (message,) = told.messages
    assert "3 x unknown_item" in message["message"]
    assert "connector items map BOOK-5" in message["message"]


def test_alert_that_could_not_be_sent_is_sent_later(connector: Connector, told: Told) -> None:
    process = _with_alerts(connector, told)
    connector.ask(connector.sandbox.place(kind="unknown_sku")["id"])
    connector.drain()
    told.status = 500

    dead_letters.alert(process)
    told.status = 200
    dead_letters.alert(process)

    assert len(told.messages) == 1


def test_recheck_of_the_same_dead_letter_alerts_nobody_again(connector: Connector, told: Told) -> None:
    process = _with_alerts(connector, told)
    connector.ask(connector.sandbox.place(kind="unknown_sku")["id"])
    connector.drain()
    dead_letters.alert(process)

    connector.pass_time(1000)
    sweeper.sweep(process)
    connector.drain()
    dead_letters.alert(process)

    assert connector.rows("SELECT claim_no FROM exchange")[0]["claim_no"] == 2
    assert len(told.messages) == 1


def test_sweep_waits_for_nobody_and_has_people_told_by_the_pool_that_may(connector: Connector, told: Told) -> None:
    process = _with_alerts(connector, told)
    connector.ask(connector.sandbox.place(kind="unknown_sku")["id"])
    connector.drain()
    connector.process.runtime.redis.delete("dead_letter")  # the message of the run itself was lost

    for _ in range(3):
        sweeper.sweep(process)

    assert told.messages == []
    assert connector.process.runtime.redis.llen("dead_letter") == 1
