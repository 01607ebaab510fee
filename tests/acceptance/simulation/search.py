"""One process of a simulation: makes a world and lets Hypothesis look for a story that breaks a promise. Used by __main__.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.errors import Flaky, FlakyStrategyDefinition
from hypothesis.stateful import run_state_machine_as_test

from tests.acceptance.guards import switched_off
from tests.acceptance.simulation.books import ViolationError
from tests.acceptance.simulation.days import Played, Step, Tally
from tests.acceptance.simulation.machine import Simulation, machine_of
from tests.acceptance.simulation.shorten import play, shorten
from tests.acceptance.simulation.sorts import USUAL, Sort
from tests.acceptance.simulation.world import made_world

SEEDS_APART = 1_000_000
SHORTEN_S = 60
"""Longest time spent on shortening a story that breaks a promise."""

CAUGHT_AS = {
    "sweeper": ("stuck",),
    "lookup": ("doubled",),
    "fencing": ("doubled",),
    "overlap": ("lost",),
    "compare": ("lost",),
    "in_flight": ("oversold",),
    "second_look": ("stale",),
    "erasing": ("remembered",),
    "one_key": ("doubled",),
    "foreign": ("overwritten",),
    "taken_off": ("lost",),
}
"""What the absence of each guard must show as: a control that fails in another way has not shown its guard."""


@dataclass(frozen=True)
class Search:
    """What one process is to do. `replay` are the steps of one story instead of a search, `sorts` those the days are of."""

    examples: int
    steps: int
    seed: int
    control: str | None = None
    replay: tuple[Step, ...] | None = None
    sorts: tuple[Sort, ...] = USUAL


@dataclass(frozen=True)
class Found:
    """What came of it: what broke, or None, with its shortest story as sentences and as steps; and what was done."""

    violation: str | None
    story: tuple[str, ...]
    steps: tuple[Step, ...]
    tally: Tally


def search(wanted: Search, *, on_example: Callable[[], None]) -> Found:
    """Runs examples until one breaks a promise or all are done.

    Args:
        wanted: What to do.
        on_example: Called after each example.
    """
    Simulation.tally = Tally()
    Simulation.on_example = [on_example]
    Simulation.broken = []
    Simulation.looked_for = CAUGHT_AS[wanted.control] if wanted.control else ()
    with ExitStack() as stack:
        Simulation.world = stack.enter_context(made_world())
        if wanted.control:
            stack.enter_context(switched_off(wanted.control))
        if wanted.replay is not None:
            return _found(play(wanted.replay), Simulation.tally)
        try:
            _let_days_pass(wanted)
        except (ViolationError, Flaky):
            tally, Simulation.tally = Simulation.tally, Tally()
            Simulation.on_example = []
            return _found(_shortened(Simulation.broken[0]), tally)
    return Found(None, (), (), Simulation.tally)


def _let_days_pass(wanted: Search) -> None:
    """Lets the days of each sort pass, as many as it has shares: drawn with the days a sort came once or ten times, for Hypothesis
    varies what it has.
    """
    for sort, days in _shares(wanted):
        Simulation.sort = sort
        _let_days_of_sort_pass(wanted, days=days)


def _shares(wanted: Search) -> list[tuple[Sort, int]]:
    shared = [sort for sort in wanted.sorts for _ in range(sort.shares)]
    share, rest = divmod(wanted.examples, len(shared))
    days: Counter[Sort] = Counter()
    for place, sort in enumerate(shared):
        days[sort] += share + (place < rest)
    return [*(+days).items()]


def _let_days_of_sort_pass(wanted: Search, *, days: int) -> None:
    """Lets Hypothesis draw days; with another seed from where a day drawn twice went otherwise: threads and jitter are real."""
    begun = Simulation.tally.examples
    for seed in count(wanted.seed, SEEDS_APART):
        left = days - (Simulation.tally.examples - begun)
        try:
            machine = hypothesis.seed(seed)(machine_of(Simulation.sort))
            run_state_machine_as_test(machine, settings=_settings(wanted, days=left))
            return
        except FlakyStrategyDefinition:
            if Simulation.broken:
                raise
            if Simulation.tally.examples - begun >= days:
                return


def _shortened(first: Played) -> Played:
    again = play(first.steps)
    return shorten(again, within_s=SHORTEN_S) if again.kind == first.kind else first


def _found(played: Played, tally: Tally) -> Found:
    return Found(played.violation, played.story, played.steps, tally)


def _settings(wanted: Search, *, days: int) -> settings:
    return settings(
        max_examples=days,
        stateful_step_count=wanted.steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate,),
    )
