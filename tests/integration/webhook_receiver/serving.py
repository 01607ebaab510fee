"""The receiver as it is really run: the web line of the Procfile, spoken to over TCP."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connector.children import start_child
from connector.processes import child_environment, read_procfile
from connector.settings import environment

PROCFILE = Path(__file__).parents[3] / "Procfile"
PATIENCE_S = 60  # as long as the shop waits
PATH = "/webhooks/woocommerce/shop1"


@dataclass
class Answer:
    """What came back: status, and everything after the headers."""

    status: int
    body: bytes


@dataclass
class Server:
    """A running receiver."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def talk(self, request: bytes, *, then_close: bool = False) -> Answer | None:
        """Sends raw bytes and returns the answer, None if the connection ended without one."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as connection:
            connection.sendall(request)
            if then_close:
                connection.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = received.partition(b"\r\n\r\n")
        return Answer(int(head.split()[1]), body) if head.startswith(b"HTTP/1.1 ") else None

    def post(self, body: bytes, *headers: str, path: str = PATH) -> Answer | None:
        """Posts `body` with Content-Length and the given header lines."""
        return self.talk(head(*headers, f"Content-Length: {len(body)}", path=path) + body)

    def get(self, path: str) -> Answer | None:
        """Gets an address."""
        return self.talk(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())

    def workers(self) -> set[int]:
        """Returns the process ids of the worker processes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return {int(pid) for pid in children.split()}


def head(*headers: str, path: str = PATH) -> bytes:
    """Returns the start of a POST."""
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: test", "Connection: close", *headers, "", ""]).encode()


def until(condition: Callable[[], object], *, seconds: float = 300) -> None:
    """Waits for something to become true; the end is against hanging."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@contextmanager
def serving(folder: Path, variables: dict[str, str]) -> Iterator[Server]:
    """Runs the web line of the Procfile on a free loopback port."""
    (web,) = [one for one in read_procfile(PROCFILE) if one.name == "web"]
    log = folder / "web.log"
    arguments = f"--bind 127.0.0.1:0 {variables.get('GUNICORN_CMD_ARGS', '')}"
    complete = {**environment(), **variables, "GUNICORN_CMD_ARGS": arguments}
    with log.open("wb") as output:
        process = start_child(
            web.command, environment=child_environment(complete), folder=PROCFILE.parent, output=output
        )
    try:
        until(lambda: _port(log) or process.poll() is not None)
        port = _port(log)
        assert port, log.read_text(encoding="utf-8")
        server = Server(process, port, log)
        until(lambda: (answer := server.get("/healthz")) is not None and answer.status == 200)
        yield server
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=120)


def _port(log: Path) -> int:
    for line in log.read_text(encoding="utf-8").splitlines():
        if "Listening at" in line:
            found = re.search(r":(\d+)\b", json.loads(line)["event"])
            return int(found[1]) if found else 0
    return 0
