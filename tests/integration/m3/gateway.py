"""A gateway on loopback that does what a test tells it: bulk interface and token endpoint; for the tests of the client.

It knows no M3; each answer is written by the test, or says that all went well.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

EXECUTE = "/ACME_TST/M3/m3api-rest/v2/execute"
TOKEN = "/as/token.oauth2"


@dataclass(frozen=True)
class Seen:
    """A request as it came in, with the port of the connection it came over."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


Behaviour = Callable[["_Handler", Seen], None]


@dataclass
class Gateway:
    """What is answered next, and what was asked."""

    address: str = ""
    answers: deque[Behaviour] = field(default_factory=deque)
    token_answers: deque[Behaviour] = field(default_factory=deque)
    calls: list[Seen] = field(default_factory=list)
    token_calls: list[Seen] = field(default_factory=list)

    @property
    def ionapi(self) -> dict[str, str]:
        return {
            "ti": "ACME_TST",
            "cn": "test",
            "ci": "ACME_TST~client",
            "cs": "client-secret",
            "iu": self.address,
            "pu": f"{self.address}/as/",
            "ot": "token.oauth2",
            "saak": "ACME_TST#account",
            "sask": "account-secret",
        }


def reply(status: int, body: object = None, **headers: str) -> Behaviour:
    """Answers with a status and a body (JSON unless bytes)."""

    def behave(handler: _Handler, _: Seen) -> None:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        handler.answer(status, content, {name.replace("_", "-"): value for name, value in headers.items()})

    return behave


def results(*items: dict[str, object], status: int = 200, **totals: object) -> Behaviour:
    """Answers a bulk with these items; `transaction` is filled in from the request."""

    def behave(handler: _Handler, seen: Seen) -> None:
        asked = seen.json["transactions"]
        named = [
            {"transaction": asked[place]["transaction"], **item} if place < len(asked) else item
            for place, item in enumerate(items)
        ]
        handler.answer(status, json.dumps({"results": named, **totals}).encode(), {})

    return behave


def well(handler: _Handler, seen: Seen) -> None:
    """Answers that every transaction went well, with the record sent as the record read."""
    items = [{"transaction": one["transaction"], "records": [one["record"]]} for one in seen.json["transactions"]]
    handler.answer(200, json.dumps({"results": items, "wasTerminated": False}).encode(), {})


def cut(handler: _Handler, _: Seen) -> None:
    """Closes the connection after the request was read, without a word."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def half(handler: _Handler, _: Seen) -> None:
    """Announces a body and breaks off in it."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b'{"results":[')
    handler.wfile.flush()
    cut(handler, _)


def after(seconds: float, behaviour: Behaviour) -> Behaviour:
    """Waits before it does the same."""

    def behave(handler: _Handler, seen: Seen) -> None:
        time.sleep(seconds)
        behaviour(handler, seen)

    return behave


def token(access: str, *, expires_in: int = 7200, **more: str) -> Behaviour:
    """Gives a token."""
    return reply(200, {"access_token": access, "token_type": "Bearer", "expires_in": expires_in, **more})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    disable_nagle_algorithm = True
    gateway: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        seen = Seen(self.path, dict(self.headers), body, self.client_address[1])
        gateway = self.gateway
        if self.path == TOKEN:
            gateway.token_calls.append(seen)
            default: Behaviour = token(f"token-{len(gateway.token_calls)}")
            behaviour = gateway.token_answers.popleft() if gateway.token_answers else default
        else:
            gateway.calls.append(seen)
            behaviour = gateway.answers.popleft() if gateway.answers else well
        try:
            behaviour(self, seen)
        except OSError:
            self.close_connection = True  # the client did not wait

    def answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that a test cut is no error."""


class Running:
    """The gateway while it runs."""

    def __init__(self) -> None:
        self.gateway = Gateway()
        handler = type("Handler", (_Handler,), {"gateway": self.gateway})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.gateway.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Gateway:
        self._thread.start()
        return self.gateway

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)
