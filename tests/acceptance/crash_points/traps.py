"""Lists every commit and every remote write of a story, and lets one of them go wrong. Called by doors.py at each of them.

Nothing in connector/, workers/ or webhook_receiver/ knows of it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import requests
from sqlalchemy import Engine, text

from connector.ledger import steps
from tests.acceptance.crash_points.points import IN_M3, IN_SHOP, SHOWS_AS, Fault, Kind, Point
from tests.harness import ROOT, Sandbox

NEEDS_NO_STEP = {
    "PUT webhooks/<id>": "a webhook is switched on again; no exchange's, and absolute",
    "CUSEXTMI/AddFieldValue": "the row that says which installation writes; the ledger's own table says what was sent",
    "CUSEXTMI/ChgFieldValue": "the same row, absolute",
}
"""The only writes that go out without an intended step, each with the reason."""
PLUMBING = tuple(f"connector.ledger.{name}" for name in ("session", "fenced", "steps", "prepared"))
OURS = ("connector.", "workers.", "webhook_receiver.")

_UNUSED_STEPS = text("""
SELECT t.id, t.name, t.part, t.intended_at FROM step t JOIN document d ON d.id = t.document_id
JOIN exchange e ON e.id = d.exchange_id
WHERE t.state = 'intended' AND e.state = 'running' AND t.claim_no = e.claim_no ORDER BY t.id
""")


class KilledError(BaseException):
    """The process is gone; nothing in connector/ or workers/ catches this."""


class WentAnotherWayError(BaseException):
    """The point that was to be hit did not come: the shop's dates have whole seconds, which decide about a look or two."""


@dataclass(frozen=True)
class Aim:
    """Which point is hit: its number in the story, what it must be, and what happens there."""

    place: int
    point: Point
    fault: Fault


@dataclass(frozen=True)
class Write:
    """A remote write on its way out."""

    kind: Kind
    what: str
    rule: dict[str, str]
    send: Callable[[], requests.Response]


