"""Kills, freezes and restarts what the connector runs on, drawn from a seed; ticked by run.py. Counts what was really done."""

from __future__ import annotations

import heapq
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from math import ceil

import psutil
import redis

from connector.ledger.leases import LEASE_S
from demo.stack import Stack as Processes
from tests.acceptance.soak.size import CYCLE_S, Size
from tests.acceptance.soak.stage import Stage
from tests.acceptance.soak.watch import busy_workers
from workers.signature import signature

STRIKE_EVERY_S = 3.0
ZOMBIE_S = (50.0, 65.0)
"""Longer than a lease: another worker has the exchange when this one wakes."""
PAUSE_S = (1.0, 6.0)
MOST_ZOMBIES = 4
DOUBLE_BEAT_S = 30.0
DOWN_S = 1.0
PLATFORM_PATIENCE_S = 30.0
"""A platform kills a process so long after SIGTERM."""
KILL, KILL_MAIN, PAUSE, ZOMBIE = "kill", "kill main", "pause", "zombie"
STRIKES = {KILL: 58, KILL_MAIN: 8, PAUSE: 12, ZOMBIE: 22}
BUSY_SHARE = 0.7
"""How often a process at work is chosen, if there is one: one killed between two orders proves little."""


@dataclass(frozen=True)
class Kill:
    """One worker process that was killed; `worker` is the name it signs with in the ledger."""

    worker: str
    at: datetime


@dataclass(order=True)
class _Due:
    at_s: float
    number: int
    do: Callable[[], None] = field(compare=False)


@dataclass
class _Restart:
    """A rolling restart under way: what is left, and which process is waited for."""

    left: list[str]
    name: str = ""
    pid: int = 0


