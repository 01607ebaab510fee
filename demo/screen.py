"""What is seen while the story plays: a live view on a terminal, a line now and then elsewhere; used by the story."""

from __future__ import annotations

import time
from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from demo.acts import Played, print_act
from demo.watch import Look

LINE_EVERY_S = 10.0
FAULT_WORDS = {
    "http_429": "429 too many requests",
    "http_503": "503 not available",
    "lock": "record locked",
    "drop_after_commit": "done, but the answer lost",
    "late_answer": "504 at the gateway, done afterwards",
}


class Screen:
    """Shows where the story is; everything shown comes from the newest look."""

    def __init__(self, console: Console, *, orders: int) -> None:
        """Prepares the screen for a story of so many orders."""
        self._console = console
        self._orders = orders
        self._placed = 0
        self._deeds = self._seen = 0
        self._changes = "none yet"
        self._began = time.monotonic()
        self._told: list[str] = []
        self._line_at = 0.0
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def tell(self, what: str) -> None:
        """Says one thing that happened; it stays on the screen."""
        self._console.print(Text.assemble((f"{self._age()}  ", "dim"), what))

    def placed(self, count: int) -> None:
        """Notes how many orders the buyers have placed."""
        self._placed = count

    def acted(self, *, seen: int, deeds: int) -> None:
        """Notes how much of the present act has arrived on both sides."""
        self._seen, self._deeds = seen, deeds

    def act(self, played: Played) -> None:
        """Prints the table of an act that is over."""
        print_act(self._console, played)
        self._deeds = self._seen = 0

    def loading(self, words: str) -> None:
        """Shows how far the shop's shelf is filled."""
        if self._live is not None:
            self._live.update(
                Text(f"\n{self._age()}  M3 -> connector -> shop. Products and variations: {words}", style="bold")
            )

    def changed(self, *, shown: int, waiting: int) -> None:
        """Notes how many changes of M3 the shop shows, and how many it does not yet."""
        self._changes = f"{shown} in the shop, {waiting} under way"

    def show(self, look: Look) -> None:
        """Shows the newest look."""
        if self._live is not None:
            self._live.update(self._view(look))
        elif time.monotonic() - self._line_at >= LINE_EVERY_S:
            self._line_at = time.monotonic()
            self.tell(self._line(look) + _how_old(look))

    def _view(self, look: Look) -> Group:
        grid = Table.grid(padding=(0, 2))
        bars = [("placed", self._placed, self._orders), ("in M3", look.in_m3, self._orders)]
        if self._deeds:
            bars.append(("this act", self._seen, self._deeds))
        for label, count, all_ in bars:
            grid.add_row(label, ProgressBar(total=all_, completed=count, width=40), f"{count} of {all_}")
        deliveries = look.deliveries()
        grid.add_row(
            "webhooks", f"{deliveries['sent']} delivered, {deliveries['waiting']} under way,"
            f" {deliveries['suppressed']} lost on purpose, {deliveries['failed']} failed"
        )  # fmt: skip
        grid.add_row("orders", _counted(look.states()))
        grid.add_row("waiting", _counted(look.waiting()) or "nothing")
        grid.add_row("changes", f"of items, prices, stock in M3: {self._changes}")
        grid.add_row("faults", _counted(Counter({FAULT_WORDS.get(k, k): n for k, n in look.faults.items()})) or "none")
        return Group(Text(f"\n{self._age()}  Shop <-> connector <-> M3", style="bold"), grid)

    def _line(self, look: Look) -> str:
        if self._deeds:
            return (
                f"seen on both sides: {self._seen} of {self._deeds}; waiting: {_counted(look.waiting()) or 'nothing'}"
            )
        deliveries = look.deliveries()
        return (
            f"placed {self._placed}, webhooks delivered {deliveries['sent']}, in M3 {look.in_m3};"
            f" waiting: {_counted(look.waiting()) or 'nothing'}; faults so far: {look.faults.total()}"
        )

    def _age(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        return f"{minutes}:{seconds:02}"


def _how_old(look: Look) -> str:
    """Says so where the newest look is old: on a busy machine one takes long, and nothing seems to move."""
    age = time.monotonic() - look.taken_at
    return f" (as of {age:.0f} s ago)" if look.taken_at and age >= LINE_EVERY_S else ""


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())
