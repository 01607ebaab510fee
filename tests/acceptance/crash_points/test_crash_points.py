"""Every commit and every remote write of every story is made to fail in every way; one right order comes out each time."""

from __future__ import annotations

import time

import pytest

from tests.acceptance.crash_points.cases import Plan, run_case
from tests.acceptance.crash_points.stories import STORIES
from tests.acceptance.crash_points.table import Results
from tests.acceptance.crash_points.world import World

FEWEST_CASES = 200
PARTS = 4
"""A story's cases are played in so many parts, so that no process is left with a long story when the others have ended."""


def test_the_table_has_many_cases(plan: Plan) -> None:
    assert len(plan.all_cases()) >= FEWEST_CASES


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("story", STORIES)
def test_whatever_fails_in_the_story_it_ends_as_it_should(
    world: World, plan: Plan, results: Results, story: str, part: int, subtests: pytest.Subtests
) -> None:
    assert plan.wrong.get(story) is None, "the story goes wrong although nothing was made to fail"

    began_at = time.monotonic()
    for case in plan.cases[story][part::PARTS]:
        with subtests.test(str(case)):
            wrong = run_case(world, case)
            results.add(case, wrong)
            assert wrong == []
    results.end(story, took_s=time.monotonic() - began_at)
