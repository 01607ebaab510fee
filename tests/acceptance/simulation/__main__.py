"""`make simulate`: lets random days pass over the whole connector and looks whether a promise breaks.

Exit status 0 only if none broke; with --control only if the absence of the named guard was caught, and in its own way.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.acceptance.guards import GUARDS
from tests.acceptance.simulation.days import Step, Tally
from tests.acceptance.simulation.search import CAUGHT_AS, Found, Search
from tests.acceptance.simulation.sorts import USUAL, Sort
from tests.acceptance.simulation.together import search_all

PROCESSES = 2
STORY = Path("build/simulation-story.json")
SAY_EVERY_S = 20.0
ENOUGH = 200


def main() -> int:
    """Runs the searches, shows how far they are, and says what came of them."""
    arguments = _parse()
    console = Console()
    whole = Search(
        arguments.examples, arguments.steps, arguments.seed, arguments.control, arguments.replay, sorts=arguments.sorts
    )
    console.print(_announced(whole, arguments.processes), highlight=False, soft_wrap=True)
    started = time.monotonic()
    shown = _Shown(console, total=whole.examples)
    with shown.progress:
        found, errors = search_all(whole, processes=arguments.processes, on_example=shown.count)
    done = Tally()
    for one in found:
        done.add(one.tally)
    console.print(_table(done, seconds=time.monotonic() - started))
    for text in errors:
        console.print(f"[red]The simulation itself failed:[/red]\n{text}", highlight=False)
    violated = next((one for one in found if one.violation), None)
    if violated is not None:
        _tell(violated, console)
    elif never := never_drawn(done, whole.sorts):
        errors.append(f"No day was of the sort {' or '.join(never)}.")
        console.print(f"[red]{errors[-1]}[/red]")
    return _verdict(whole, violated, errors, console)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description="Random days over the whole connector.")
    parser.add_argument("--examples", type=int, default=300, help="how many days (default 300)")
    parser.add_argument("--steps", type=int, default=50, help="steps of a day (default 50)")
    parser.add_argument("--seed", type=int, default=None, help="repeats a run (default: drawn and shown)")
    parser.add_argument("--control", choices=GUARDS, help="switch one guard off; its absence must be caught")
    parser.add_argument("--sorts", nargs="+", type=Sort, default=USUAL, help=f"only days of these: {', '.join(Sort)}")
    parser.add_argument("--processes", type=int, default=PROCESSES, help=f"share the days out (default {PROCESSES})")
    parser.add_argument("--replay", type=_story, metavar="FILE", help="tell one story again, as kept in a file")
    arguments = parser.parse_args()
    arguments.seed = secrets.randbelow(1_000_000) if arguments.seed is None else arguments.seed
    arguments.processes = 1 if arguments.replay else max(1, min(arguments.processes, arguments.examples))
    return arguments


def _story(path: str) -> tuple[Step, ...]:
    return tuple(Step(name, values) for name, values in json.loads(Path(path).read_text(encoding="utf-8")))


def _announced(whole: Search, processes: int) -> str:
    what = f"without the guard '{whole.control}'" if whole.control else "with all guards"
    return f"Simulation: {whole.examples} days of {whole.steps} steps {what}, seed {whole.seed}, {processes} processes."


class _Shown:
    """How far the searches are: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console, *, total: int) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]:.1f} days/s"), TimeElapsedColumn())
        self.progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self.progress.add_task("", total=total, rate=0.0)
        self._console = console
        self._total = total
        self._done = 0
        self._started = self._said = time.monotonic()

    def count(self) -> None:
        """One more is done."""
        self._done += 1
        now = time.monotonic()
        rate = self._done / (now - self._started)
        self.progress.update(self._task, completed=min(self._done, self._total), rate=rate)
        if not self._console.is_terminal and now - self._said >= SAY_EVERY_S:
            self._said = now
            self._console.print(f"{self._done} of {self._total} days, {rate:.1f} a second", highlight=False)


def _table(whole: Tally, *, seconds: float) -> Table:
    table = Table(title=f"What was done in {seconds:.0f} s", title_justify="left")
    table.add_column("what")
    table.add_column("times", justify="right")
    table.add_row("days", str(whole.examples))
    for sort in Sort:
        table.add_row(f"days: {sort}", str(whole.sorts[sort]))
    for name, count in sorted(whole.carried.items(), key=lambda one: -one[1]):
        table.add_row(f"in M3: {name}", str(count))
    for name, count in sorted(whole.goods.items(), key=lambda one: -one[1]):
        table.add_row(f"goods: {name}", str(count))
    table.add_section()
    for name, count in sorted(whole.steps.items(), key=lambda one: -one[1]):
        table.add_row(f"step: {name.replace('_', ' ').strip()}", str(count))
    table.add_section()
    for name, count in sorted((+whole.faults).items(), key=lambda one: -one[1]):
        table.add_row(f"fault: {name.replace('_', ' ')}", str(count))
    return table


def never_drawn(done: Tally, sorts: Iterable[Sort]) -> list[Sort]:
    """Returns the sorts no day was of, if there were days enough: a run that leaves a sort out has shown nothing of it."""
    return [sort for sort in sorts if not done.sorts[sort]] if done.examples >= ENOUGH else []


def _tell(found: Found, console: Console) -> None:
    console.print("\nThe shortest story found:")
    for number, sentence in enumerate(found.story, start=1):
        console.print(f"{number:3}. {sentence}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"Broken: {found.violation}", highlight=False, markup=False, soft_wrap=True)
    STORY.parent.mkdir(parents=True, exist_ok=True)
    STORY.write_text(json.dumps([[one.name, one.values] for one in found.steps], indent=1) + "\n", encoding="utf-8")
    again = f"python -m tests.acceptance.simulation --replay {STORY}"
    console.print(f"Its steps are in {STORY}; tell it again: {again}", highlight=False, soft_wrap=True)


def _verdict(whole: Search, violated: Found | None, errors: list[str], console: Console) -> int:
    if whole.control is None:
        console.print("Nothing broke." if violated is None and not errors else "[red]Not all held.[/red]")
        return 1 if violated or errors else 0
    if violated is None:
        console.print(f"[red]The absence of '{whole.control}' was not caught; try more --examples.[/red]")
        return 1
    console.print(f"The absence of '{whole.control}' was caught as {' or '.join(CAUGHT_AS[whole.control])}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