@dataclass
class Trap:
    """Lists the points a story passes and plays the faults it is told to.

    Attributes:
        sandbox: Both systems.
        observer: A ledger connection of the test's own, to see what is committed.
        first: Step -> what befalls its first write; this belongs to the story and comes before any aim.
        aim: The one point that goes wrong besides.
        points: All points passed, in order.
        begins_at: The number of the first point after all of `first`.
        happened: What the connector saw of the fault that was aimed.
        refusals: How many writes were refused on purpose.
        unintended: Writes that went out with no intended step of the running exchange behind them.
        intends: Where in the code steps were intended: file and function.
        requests: What was asked of the two systems: transactions of M3, requests to the shop.
        held_over: Requests that left while a transaction of the ledger was open, which the server ends after ten seconds.
    """

    sandbox: Sandbox
    observer: Engine
    first: Mapping[str, Fault] = field(default_factory=dict)
    aim: Aim | None = None
    points: list[Point] = field(default_factory=list)
    begins_at: int = 0
    happened: str | None = None
    refusals: int = 0
    unintended: list[str] = field(default_factory=list)
    intends: set[tuple[str, str]] = field(default_factory=set)
    requests: set[str] = field(default_factory=set)
    held_over: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._left = dict(self.first)
        self._flow: str | None = None
        self._held: list[tuple[Fault, Callable[[], object]]] = []
        self._sent: set[tuple[int, Any]] = set()
        self._just_intended: list[str] = []

    @contextmanager
    def working(self, flow: str) -> Iterator[None]:
        """Watches what this thread does for a flow or job while the block runs."""
        self._flow = flow
        try:
            yield
        finally:
            self._flow = None
            self._just_intended.clear()

    def let_m3_execute(self, fault: Fault) -> bool:
        """Lets M3 execute what was held back on its way; tells whether there was anything."""
        due = [send for kind, send in self._held if kind is fault]
        self._held = [one for one in self._held if one[0] is not fault]
        for send in due:
            send()
        return bool(due)

    def commit(self, do: Callable[[], None], cursor_of: Callable[[], Any]) -> None:
        """Passes one commit that changes something."""
        intended = ", ".join(self._just_intended)
        self._just_intended.clear()
        point = Point(Kind.COMMIT, self._flow or "", f"{intended} intended" if intended else _name_of_commit())
        fault = self._next(point, step=None)
        if fault is None:
            do()
            return
        self.happened = "stopped"
        if fault is Fault.KILLED_BEFORE:
            raise KilledError(point.name)
        if fault is Fault.LEDGER_LOST_BEFORE:
            self._drop(cursor_of())
        do()
        if fault is Fault.LEDGER_LOST_AFTER:
            cursor = cursor_of()
            self._drop(cursor)
            cursor.execute("SELECT 1")  # fails as the commit's own answer would
        raise KilledError(point.name)

    def write(self, write: Write) -> requests.Response:
        """Passes one remote write."""
        step, part = self._step_behind(write)
        shown = f"{step} {part + 1}" if part else step or "no step"
        point = Point(write.kind, self._flow or "", f"{shown}: {write.what}")
        fault = self._next(point, step=step)
        is_aimed = self.aim is not None and len(self.points) - 1 == self.aim.place
        try:
            answer = self._play(fault, write)
        except requests.RequestException as error:
            if is_aimed:
                self.happened = type(error).__name__
            raise
        if is_aimed:
            self.happened = str(answer.status_code)
        if answer.status_code == 401:
            self._sent.clear()  # surely not executed: the same step may be sent once more
        return answer

    def _play(self, fault: Fault | None, write: Write) -> requests.Response:
        if fault is Fault.KILLED_BEFORE:
            self.happened = "stopped"
            raise KilledError(write.what)
        if fault is Fault.KILLED_AFTER:
            self.happened = "stopped"
            write.send()
            raise KilledError(write.what)
        if write.kind is Kind.M3 and fault in (Fault.LATE, Fault.VERY_LATE):
            self._held.append((fault, write.send))
            if fault is Fault.VERY_LATE:
                raise requests.ReadTimeout
            return _gateway_gave_up()
        if fault is not None:
            self._tell_sandbox(fault, write)
        return write.send()

    def _tell_sandbox(self, fault: Fault, write: Write) -> None:
        self.refusals += fault is Fault.REFUSED
        if write.kind is Kind.M3:
            self.sandbox.m3_faults(rules=[{**write.rule, "fault": IN_M3[fault], "times": 1}])
        else:
            rules = [{**write.rule, "fault": IN_SHOP[fault], "times": 1}]
            self.sandbox.post(f"{self.sandbox.shop_url}/_control/faults", {"rules": rules})

    def _next(self, point: Point, *, step: str | None) -> Fault | None:
        place = len(self.points)
        self.points.append(point)
        if step in self._left:
            self.begins_at = len(self.points)
            return self._left.pop(step)
        if self.aim is None or place != self.aim.place:
            return None
        if point != self.aim.point:
            raise WentAnotherWayError(f"{point} instead of {self.aim.point}")
        return self.aim.fault

    def _step_behind(self, write: Write) -> tuple[str | None, int]:
        """Finds the committed intent this write belongs to; each stands for one request."""
        if write.what in NEEDS_NO_STEP:
            return None, 0
        with self.observer.connect() as connection:
            rows = connection.execute(_UNUSED_STEPS).all()
        for row in rows:
            if (row.id, row.intended_at) not in self._sent:
                self._sent.add((row.id, row.intended_at))
                return str(row.name), int(row.part)
        self.unintended.append(f"{self._flow}: {write.what} was sent with no intended step in the ledger")
        return None, 0

    def _drop(self, cursor: Any) -> None:
        """Ends the database session of a cursor, as a server that goes down does."""
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
        with self.observer.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    def is_watching(self) -> bool:
        """Tells whether this thread is at work for a flow (the heartbeat's thread is not)."""
        return self._flow is not None and threading.current_thread() is threading.main_thread()

    def note_held_over(self, request: str) -> None:
        """Keeps that a request left while a transaction was open."""
        self.held_over.add(f"{self._flow}: {request}")

    def note_intend(self, caller: FrameType, name: str) -> None:
        """Keeps where a step was intended and what it is called."""
        self.intends.add((str(Path(caller.f_code.co_filename).relative_to(ROOT)), caller.f_code.co_name))
        self._just_intended.append(name)


def is_as_expected(aim: Aim, happened: str | None) -> bool:
    """Tells whether the aimed fault was really played."""
    if aim.fault is Fault.VERY_LATE:
        return happened == "ReadTimeout"
    if aim.fault is Fault.REFUSED and aim.point.kind is Kind.SHOP:
        return happened == "400"
    return happened == SHOWS_AS.get(aim.fault, "stopped")


def _gateway_gave_up() -> requests.Response:
    answer = requests.Response()
    answer.status_code = 504
    answer._content = b""
    return answer


def _name_of_commit() -> str:
    """Names a commit by the function of ours that asks for it."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        module, function = str(frame.f_globals.get("__name__")), frame.f_code.co_name
        if module == steps.__name__ and function in ("settle", "claim_run"):
            return {"settle": "settled", "claim_run": "claimed"}[function]
        if module.startswith(OURS) and module not in PLUMBING:
            return f"{module.rpartition('.')[2]}.{function}"
        frame = frame.f_back
    return "somewhere"
