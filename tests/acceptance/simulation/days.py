"""One day of a simulation: what has happened in it so far, and the parts all rules need. Used by the files of rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ClassVar

from hypothesis import strategies as st

from sandbox.m3.events.message import Message as Told
from sandbox.shop.delivery import Prepared
from tests.acceptance.simulation.history import History
from tests.acceptance.simulation.messages import Message, take
from tests.acceptance.simulation.runs import StoppedRun
from tests.acceptance.simulation.world import World
from workers.base import run_exchange

SOME = st.integers(0, 9)


@dataclass(frozen=True)
class Step:
    """One step as it was taken, so that it can be taken again."""

    name: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Played:
    """A day as it went: what broke (None: nothing), its sentences, and the steps that could be taken."""

    violation: str | None
    story: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def kind(self) -> str:
        """The first word of what broke, by which two violations are taken for the same."""
        return (self.violation or "").partition(":")[0]


def step(method: Callable[..., None]) -> Callable[..., None]:
    """Keeps what a rule was called with and counts it; a rule that calls another is one step."""

    @wraps(method)
    def recorded(self: Any, **values: Any) -> None:
        if self.is_in_step:
            return method(self, **values)
        self.is_in_step = True
        self.steps.append(Step(method.__name__, values))
        self.tally.steps[method.__name__] += 1
        method(self, **values)
        self.is_in_step = False
        return None

    return recorded


@dataclass
class Tally:
    """What was really done over all examples, for the report."""

    examples: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    goods: Counter[str] = field(default_factory=Counter)
    sorts: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Adds what another process did."""
        self.examples += other.examples
        self.steps.update(other.steps)
        self.faults.update(other.faults)
        self.goods.update(other.goods)
        self.sorts.update(other.sorts)
        self.carried.update(other.carried)


class Day:
    """What has happened so far. `world` and the callbacks are set by whoever runs it."""

    world: ClassVar[World]
    tally: ClassVar[Tally] = Tally()
    looked_for: ClassVar[tuple[str, ...]] = ()
    on_example: ClassVar[list[Callable[[], None]]] = []

    def __init__(self) -> None:
        super().__init__()
        self.history = History()
        self.story: list[str] = []
        self.held: list[Prepared] = []
        self.stopped: list[StoppedRun] = []
        self.waiting: list[Message] = []
        self.news: list[Told] = []
        self.dead: list[int] = []
        self.is_leased = False
        self.is_open = True
        self.steps: list[Step] = []
        self.is_in_step = False

    def tell(self, sentence: str) -> None:
        """Adds a sentence to the story."""
        self.story.append(f"{self.world.clock.now():%H:%M:%S}  {sentence}")

    def _take(self, which: int) -> Message:
        message = self.waiting[which % len(self.waiting)]
        take(self.world.valkey, message)
        return message

    def _run(self, message: Message, worker: int) -> None:
        ended = run_exchange(self.world.workers[worker], message.exchange_id)
        self.tell(f"Worker {'AB'[worker]} runs {self._what(message.exchange_id)}: {ended.text}.")

    def _what(self, exchange_id: int) -> str:
        rows = self.world.rows("SELECT flow, business_key FROM exchange WHERE id = :id", id=exchange_id)
        key = rows[0]["business_key"] if rows else "?"
        return f"{rows[0]['flow'] if rows else '?'} {key[:8]}"

    def _count_m3_faults(self) -> None:
        injected = self.world.site.faults.injected
        for fault, counted in injected.items():
            self.tally.faults[f"M3 {fault}"] += sum(counted.values())
        injected.clear()
