"""Sends a request to the receiver over a socket of its own and says how it was answered. Called by run.py."""

from __future__ import annotations

import socket
from contextlib import suppress

from tests.acceptance.hostile.sent import Sent

PATIENCE_S = 60


def send(sent: Sent, *, port: int) -> int:
    """Sends it to the loopback port.

    Returns:
        The HTTP status, 0 if the connection was closed without an answer.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        with suppress(ConnectionError):  # a refusal may come before all of it was sent
            connection.sendall(sent.request)
        if sent.is_broken_off:
            with suppress(OSError):  # the other side may have closed it already
                connection.shutdown(socket.SHUT_WR)
        return _status(_received(connection))


def _received(connection: socket.socket) -> bytes:
    received = b""
    with suppress(ConnectionError):
        while part := connection.recv(65536):
            received += part
    return received


def _status(received: bytes) -> int:
    """Reads the status line of the last answer: `100 Continue` may stand before it."""
    parts = received.split(b" ", 2)
    return int(parts[1]) if received.startswith(b"HTTP/1.") and len(parts) > 1 else 0
