"""Finds the points of every story by telling it once, then tells it again for each point and fault. Used by the tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connector.flows.registry import FLOWS
from tests.acceptance.crash_points.points import AGAIN, FAULTS, Kind, Point
from tests.acceptance.crash_points.stories import STORIES, Told
from tests.acceptance.crash_points.traps import Aim, WentAnotherWayError, is_as_expected
from tests.acceptance.crash_points.world import World

TRIES = 5


@dataclass(frozen=True)
class Case:
    """One fault at one point of one story."""

    story: str
    aim: Aim

    def __str__(self) -> str:
        point = self.aim.point
        return f"{self.story} / {self.aim.place} {point.flow} {point.name} / {self.aim.fault}"


@dataclass
class Plan:
    """What telling every story once has shown.

    Attributes:
        points: Story -> the points that can be hit, with their numbers.
        intends: Where in the code steps were intended: file and function.
        cases: All cases, by story.
        wrong: Story -> what was wrong although nothing was made to fail.
        requests: Story -> what its store asked of M3 and of the shop.
    """

    points: dict[str, list[tuple[int, Point]]] = field(default_factory=dict)
    intends: set[tuple[str, str]] = field(default_factory=set)
    cases: dict[str, list[Case]] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    requests: dict[str, frozenset[str]] = field(default_factory=dict)

    def all_cases(self) -> list[Case]:
        """Returns all cases in order."""
        return [case for cases in self.cases.values() for case in cases]

    def flows_without_points(self) -> list[str]:
        """Returns the registered flows of which no story passes a point."""
        told = {point.flow for points in self.points.values() for _, point in points}
        return [flow for flow in FLOWS if flow not in told]


@dataclass(frozen=True)
class Shown:
    """What telling a story once, without a fault of ours, has shown.

    Attributes:
        wrong: What was wrong although nothing was made to fail.
        points: The points that can be hit, with their numbers.
        intends: Where in the code steps were intended: file and function.
        requests: What its store asked of M3 and of the shop.
    """

    wrong: list[str]
    points: list[tuple[int, Point]]
    intends: set[tuple[str, str]]
    requests: frozenset[str]


def show(world: World, story: str) -> Shown:
    """Tells one story once and says what it passes."""
    try:
        wrong = tell(world, STORIES[story], aim=None)
    except AssertionError as error:
        wrong = [str(error)]
    trap = world.trap
    points = [(place, point) for place, point in enumerate(trap.points) if place >= trap.begins_at]
    return Shown(wrong, points, trap.intends, frozenset(trap.requests))


def make_plan(shown: Mapping[str, Shown]) -> Plan:
    """Lists what can be hit, in the order in which the stories are listed, from what each has shown."""
    plan = Plan()
    seen: set[Point] = set()
    for name, told in STORIES.items():
        one = shown[name]
        if one.wrong:
            plan.wrong[name] = one.wrong
        plan.intends |= one.intends
        plan.requests[name] = one.requests
        plan.points[name] = one.points
        plan.cases[name] = list(_cases(name, one.points, seen=seen, again=told.again))
    return plan


def _cases(
    story: str, points: Iterable[tuple[int, Point]], *, seen: set[Point], again: Sequence[str]
) -> Iterator[Case]:
    """Plays everything at a point nobody had before, and what depends on the past at one that an earlier story had."""
    for place, point in points:
        repeated = AGAIN[point.kind] if point.flow in again and _keeps_something(point) else ()
        faults = repeated if point in seen else FAULTS[point.kind]
        seen.add(point)
        for fault in faults:
            yield Case(story, Aim(place, point, fault))


def _keeps_something(point: Point) -> bool:
    """Tells whether a repeated commit is worth another story: one before a read keeps nothing that the run depends on."""
    return point.kind is not Kind.COMMIT or point.name == "settled" or point.name.endswith("intended")


def tell(world: World, told: Told, *, aim: Aim | None) -> list[str]:
    """Tells a story, with one fault if there is an aim; returns what is wrong in the end."""
    world.is_common = "guests: common" in told.config
    world.start(told.config, first=told.first, aim=aim)
    told.play(world)
    if aim is not None and not is_as_expected(aim, world.trap.happened):
        return [f"the fault was not played: the connector saw {world.trap.happened}"]
    return [*told.check(world), *world.untold()]


def run_case(world: World, case: Case) -> list[str]:
    """Runs one case; returns what is wrong. A story that went another way is told again."""
    for _ in range(TRIES):
        try:
            return tell(world, STORIES[case.story], aim=case.aim)
        except WentAnotherWayError:
            continue
        except AssertionError as error:
            return [str(error)]
    return [f"the story went another way {TRIES} times"]
