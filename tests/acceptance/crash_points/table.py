"""The crash-point table as it is printed: a row for each point, a column for each fault. Used by conftest.py."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table

from tests.acceptance.crash_points.cases import Case
from tests.acceptance.crash_points.points import FAULTS, Fault, Kind, Point

NARROWEST = 180
LONGEST = 10
"""So many stories are told of that took longest."""
TITLES = {
    Kind.M3: "Writes to M3",
    Kind.SHOP: "Writes to the shop",
    Kind.COMMIT: "Commits to the ledger",
}


class Results:
    """What came out of each case."""

    def __init__(self) -> None:
        """Starts the clock."""
        self.planned = 0
        self._began_at = time.monotonic()
        self._wrong: dict[Case, Sequence[str]] = {}
        self._took_s: dict[str, float] = defaultdict(float)

    def add(self, case: Case, wrong: Sequence[str]) -> None:
        """Keeps the outcome of a case; nothing wrong means that it is right."""
        self._wrong[case] = wrong

    def end(self, story: str, *, took_s: float) -> None:
        """Keeps how long some cases of a story took."""
        self._took_s[story] += took_s

    def take_in(self, other: Results) -> None:
        """Adds what another process found."""
        self.planned = max(self.planned, other.planned)
        self._wrong |= other._wrong
        for story, took_s in other._took_s.items():
            self._took_s[story] += took_s

    def print(self) -> None:
        """Prints all tables and, below them, each case that went wrong with what was wrong."""
        if not self._wrong:
            return
        console = Console(highlight=False)
        console.width = max(console.width, NARROWEST)
        console.print(Group(*(self._table(kind) for kind in TITLES)))
        for case, wrong in self._wrong.items():
            if wrong:
                console.print(f"[red]WRONG[/red] {case}: {'; '.join(wrong)}")
        for story, took_s in sorted(self._took_s.items(), key=lambda one: -one[1])[:LONGEST]:
            console.print(f" {story}: {sum(case.story == story for case in self._wrong)} cases, {took_s:.0f} s")
        failed = sum(1 for wrong in self._wrong.values() if wrong)
        stories, points = {case.story for case in self._wrong}, {case.aim.point for case in self._wrong}
        took_s = time.monotonic() - self._began_at
        console.print(
            f"{len(self._wrong)} of {self.planned} cases at {len(points)} points in {len(stories)} stories, "
            f"{failed} wrong, {took_s:.0f} s"
        )

    def _table(self, kind: Kind) -> RenderableType:
        cells: dict[Point, dict[Fault, list[bool]]] = defaultdict(lambda: defaultdict(list))
        for case, wrong in self._wrong.items():
            if case.aim.point.kind is kind:
                cells[case.aim.point][case.aim.fault].append(not wrong)
        table = Table(title=f"{TITLES[kind]}: in how many stories each came out right", title_justify="left")
        table.add_column("flow or job", no_wrap=True)
        table.add_column("point", no_wrap=True)
        for fault in FAULTS[kind]:
            table.add_column(fault.replace(", ", "\n").replace(" ", "\n", 1), justify="right")
        for point in sorted(cells, key=lambda one: one.flow):
            table.add_row(point.flow, point.name, *(_cell(cells[point][fault]) for fault in FAULTS[kind]))
        return table


def _cell(outcomes: Sequence[bool]) -> str:
    if not outcomes:
        return ""
    return f"[green]ok {len(outcomes)}[/green]" if all(outcomes) else "[red]WRONG[/red]"
