"""Gives up on a database that accepts everything and answers nothing; used by open_ledger for processes that must answer.

The server's own statement_timeout ends what it works on too long. A server that hangs (a full disk, a paused machine, a lost
route) ends nothing, and the client library would wait for ever.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy import Engine, event

LOOK_EVERY_S = 0.5
LOG = structlog.get_logger()


class Patience:
    """Shuts the socket of each connection that is in use for too long, so that whoever waits at it gets an error.

    One thread, started with the first connection; make it after forking.
    """

    def __init__(self, limit_s: float) -> None:
        """Watches nothing yet.

        Args:
            limit_s: Longest use of a connection between taking it from the pool and giving it back.
        """
        self._limit_s = limit_s
        self._in_use: dict[int, tuple[float, Any]] = {}  # by identity: when taken, the driver's connection
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, engine: Engine) -> None:
        """Watches all connections of an engine."""
        event.listen(engine, "checkout", self._taken)
        event.listen(engine, "checkin", self._given_back)
        event.listen(engine, "invalidate", self._given_back)

    def _taken(self, connection: Any, *_: object) -> None:
        with self._lock:
            self._in_use[id(connection)] = (time.monotonic(), connection)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="patience", daemon=True)
                self._thread.start()

    def _given_back(self, connection: Any, *_: object) -> None:
        with self._lock:
            self._in_use.pop(id(connection), None)

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_EVERY_S)
            oldest = time.monotonic() - self._limit_s
            with self._lock:
                overdue = [one for since, one in self._in_use.values() if since < oldest]
            for connection in overdue:
                self._given_back(connection)
                _shut(connection)
            if overdue:
                LOG.warning("ledger_silent", connections=len(overdue), limit_s=self._limit_s)


def _shut(connection: Any) -> None:
    """Ends both directions of its socket; the thread that waits at it sees the connection break."""
    with suppress(OSError, connection.InterfaceError), socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.shutdown(socket.SHUT_RDWR)
