"""Ends a pool in time after SIGTERM, also when one of its processes is frozen or far from done. Connected by workers/app.py.

Celery waits for its processes without a limit once the soft shutdown is over. A platform would kill the whole pool then, its
main process too, and the messages that this one still holds would come back late.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import FrameType

import structlog

SOFT_S = 18.0
"""So long may a run go on after SIGTERM; the messages of those that do not end are given back."""
LAST_RESORT_S = 20.0
"""Two seconds after the soft shutdown, five before a pool has to be gone: the machine may be busy."""
GONE_S = 2.0

_LOG = structlog.get_logger()


def bound_shutdown(processes: Callable[[], Iterable[int]]) -> None:
    """Makes SIGTERM start a clock that kills what is left of the pool; call it in the main thread, after Celery's handlers.

    What a killed process was at is taken up like that of any other: its lease runs out.

    Args:
        processes: Gives the process ids of the pool.
    """
    asked, ask = os.pipe()
    threading.Thread(target=_kill_when_asked, args=(asked, processes), name="last-resort", daemon=True).start()
    handle = signal.getsignal(signal.SIGTERM)

    def begin(number: int, frame: FrameType | None) -> None:
        os.write(ask, b".")  # a handler may run anywhere: this takes no lock
        if callable(handle):
            handle(number, frame)

    signal.signal(signal.SIGTERM, begin)


def _kill_when_asked(asked: int, processes: Callable[[], Iterable[int]]) -> None:
    os.read(asked, 1)
    time.sleep(LAST_RESORT_S)
    left = list(processes())
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _LOG.warning("pool_processes_killed", count=len(left), after_s=LAST_RESORT_S)
    time.sleep(GONE_S)
    os._exit(1)
