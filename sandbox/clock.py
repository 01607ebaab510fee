"""The time both services live by: the machine's, unless whoever makes an app hands in a clock of its own."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the services ask of a clock."""

    def now(self) -> datetime:
        """Give the time of day, aware UTC."""

    def monotonic(self) -> float:
        """Give seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def call_later(self, seconds: float, work: Callable[[], object]) -> None:
        """Have work done after so many seconds, while the caller goes on."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Give the time of day, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def call_later(self, seconds: float, work: Callable[[], object]) -> None:
        """Have work done in a thread of its own."""
        timer = threading.Timer(seconds, work)
        timer.daemon = True
        timer.start()
