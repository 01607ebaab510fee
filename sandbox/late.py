"""What a service still has to do for callers it gave up on; the apps leave it here, their control sides have it done at once."""

import threading
from collections.abc import Callable
from functools import partial
from itertools import count

from sandbox.clock import Clock


class LateWork:
    """Work that waits for its time, each piece done once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count()
        self._waiting: dict[int, Callable[[], object]] = {}
        self._left = 0
        self._changed = threading.Condition()

    def leave(self, work: Callable[[], object], *, after_s: float) -> None:
        """Have work done after so many seconds, while the caller goes on."""
        with self._changed:
            number = next(self._numbers)
            self._waiting[number] = work
            self._left += 1
        self._clock.call_later(after_s, partial(self._do, number))

    def do_all(self) -> int:
        """Do what waits now, and return when nothing waits or is under way; says how much was done by this."""
        done = sum(self._do(number) for number in list(self._waiting))
        with self._changed:
            self._changed.wait_for(lambda: self._left == 0)
        return done

    def forget(self) -> None:
        """Drop what waits: a service that begins anew does nothing for callers of before."""
        with self._changed:
            self._left -= len(self._waiting)
            self._waiting.clear()

    def _do(self, number: int) -> bool:
        with self._changed:
            work = self._waiting.pop(number, None)
        if work is None:
            return False
        try:
            work()
        finally:
            with self._changed:
                self._left -= 1
                self._changed.notify_all()
        return True
