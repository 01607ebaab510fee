"""Holds servers still, as a full disk, a paused virtual machine or a lost route would; used by the tests of limits."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Stops a process and all its descendants (SIGSTOP) while the block runs; connections to it stay open and silent."""
    parent = psutil.Process(pid)
    parent.suspend()  # first, so that it starts no further child
    family = [parent, *parent.children(recursive=True)]
    for one in family[1:]:
        with suppress(psutil.NoSuchProcess):
            one.suspend()
    try:
        yield
    finally:
        for one in reversed(family):
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGCONT)


@contextmanager
def silent_port(port: int) -> Iterator[None]:
    """Accepts connections on a loopback port and never says a word."""
    with socket.create_server(("127.0.0.1", port), backlog=128):
        yield
