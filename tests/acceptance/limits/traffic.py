"""Deliveries that go on for as long as something happens to the servers behind; used by the tests of limits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def going_on(deliver: Callable[[int], int], numbers: Iterator[int], *, at_once: int) -> Iterator[dict[int, int]]:
    """Delivers one number after another from several connections while the block runs, however fast the machine is.

    Args:
        deliver: Delivers one and returns the HTTP status.
        numbers: Those to deliver; never ends.
        at_once: How many connections.

    Yields:
        The statuses so far, by number; complete when the block has ended.
    """
    answered: dict[int, int] = {}
    is_over = threading.Event()

    def deliver_on() -> None:
        while not is_over.is_set():
            number = next(numbers)
            answered[number] = deliver(number)

    with ThreadPoolExecutor(at_once) as pool:
        senders = [pool.submit(deliver_on) for _ in range(at_once)]
        try:
            yield answered
        finally:
            is_over.set()
        for sender in senders:
            sender.result()
