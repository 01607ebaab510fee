"""Ports of this machine: one for a server that is started next, and whether one is taken."""

from __future__ import annotations

import errno
import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Returns a port for a server that is started next: for a minute the kernel gives it to nobody who asks for any port.

    A connection on it has ended just now (TIME_WAIT), which only a server that names this port may overlook (SO_REUSEADDR).
    """
    with socket.create_server((LOOPBACK, 0)) as server:
        address: tuple[str, int] = server.getsockname()
        with socket.create_connection(address):
            server.accept()[0].close()
        return address[1]


def is_free(port: int) -> bool:
    """Tells whether nobody listens on a port of this machine; one that is only being given up (TIME_WAIT) is free.

    So is one that we may not open, as one below 1024: whoever opens it says so.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True
