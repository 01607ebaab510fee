"""Plays a recorded day again, and leaves out whatever it does not need to break the same promise. Used by search.py."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from tests.acceptance.simulation.books import ViolationError
from tests.acceptance.simulation.days import Played, Step
from tests.acceptance.simulation.machine import machine_of
from tests.acceptance.simulation.sorts import Sort


def play(steps: Sequence[Step]) -> Played:
    """Takes the steps in order, leaving out those that cannot be taken as things stand."""
    random.seed(0)
    machine = machine_of(Sort(steps[0].values["sort"]))()
    preconditions = {rule.function.__name__: rule.preconditions for rule in machine.rules}
    try:
        try:
            for step in steps:
                if all(is_met(machine) for is_met in preconditions.get(step.name, ())):
                    getattr(machine, step.name)(**step.values)
                    machine.is_sound()
        finally:
            machine.teardown()
    except ViolationError as violation:
        return Played(str(violation), tuple(machine.story), tuple(machine.steps))
    return Played(None, tuple(machine.story), tuple(machine.steps))


def shorten(first: Played, *, within_s: float) -> Played:
    """Leaves out ever smaller runs of steps as long as the same kind of promise breaks without them."""
    until = time.monotonic() + within_s
    best = first
    size = len(best.steps) // 2
    while size:
        start = 1  # the first step begins the day
        while start < len(best.steps):
            if time.monotonic() > until:
                return best
            tried = play([*best.steps[:start], *best.steps[start + size :]])
            if tried.kind == first.kind and len(tried.steps) < len(best.steps):
                best = tried
            else:
                start += size
        size //= 2
    return best
