"""Shows where a soak is: one line that changes on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

LINE_EVERY_S = 15.0


class Progress:
    """What is seen while a soak runs."""

    def __init__(self, console: Console) -> None:
        """Begins to count the time."""
        self._console = console
        self._began = time.monotonic()
        self._line_at = 0.0
        self._live = Live(console=console, refresh_per_second=2, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def tell(self, what: str) -> None:
        """Says one thing that happened; it stays."""
        self._console.print(self._line(what))

    def show(self, what: str) -> None:
        """Shows how far it is."""
        if self._live is not None:
            self._live.update(self._line(what))
        elif time.monotonic() - self._line_at >= LINE_EVERY_S:
            self._line_at = time.monotonic()
            self.tell(what)

    def _line(self, what: str) -> Text:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        return Text.assemble((f"{minutes}:{seconds:02}  ", "dim"), what)
