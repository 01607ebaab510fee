"""A running sandbox shop, a real receiver on loopback, and the shop as it stood when the answers were recorded."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from sandbox.clock import Clock
from sandbox.serving import SandboxServer, start_in_thread
from sandbox.shop.app import create_app
from sandbox.shop.dates import now_utc
from sandbox.shop.dispatcher import Dispatcher
from sandbox.shop.state import Shop

HTTPS = {"X-Forwarded-Proto": "https"}


class RunningShop:
    """A shop behind a real server; `call` speaks as a client with a read-write key over https does."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.app = create_app(seed=1, clock=clock)
        self.shop: Shop = self.app.extensions["shop"]
        self.dispatcher: Dispatcher = self.app.extensions["dispatcher"]
        self._server = SandboxServer(self.app, 0)
        self._thread = start_in_thread(self._server)
        self.url = self._server.url

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {**HTTPS, **more.pop("headers", {})}
        auth = more.pop("auth", ("ck_sandbox", "cs_sandbox"))
        url = f"{self.url}/wp-json/wc/v3/{path}"
        return requests.request(method, url, headers=headers, auth=auth, timeout=120, **more)

    def control(self, path: str, **body: Any) -> requests.Response:
        return requests.post(f"{self.url}/_control/{path}", json=body, timeout=120)

    def book(self) -> Any:
        return requests.get(f"{self.url}/_book", timeout=120).json()

    def listen(self, receiver: "Receiver", *topics: str, secret: str = "test-webhook-secret") -> list[int]:
        """Create a webhook per topic and forget the pings."""
        ids = []
        for topic in topics:
            body = {"topic": topic, "delivery_url": receiver.url, "secret": secret}
            ids.append(self.call("POST", "webhooks", json=body).json()["id"])
        receiver.seen.clear()
        return ids

    def flush(self) -> None:
        assert self.dispatcher.flush(timeout_s=120)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.dispatcher.close()


class Receiver:
    """A webhook receiver that keeps what came in; `answers` are statuses to give, the last one for ever."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.answers = [200]
        self.delay_s = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.seen.append((dict(self.headers.items()), body))
                time.sleep(receiver.delay_s)
                status = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                self.send_response(status)
                if status in {301, 302, 303, 307}:
                    self.send_header("Location", f"{receiver.url}elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(0.02), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def topics(self) -> list[str]:
        return [headers.get("X-WC-Webhook-Topic", "ping") for headers, _ in self.seen]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def server() -> Iterator[RunningShop]:
    running = RunningShop()
    yield running
    running.close()


@pytest.fixture
def shop(server: RunningShop) -> RunningShop:
    """The running shop, put back to its first day."""
    with server.shop.lock:
        server.shop.clock, server.shop.settings.home_url = now_utc, ""
    server.control("faults")
    server.control("reset", seed=1)
    return server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    listening = Receiver()
    yield listening
    listening.close()
