"""How a worker process signs its leases, and whether the one that signed so is surely gone. Used by process.py and the sweeper.

A process number means something only on one machine, since its last start, and in one container: all three are in the
signature. So a worker that was killed is known to be gone without waiting for its lease, and none is taken for another.
"""

from __future__ import annotations

import hashlib
import os
import socket
from functools import cache
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
NUMBERS = Path("/proc/self/ns/pid")  # its inode tells one space of process numbers from another (namespaces(7))


def signature(pid: int) -> str:
    """Returns what the process `pid` of this place signs with."""
    return f"{_place()}:{pid}"


def is_gone(worker: str) -> bool:
    """Tells whether the process that signed so surely does not exist any more; False where that cannot be known."""
    place, _, number = worker.rpartition(":")
    if place != _place() or not _is_certain() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)  # signal 0 only asks
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


@cache
def _place() -> str:
    told = f".{_fingerprint()}" if _is_certain() else ""
    return f"{socket.gethostname()}{told}"


@cache
def _is_certain() -> bool:
    try:
        return bool(_fingerprint())
    except OSError:  # no Linux, or the container does not show it: leases end by themselves
        return False


def _fingerprint() -> str:
    told = f"{BOOT.read_text(encoding='ascii').strip()} {NUMBERS.stat().st_ino}"
    return hashlib.sha256(told.encode()).hexdigest()[:8]
