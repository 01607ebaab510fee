"""Turns the outcome of a soak into marks, tables and a result file. Called by `python -m tests.acceptance.soak`."""

from __future__ import annotations

import os
import platform
import statistics
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.acceptance.soak.run import Outcome

RELEASE_ORDERS = 5000
"""Times bind from so many orders on: a short run shares its machine with other checks, and is there for what is right."""
RELEASE_KILLS = 50
ORDERS_PER_KILL = 20
DRAINED_S, TAKEN_UP_S, ENDED_S = 120.0, 60.0, 25.0
MOST_FINDINGS = 20

CAUGHT_BY = {
    "sweeper": ("lost",),
    "lookup": ("doubled",),
    "fencing": ("doubled", "lines doubled", "lost", "money differs", "content differs"),
    "overlap": ("lost",),
    "compare": ("lost", "lines doubled", "money differs", "content differs"),
}
"""Which findings of the checker show that a guard was missed."""


@dataclass(frozen=True)
class Mark:
    """One figure beside what it has to be."""

    what: str
    value: str
    mark: str
    is_reached: bool
    is_time: bool = False


def marks_of(outcome: Outcome) -> list[Mark]:
    """Returns the marks of a soak with all guards."""
    problems = outcome.verdict["problems"]
    doubled = problems["doubled"] + problems["lines doubled"]
    rest = {name: many for name, many in problems.items() if many and name not in _NAMED}
    kills_wanted = min(RELEASE_KILLS, outcome.size.orders // ORDERS_PER_KILL)
    slowest_end = max((max(times) for times in outcome.ended_s.values()), default=0.0)
    slowest_taken = max(outcome.taken_up_s, default=0.0)
    return [
        _zero("orders lost", problems["lost"]),
        _zero("orders or lines doubled", doubled),
        _zero("orders whose money differs", problems["money differs"]),
        _zero("batch orders left behind", problems["batch order left behind"]),
        Mark("anything else the checker found", str(rest or 0), "0", not rest),
        _dead_letters(outcome),
        Mark("worker processes killed", str(outcome.kills), f">= {kills_wanted}", outcome.kills >= kills_wanted),
        _at_most("at rest after the last fault", outcome.rest_s, DRAINED_S),
        Mark(
            f"exchange of a killed worker taken up again ({len(outcome.taken_up_s)} of them), slowest",
            f"{slowest_taken:.1f} s" + (f", never: {outcome.never_taken_up}" if outcome.never_taken_up else ""),
            f"<= {TAKEN_UP_S:.0f} s",
            slowest_taken <= TAKEN_UP_S and not outcome.never_taken_up,
            is_time=not outcome.never_taken_up,
        ),
        _at_most("from SIGTERM to the end of a process type, slowest", slowest_end, ENDED_S),
    ]


_NAMED = ("lost", "doubled", "lines doubled", "money differs", "batch order left behind")


def _zero(what: str, many: int) -> Mark:
    return Mark(what, str(many), "0", many == 0)


def _at_most(what: str, seconds: float | None, most: float) -> Mark:
    value = "never" if seconds is None else f"{seconds:.1f} s"
    is_reached = seconds is not None and seconds <= most
    return Mark(what, value, f"<= {most:.0f} s", is_reached, is_time=seconds is not None)


def _dead_letters(outcome: Outcome) -> Mark:
    found = sorted(int(one["business_key"]) for one in outcome.dead_letters if one["flow"] == "orders_to_m3")
    others = [one["flow"] for one in outcome.dead_letters if one["flow"] != "orders_to_m3"]
    wanted = sorted(outcome.poison_expected)
    is_well = found == wanted and not others
    value = f"{len(found)}" if is_well else f"{len(found)}, {_difference(found, wanted)} {others or ''}".strip()
    return Mark("dead letters are the poison orders", value, f"exactly {len(wanted)}", is_well)


def _difference(found: list[int], wanted: list[int]) -> str:
    more, fewer = sorted(set(found) - set(wanted)), sorted(set(wanted) - set(found))
    parts = ([f"also {more}"] if more else []) + ([f"without {fewer}"] if fewer else [])
    return ", ".join(parts)


def caught(outcome: Outcome) -> dict[str, int]:
    """Returns the findings that show that the switched-off guard was missed; empty if its absence was not seen.

    What is still under way is not lost; only without the sweeper nothing moves any more.
    """
    problems = outcome.verdict["problems"]
    is_over = outcome.rest_s is not None or outcome.control == "sweeper"
    names = [name for name in CAUGHT_BY[outcome.control or ""] if is_over or name != "lost"]
    return {name: problems[name] for name in names if problems[name]}


def print_report(console: Console, outcome: Outcome) -> bool:
    """Prints what was done and what came of it; returns whether all is as it must be."""
    _print_injected(console, outcome)
    _print_findings(console, outcome)
    if outcome.control is None:
        marks = marks_of(outcome)
        _print_marks(console, outcome, marks)
        times_bind = outcome.size.orders >= RELEASE_ORDERS
        missed = [mark for mark in marks if not mark.is_reached and (times_bind or not mark.is_time)]
        late = [mark for mark in marks if not mark.is_reached and mark not in missed]
        if late:
            console.print(
                f"Times were missed; they bind from {RELEASE_ORDERS} orders on, on a machine with nothing else to do."
            )
        all_is_well = "[bold green]All marks that bind are reached.[/bold green]"
        console.print("[bold red]MISSED.[/bold red]" if missed else all_is_well)
        return not missed
    found = caught(outcome)
    if found:
        told = ", ".join(f"{many} {name}" for name, many in found.items())
        console.print(f"[bold green]Without {outcome.control} the checker finds {told}: caught.[/bold green]")
        return True
    console.print(
        f"[bold red]Without {outcome.control} the checker found nothing it should have: NOT CAUGHT.[/bold red]"
    )
    return False


def result(outcome: Outcome, *, at: datetime) -> dict[str, Any]:
    """Returns everything for the result file."""
    return {
        "at": at.isoformat(timespec="seconds"),
        "machine": machine(),
        "orders": outcome.size.orders,
        "seed": outcome.size.seed,
        "control": outcome.control,
        "traffic_s": outcome.size.traffic_s,
        "took_s": outcome.took_s,
        "marks": [] if outcome.control else [asdict(mark) for mark in marks_of(outcome)],
        "caught": caught(outcome) if outcome.control else None,
        "taken_up_s": _spread(outcome.taken_up_s),
        "from_sigterm_s": outcome.ended_s,
        "at_rest_s": outcome.rest_s,
        "books_agreed_s": outcome.agreed_s,
        "injected": {part: dict(counts) for part, counts in outcome.injected.items()},
        "verdict": outcome.verdict,
    }


def machine() -> str:
    """Returns the kind of machine."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _spread(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    return {"count": len(seconds), "median": statistics.median(seconds), "slowest": max(seconds)}


def _print_injected(console: Console, outcome: Outcome) -> None:
    table = Table(title="What was really done, as counted by who did it", title_justify="left")
    table.add_column("By")
    table.add_column("What")
    table.add_column("Times", justify="right")
    for part, counts in outcome.injected.items():
        for number, (what, many) in enumerate(sorted(counts.items())):
            table.add_row("" if number else part, escape(what), str(many), end_section=number == len(counts) - 1)
    console.print(table)


def _print_findings(console: Console, outcome: Outcome) -> None:
    findings = outcome.verdict["findings"]
    for finding in findings[:MOST_FINDINGS]:
        console.print(f"  {finding['problem']}: {escape(str(finding['what']))}", soft_wrap=True)
    if len(findings) > MOST_FINDINGS:
        console.print(f"  ... and {len(findings) - MOST_FINDINGS} more")


def _print_marks(console: Console, outcome: Outcome, marks: list[Mark]) -> None:
    verdict = outcome.verdict
    table = Table(
        title=f"{verdict['expected']} orders had to be in M3, {verdict['m3_orders']} are; seed {outcome.size.seed}, "
        f"{machine()}, {outcome.took_s:.0f} s in all",
        title_justify="left",
    )
    for column in ("Mark", "Value", "Must be", ""):
        table.add_column(column)
    for mark in marks:
        table.add_row(mark.what, escape(mark.value), mark.mark, "reached" if mark.is_reached else "[red]MISSED[/red]")
    console.print(table)
    for one in verdict["money"]:
        console.print(f"  {one['currency']}: {one['orders']} orders, {one['shop']} in the shop, {one['m3']} in M3")
    bounds = [f"{what} below {bound:.3%}" for what, bound in verdict["bound"].items() if bound is not None]
    if bounds:
        console.print(f"  At 95 %: {', '.join(bounds)} (0 of n means less than 3/n).")