class Nemesis:
    """Ticked by the thread that also started the servers: the kernel ends a child with the thread that started it."""

    def __init__(self, stage: Stage, size: Size) -> None:
        """Plans everything; nothing happens before the first tick."""
        self._stage = stage
        self._rng = random.Random(f"nemesis {size.seed}")
        self._began = time.monotonic()
        self._due: list[_Due] = []
        self._number = 0
        self._frozen: dict[int, tuple[psutil.Process, float]] = {}  # and since when
        self._second_beat: Processes | None = None
        self._restart: _Restart | None = None
        self.counts: Counter[str] = Counter()
        self.killed: list[Kill] = []
        self.ended_s: dict[str, list[float]] = {}  # process type -> seconds from SIGTERM to its end
        for at_s, do in (*self._strikes(size), *self._rare(size)):
            self._plan(at_s, do)

    def start(self) -> None:
        """Begins to count the time."""
        self._began = time.monotonic()

    def tick(self) -> None:
        """Does what is due."""
        while self._due and self._due[0].at_s <= time.monotonic() - self._began:
            heapq.heappop(self._due).do()
        self._go_on_restarting()

    def end(self) -> None:
        """Stops doing harm: wakes what is frozen, brings back what is down."""
        self._due = [one for one in self._due if one.do in (self._start_postgres, self._start_valkey)]
        for one in self._due:
            one.do()
        self._due = []
        for process, _since_s in list(self._frozen.values()):
            self._wake(process)
        self._stop_second_beat()

    @property
    def kills(self) -> int:
        """How many worker processes were killed."""
        return self.counts["worker processes killed (SIGKILL)"] + self.counts["pools killed whole (SIGKILL)"]

    def _plan(self, at_s: float, do: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._due, _Due(at_s, self._number, do))

    def _later(self, after_s: float, do: Callable[[], None]) -> None:
        self._plan(time.monotonic() - self._began + after_s, do)

    def _strikes(self, size: Size) -> Iterator[tuple[float, Callable[[], None]]]:
        """Drawn beforehand, for what is there to strike differs from run to run."""
        many = ceil(size.traffic_s / STRIKE_EVERY_S) - 1
        kinds = random.Random(f"strikes {size.seed}").choices(list(STRIKES), weights=list(STRIKES.values()), k=many)
        for number, kind in enumerate(kinds, start=1):
            yield number * STRIKE_EVERY_S, partial(self._strike, kind)

    def _rare(self, size: Size) -> Iterator[tuple[float, Callable[[], None]]]:
        """Once each cycle, and the database twice; spread so that each has its own time."""
        long_s = min(CYCLE_S, size.traffic_s / size.cycles)
        for cycle in range(size.cycles):
            start_s = cycle * size.traffic_s / size.cycles
            for share, do in (
                (0.08, self._kill_beat),
                (0.13, self._restart_all),
                (0.20, self._kill_valkey),
                (0.33, lambda: self._stop_postgres(signal.SIGQUIT)),
                (0.50, self._flush),
                (0.60, self._double_beat),
                (0.85, lambda: self._stop_postgres(signal.SIGKILL)),
            ):
                yield start_s + share * long_s, do

    def _strike(self, kind: str) -> None:
        """Strikes whoever is there, a second later if nobody is; kills where enough are frozen."""
        kind = KILL if kind == ZOMBIE and len(self._frozen) >= MOST_ZOMBIES else kind
        if kind == KILL_MAIN:
            self._kill_main(self._rng.choice([name for name in self._pids() if name.startswith("worker-")]))
            return
        target = self._target(only_pools=kind == ZOMBIE)
        if target is None:
            self._later(1.0, partial(self._strike, kind))
        elif kind == KILL:
            self._kill_worker(target)
        else:
            self._freeze(target, *(ZOMBIE_S if kind == ZOMBIE else PAUSE_S))

    def _pids(self) -> dict[str, int]:
        return dict(sorted(self._stage.processes.pids().items()))

    def _children(self, name: str) -> list[psutil.Process]:
        try:
            children = psutil.Process(self._pids()[name]).children()
            return sorted((one for one in children if one.pid not in self._frozen), key=lambda one: one.pid)
        except (psutil.NoSuchProcess, KeyError):
            return []

    def _target(self, *, only_pools: bool) -> psutil.Process | None:
        names = [name for name in self._pids() if name.startswith("worker-") or (name == "web" and not only_pools)]
        children = {child.pid: child for name in names for child in self._children(name)}
        if not children:
            return None
        busy = sorted(_pid_of(worker) for worker in busy_workers(self._stage.under.ledger))
        at_work = [pid for pid in busy if pid in children]
        if at_work and self._rng.random() < BUSY_SHARE:
            self.counts["of these at work on an order at that moment"] += 1
            return children[self._rng.choice(at_work)]
        return children[self._rng.choice(sorted(children))]

    def _kill_worker(self, process: psutil.Process) -> None:
        if _signal(process, signal.SIGKILL):
            self.killed.append(Kill(signature(process.pid), datetime.now(UTC)))
            self.counts["worker processes killed (SIGKILL)"] += 1

    def _kill_main(self, name: str) -> None:
        """Its own processes go with it, as in a container."""
        main = self._pids().get(name)
        children = self._children(name)
        if main is not None and _signal(psutil.Process(main), signal.SIGKILL):
            self.killed += [Kill(signature(child.pid), datetime.now(UTC)) for child in children]
            self.counts["pools killed whole (SIGKILL)"] += 1

    def _freeze(self, process: psutil.Process, shortest_s: float, longest_s: float) -> None:
        if not _signal(process, signal.SIGSTOP):
            return
        self._frozen[process.pid] = process, time.monotonic()
        is_zombie = shortest_s >= ZOMBIE_S[0]
        self.counts["frozen beyond the lease (SIGSTOP)" if is_zombie else "frozen for seconds (SIGSTOP)"] += 1
        self._later(self._rng.uniform(shortest_s, longest_s), lambda: self._wake(process))

    def _wake(self, process: psutil.Process) -> None:
        """Counts those that slept longer than a lease; a restart of their pool takes some of them before."""
        _, since_s = self._frozen.pop(process.pid, (process, 0.0))
        if since_s and _signal(process, signal.SIGCONT) and time.monotonic() - since_s > LEASE_S:
            self.counts["woken after the lease (SIGCONT)"] += 1

    def _kill_beat(self) -> None:
        if _signal_pid(self._pids().get("beat"), signal.SIGKILL):
            self.counts["beat killed"] += 1

    def _double_beat(self) -> None:
        self._second_beat = self._stage.more("beat")
        self._second_beat.start()
        self.counts[f"beat doubled for {DOUBLE_BEAT_S:.0f} s"] += 1
        self._later(DOUBLE_BEAT_S, self._stop_second_beat)

    def _stop_second_beat(self) -> None:
        if self._second_beat is not None:
            threading.Thread(target=self._second_beat.stop, name="second-beat", daemon=True).start()
            self._second_beat = None

    def _stop_postgres(self, number: int) -> None:
        server = self._stage.under.postgres
        if number == signal.SIGKILL:
            server.kill()
            self.counts["PostgreSQL killed (SIGKILL)"] += 1
        else:
            server.stop_signal = number
            server.stop()
            self.counts["PostgreSQL stopped at once (SIGQUIT)"] += 1
        self._later(DOWN_S, self._start_postgres)

    def _start_postgres(self) -> None:
        self._stage.under.postgres.start()

    def _kill_valkey(self) -> None:
        self._stage.under.valkey.kill()
        self.counts["Valkey killed and started empty"] += 1
        self._later(DOWN_S, self._start_valkey)

    def _start_valkey(self) -> None:
        self._stage.under.valkey.start()

    def _flush(self) -> None:
        with redis.Redis.from_url(self._stage.under.valkey.url, socket_timeout=5) as client:
            client.flushall()
        self.counts["FLUSHALL"] += 1

    def _restart_all(self) -> None:
        self._restart = _Restart([one.name for one in self._stage.types])

    def _go_on_restarting(self) -> None:
        """One process type after the other gets SIGTERM; the next when the last is there again."""
        under_way = self._restart
        if under_way is None or (under_way.name and self._pids().get(under_way.name) in (None, under_way.pid)):
            return
        if not under_way.left:
            self._restart = None
            return
        name = under_way.left[0]
        pid = self._pids().get(name)
        if pid is None:  # just killed: its turn comes when it runs
            return
        under_way.left.pop(0)
        under_way.name, under_way.pid = name, pid
        threading.Thread(target=self._terminate, args=(name, pid), name="platform", daemon=True).start()
        self.counts["process types restarted (SIGTERM)"] += 1

    def _terminate(self, name: str, pid: int) -> None:
        """Asks a process to end and takes the time; loses patience as a platform does."""
        began = time.monotonic()
        _signal_pid(pid, signal.SIGTERM)
        while _runs(pid):
            if time.monotonic() - began > PLATFORM_PATIENCE_S:
                _signal_pid(pid, signal.SIGKILL)
            time.sleep(0.05)
        self.ended_s.setdefault(name, []).append(round(time.monotonic() - began, 1))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _pid_of(worker: str) -> int:
    return int(worker.rpartition(":")[2])


def _signal_pid(pid: int | None, number: int) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _signal(process: psutil.Process, number: int) -> bool:
    """Sends a signal unless the process has ended; psutil makes sure that its number was not given to another."""
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return True
