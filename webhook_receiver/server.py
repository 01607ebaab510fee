"""How gunicorn serves the receiver: a worker that does not wait for ever, and our log. Named in gunicorn_conf.py."""

from __future__ import annotations

import ctypes
import socket
import struct
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # gunicorn ships no types
from gunicorn.http.errors import InvalidHeader, UnsupportedTransferCoding  # type: ignore[import-untyped]  # the same
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # gunicorn ships no types

SILENCE_S = 10  # longest wait for the next bytes of a request
LARGE_BYTES = 256 * 1024
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # malloc.h of glibc


class ReceiverWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Threads that give up on a sender who stops in the middle of a request; gunicorn's own would wait for ever."""

    def init_process(self) -> None:
        """Starts serving with memory that goes back to the system."""
        _return_large_memory()
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """Serves one request of a connection."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", SILENCE_S, 0))
        return super().handle(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answers 400 to a transfer coding nobody knows; gunicorn's 501 would be counted as a failure of ours."""
        is_senders = isinstance(exc, UnsupportedTransferCoding)
        super().handle_error(req, client, addr, InvalidHeader("TRANSFER-ENCODING") if is_senders else exc)


def _return_large_memory() -> None:
    """Makes glibc give the memory of large bodies back when they are done with.

    Left alone it raises its own threshold with the first large body, keeps later ones in an arena per thread, and a process
    that saw some bodies of 5 MB stays half as large again.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_ARENA_MAX, 2)


class ReceiverLog(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """Passes gunicorn's own messages on to the root logger, which connector.logs has set up; no access log."""

    def setup(self, cfg: Any) -> None:
        """Replaces gunicorn's handlers by ours."""
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.access_log.handlers = []
        self.access_log.propagate = False
