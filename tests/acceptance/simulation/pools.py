"""The connector at work: periodic jobs, the sweeper, runs; killed, stopped and woken. Rules of machine.py."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.acceptance.simulation.buyers import KINDS, Buyers
from tests.acceptance.simulation.days import SOME, step
from tests.acceptance.simulation.messages import put_back
from tests.acceptance.simulation.rest import (
    ACCOUNT_JOBS,
    BOOKS_JOBS,
    GOODS_JOBS,
    JOBS,
    NIGHTLY,
    PROGRESS_JOBS,
    work_off,
)
from tests.acceptance.simulation.runs import Stop, run_until_killed
from tests.acceptance.simulation.wires import Place
from workers.jobs import run_turn
from workers.sweeper import sweep

TURNS = ("poll_orders", *JOBS, *BOOKS_JOBS, *PROGRESS_JOBS, *GOODS_JOBS, *ACCOUNT_JOBS, NIGHTLY)


class Pools(Buyers):
    """The rules about workers."""

    @rule(name=st.sampled_from(TURNS), beats=st.integers(1, 2))
    @step
    def turn(self, name: str, beats: int) -> None:
        """Beat sends a periodic job; a second beat sends it too, and another worker runs it."""
        said = [run_turn(self.world.workers[number], name) for number in range(beats)]
        self.tally.faults["two beats"] += beats - 1
        self.tell(f"{'Two beats: ' if beats == 2 else ''}{name}: {'; '.join(said)}.")

    @precondition(lambda self: not self.world.sort.shows_goods)
    @rule(kind=st.sampled_from(KINDS[:4]), takes_s=st.sampled_from((0, 3, 20)))
    @step
    def place_while_polled(self, kind: str, takes_s: int) -> None:
        """An order is placed while the answer to a poll is on its way, which may take long."""

        def meanwhile() -> None:
            self.place(kind=kind, arrives=False)
            self.world.clock.advance(takes_s)

        self.world.wires.after_listing = meanwhile
        said = run_turn(self.world.workers[0], "poll_orders")
        self.world.wires.after_listing = None
        self.tell(f"poll_orders, whose answer took {takes_s} s: {said}.")

    @rule()
    @step
    def sweep(self) -> None:
        """The sweeper runs."""
        self.tell(f"The sweeper: {sweep(self.world.workers[0])}.")

    @precondition(lambda self: self.waiting)
    @rule(most=st.integers(1, 6))
    @step
    def work_off(self, most: int) -> None:
        """The pools run what waits."""
        self.tell(f"The pools run {work_off(self.world, most=most)} messages.")

    @precondition(lambda self: self.waiting)
    @rule(which=SOME, worker=st.integers(0, 1), twice=st.booleans())
    @step
    def run_one(self, which: int, worker: int, twice: bool) -> None:
        """A worker runs one message, perhaps out of turn, perhaps given to two workers."""
        message = self._take(which)
        for number in (worker, 1 - worker)[: 1 + twice]:
            self._run(message, number)

    @precondition(lambda self: self.waiting)
    @rule(which=SOME, at=st.integers(0, 7), is_before=st.booleans(), comes_back=st.booleans())
    @step
    def run_and_kill(self, which: int, at: int, is_before: bool, comes_back: bool) -> None:
        """A worker is killed while it runs a message; the broker may give the message to another, or lose it."""
        message = self._take(which)
        killed = run_until_killed(self.world.workers[0], message.exchange_id, at=at, is_before=is_before)
        what = self._what(message.exchange_id)
        if killed is None:
            self.tell(f"Worker A runs {what}.")
            return
        self.tally.faults["worker killed"] += 1
        self.world.forget_in(self.world.workers[0])
        if comes_back:
            put_back(self.world.valkey, message)
        self.tell(
            f"Worker A runs {what} and is killed {killed}; its message {'comes back' if comes_back else 'is lost'}."
        )

    @precondition(lambda self: self.waiting and not self.stopped)
    @rule(which=SOME, at=st.integers(1, 6), place=st.sampled_from(Place))
    @step
    def run_and_stop(self, which: int, at: int, place: Place) -> None:
        """A worker is stopped (SIGSTOP) in the middle of a message."""
        message = self._take(which)
        run = self.world.stopped_runs.start(self.world.workers[2], message.exchange_id, stop=Stop(at, place))
        if not run.is_stopped:
            self.tell(f"Worker C runs {self._what(message.exchange_id)}: {run.ended.text if run.ended else ''}.")
            return
        self.tally.faults["worker stopped"] += 1
        self.stopped.append(run)
        self.tell(f"Worker C runs {self._what(message.exchange_id)} and is stopped at request {at}, {place}.")

    @precondition(lambda self: self.stopped)
    @rule()
    @step
    def wake(self) -> None:
        """The stopped worker goes on (SIGCONT)."""
        run = self.stopped.pop()
        ended = run.wake()
        self.tell(f"Worker C goes on with {self._what(run.exchange_id)}: {ended.text}.")
