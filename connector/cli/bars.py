"""A progress bar with counts, rate and time left, on stderr; used by `connector sync` of items and `connector reconcile`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from connector.cli.output import err
from connector.flows.pulling import Progress


class _Rate(ProgressColumn):
    """How many items a second."""

    def render(self, task: Task) -> Text:
        """Returns the rate of the last half minute, or nothing while it is not known."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f}/s" if speed >= 10 else f"{speed:.1f}/s")


@contextmanager
def bar(title: str, *, most_likely: int | None = None) -> Iterator[Progress]:
    """Shows a bar while the block runs; yields what is told how far it is.

    Without a terminal nothing moves: the last state is written once at the end.

    Args:
        title: What is done.
        most_likely: How many there are, where nobody knows before the end: M3 does not say how many items a list has.
    """
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(),
    )  # fmt: skip
    with Bars(*columns, console=err()) as bars:
        task = bars.add_task(title, total=None)
        is_counted = False

        def tell(done: int, total: int | None) -> None:
            nonlocal is_counted
            is_counted = total is not None
            guess = max(most_likely, done) if most_likely else None
            bars.update(task, completed=done, total=guess if total is None else total)

        yield tell
        if not is_counted:  # it came to its end, so there were as many as were done
            bars.update(task, total=bars.tasks[0].completed)
