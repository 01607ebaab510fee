"""Hostile deliveries for the receiver and the workers: `make hostile BODIES=100000 SEED=1`. Exit 0 only if all were borne."""

from __future__ import annotations

import argparse
import logging
import platform
import secrets
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.acceptance.hostile.judging import MOST_GROWTH, WrongError
from tests.acceptance.hostile.run import Result, run

CONSOLE = Console()


def main() -> int:
    """Sends them and returns 0 if none did harm."""
    options = _options()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    CONSOLE.print(f"{options.bodies} requests, seed {options.seed}")
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=CONSOLE) as progress:
            task = progress.add_task("sent", total=options.bodies)

            def tell(sent: int, growth: float) -> None:
                progress.update(task, completed=sent, description=f"sent, memory x {growth:.2f}")
                if not CONSOLE.is_terminal:  # a log shows no bar
                    CONSOLE.print(f"{sent} sent, memory x {growth:.2f}")

            result = run(folder, bodies=options.bodies, seed_=options.seed, tell=tell)
    except WrongError as error:
        CONSOLE.print(f"WRONG with seed {options.seed}: {error}", markup=False)
        CONSOLE.print(f"The logs are in {folder}. Again: make hostile BODIES={options.bodies} SEED={options.seed}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    _print(result, seed=options.seed)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hostile", description="Sends the receiver what nobody should send.")
    parser.add_argument("--bodies", type=int, default=3000, help="how many requests (3000)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="the same seed sends the same")
    return parser.parse_args()


def _print(result: Result, *, seed: int) -> None:
    answers = Table("request", "2xx", "4xx", "closed", "5xx, 3xx", title="Answers")
    for kind, counts in sorted(result.answers.items()):
        refused = sum(count for status, count in counts.items() if 400 <= status < 500)
        taken = counts[200] + counts[202]
        wrong = counts.total() - taken - refused - counts[0]
        answers.add_row(kind, *(str(one or "") for one in (taken, refused, counts[0])), str(wrong))
    CONSOLE.print(answers)
    ends = Table("exchange ended", "count", title="What the workers made of what was taken")
    for fate, count in sorted(result.fates.items()):
        ends.add_row(fate, str(count))
    CONSOLE.print(ends)
    stored = sum(counts[200] for kind, counts in result.answers.items() if kind.startswith("signed"))
    messages = sum(counts[202] for counts in result.answers.values())
    CONSOLE.print(
        f"{result.sent} requests with seed {seed} in {result.took_s:.0f} s: no 5xx, no 3xx; {stored} signed bodies and "
        f"{messages} messages of M3, each with its row; no row for any other; no exchange ended as a bug. "
        f"Memory of the receiver x {result.growth:.2f} (bound {MOST_GROWTH}), {result.memory_mb:.0f} MB. "
        f"{platform.machine()}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    )


if __name__ == "__main__":
    sys.exit(main())
