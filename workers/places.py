"""How many processes of a pool one store may hold at once: all but one. Made by workers/app.py, asked by workers/turns.py.

A place is a lock on one byte of a file that the pool's processes inherit: the kernel gives it back with the process that
held it, however that one ended. Each node of a pool keeps a process free of its own, so pools need not know each other.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

PLACES_PER_STORE = 1 << 10  # no pool has as many processes


class Places:
    """The places of one pool on one node. Make it before the processes are forked."""

    def __init__(self, processes: int) -> None:
        """Makes the file; it has no name and goes with the last process that has it open.

        Args:
            processes: How many the pool has here; one process alone serves every store.
        """
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the pool
        self._each = max(1, processes - 1)

    def close(self) -> None:
        """Gives this process's places back for good."""
        self._file.close()

    @contextmanager
    def held(self, store: str) -> Iterator[bool]:
        """Holds a place of a store while the block runs; yields False if this store has all it may have."""
        place = self._take(store)
        try:
            yield place is not None
        finally:
            if place is not None:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    def _take(self, store: str) -> int | None:
        first = zlib.crc32(store.encode()) * PLACES_PER_STORE
        for place in range(first, first + self._each):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place, os.SEEK_SET)
            except OSError:
                continue
            return place
        return None
