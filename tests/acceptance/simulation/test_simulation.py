"""A few random days in every run of the tests; `make simulate` runs many."""

from __future__ import annotations

from tests.acceptance.simulation.machine import Tally
from tests.acceptance.simulation.search import Found, Search
from tests.acceptance.simulation.together import search_all


def searched(*, examples: int, control: str | None = None) -> Found:
    wanted = Search(examples=examples, steps=30, seed=1, control=control)
    found, errors = search_all(wanted, processes=1, on_example=lambda: None)
    assert errors == []
    return found[0]


def test_random_days_break_no_promise() -> None:
    found = searched(examples=10)

    assert found.violation is None, found.story
    whole = Tally()
    whole.add(found.tally)
    assert whole.examples >= 10
    assert whole.carried > 0
