"""A gate that lets everything through and remembers what passed; stands for the shared one in tests without Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class OpenGate:
    def __init__(self) -> None:
        self.held_back_s: list[float] = []
        self.outcomes: list[str] = []

    @contextmanager
    def call(self, *, wait_s: float = 5.0) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.outcomes.append(type(error).__name__)
            raise
        self.outcomes.append("ok")

    def hold_back(self, retry_after_s: float) -> None:
        self.held_back_s.append(retry_after_s)
