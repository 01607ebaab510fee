"""HTTP without sockets: requests to known hosts call the WSGI app of that host in this process. Used by world.py.

A wire is also where a process can be stopped: before its last look at the lease, with the request on its way, or with the
answer on its way back.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Protocol
from unittest.mock import patch
from urllib.parse import unquote_to_bytes, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from connector.throttle import gate
from connector.throttle.guard import check_before_sending
from sandbox.serving import SOCKET_KEY, WsgiApp


class Place(StrEnum):
    """Where a request can be held."""

    DOOR = "before its last look at the lease"
    WAY = "with the request on its way"
    BACK = "with the answer on its way back"


Watch = Callable[[Place], None]
CONTROL = ("/_control", "/_book", "/webhooks", "/ion", "/m3-events")
"""What is not asked by the connector."""


class Travel(Protocol):
    """One request of the connector on its way to the other side."""

    def arrives(self) -> None:
        """The other side begins to work on it."""

    def is_over(self) -> None:
        """The other side has done with it what it does; nobody may hear of it."""


class Wires:
    """The hosts of this process.

    `watch` is called at each place a request of the product passes, `see` with each one when its sender has let go of it. With
    `late_by_s` the next batch for the shop gets no answer and arrives so much later, by `call_later`.
    """

    def __init__(self, apps: dict[str, WsgiApp]) -> None:
        """Connects hosts with apps; see `connected`."""
        self.apps = apps
        self.watch: Watch = lambda _: None
        self.after_listing: Callable[[], None] | None = None
        self.see: Callable[[requests.PreparedRequest], Travel] | None = None
        self.late_by_s: float | None = None
        self.call_later: Callable[[float, Callable[[], object]], None] | None = None

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Sends all requests of this process over the wires while the block runs; unknown hosts cannot be reached."""

        def look_watched() -> None:
            self.watch(Place.DOOR)
            check_before_sending()

        def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **_: Any) -> requests.Response:
            return self._send(adapter, request)

        with patch.object(gate, "check_before_sending", look_watched), patch.object(HTTPAdapter, "send", send):
            yield

    def _send(self, adapter: HTTPAdapter, request: requests.PreparedRequest) -> requests.Response:
        url = urlsplit(request.url or "")
        app = self.apps.get(url.hostname or "")
        if app is None:
            raise requests.ConnectionError(f"There is no wire to {url.hostname}.")
        if url.path.startswith(CONTROL):
            return _call(app, adapter, request)
        travel = self.see(request) if self.see else None
        self.watch(Place.WAY)
        if self._is_held_up(request, url.path):
            late, self.late_by_s = self.late_by_s or 0.0, None
            assert self.call_later is not None
            self.call_later(late, lambda: self._arrive(app, adapter, request, travel))
            raise requests.ConnectionError("The connection was cut; the request goes on.")
        response = self._arrive(app, adapter, request, travel)
        self.watch(Place.BACK)
        self._after(request.method or "", url.path)
        return response

    def _is_held_up(self, request: requests.PreparedRequest, path: str) -> bool:
        """Tells whether this is the batch of products that is to arrive late."""
        return self.late_by_s is not None and request.method == "POST" and path.endswith("/batch")

    def _arrive(
        self, app: WsgiApp, adapter: HTTPAdapter, request: requests.PreparedRequest, travel: Travel | None
    ) -> requests.Response:
        if travel:
            travel.arrives()
        try:
            return _call(app, adapter, request)
        finally:
            if travel:
                travel.is_over()

    def _after(self, method: str, path: str) -> None:
        """Does once what is to happen while a list of orders is on its way back."""
        if self.after_listing is not None and method == "GET" and path.endswith("/orders"):
            work, self.after_listing = self.after_listing, None
            work()


class _Socket:
    """Stands for the client's socket, so that a fault can cut the connection."""

    is_cut = False

    def shutdown(self, _: int) -> None:
        """Cuts it."""
        self.is_cut = True


def _call(app: WsgiApp, adapter: HTTPAdapter, request: requests.PreparedRequest) -> requests.Response:
    socket = _Socket()
    head: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc: Any = None) -> Callable[[bytes], Any]:
        head[:] = [int(status.split(" ", 1)[0]), headers]
        return io.BytesIO().write

    chunks = app(_environ(request, socket), start_response)
    content = b"".join(chunks)
    getattr(chunks, "close", lambda: None)()
    if socket.is_cut:
        raise requests.ConnectionError("The connection was cut.")
    status, headers = head
    body = HTTPResponse(body=io.BytesIO(content), headers=HTTPHeaderDict(headers), status=status, preload_content=False)
    return adapter.build_response(request, body)


def _environ(request: requests.PreparedRequest, socket: _Socket) -> dict[str, Any]:
    url = urlsplit(request.url or "")
    sent = request.body or b""
    body = sent.encode() if isinstance(sent, str) else sent
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        SOCKET_KEY: socket,
    }
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = text
    return environ
