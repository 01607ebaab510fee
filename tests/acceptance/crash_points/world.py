"""The world of a crash story: two worker processes, both systems, and whatever has to happen until everything rests.

Used by stories.py, which tells what happens, and cases.py, which lets something go wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import requests

from connector.errors import LedgerUnavailableError
from connector.flows import batches
from connector.ledger.people import discard, release
from connector.ledger.session import transaction
from connector.runtime import Runtime
from tests.acceptance.crash_points.doors import die, set_up
from tests.acceptance.crash_points.points import Fault
from tests.acceptance.crash_points.traps import Aim, KilledError, Trap
from tests.acceptance.trail import untold
from tests.emptying import empty
from tests.harness import SETTLED_S, STORE, Connector
from tests.integration.flows.story import Story, quick_store
from workers.base import run_exchange
from workers.jobs import TURN_LEASE_S, run_turn
from workers.schedule import job_every_s
from workers.sweeper import sweep

ROUNDS = 80
PROBED_AFTER_S = 300
HUNTS = 3
HUNT_EVERY_S = 130
BUYER = {
    **{"first_name": "Iva", "last_name": "Horvat", "email": "iva@example.com", "phone": "+385915550000"},
    **{"address_1": "Ilica 1", "city": "Zagreb", "postcode": "10000", "country": "HR"},
}


class World(Story):
    """One connector told to die; its second process goes on with nothing but the ledger."""

    def __init__(self, connector: Connector) -> None:
        """Opens a second worker process and a receiver's runtime; `watched` puts the trap's doors in place."""
        super().__init__(connector)
        self.receiver = Runtime(connector.settings, single_statements=True)
        self._spare = connector.another_process("test:spare")
        self._file = ""
        self.placed: list[dict[str, Any]] = []
        self.mark = 0
        """A line of the audit trail from which a story's check counts."""
        self._lists = requests.Session()  # one for all, since each case asks
        self._lists.trust_env = False
        self._not_ours: dict[str, set[int]] = {"m3": set(), "shop": set()}
        self.start(quick_store())

    def close(self) -> None:
        """Closes what was opened here."""
        self._lists.close()
        self._spare.heartbeat.stop()
        self._spare.runtime.close()
        self.receiver.close()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Puts the doors in place through which every commit and every remote write of the processes goes.

        A burst of news is waited out on the ledger's clock, which is moved.
        """
        runtimes = (self.connector.process.runtime, self._spare.runtime, self.receiver)
        bursts = SimpleNamespace(monotonic=time.monotonic, sleep=self.connector.pass_time)
        with set_up(lambda: self.trap, [one.engine for one in runtimes]), patch.object(batches, "time", bursts):
            yield

    def start(self, config: str, *, first: Mapping[str, Fault] | None = None, aim: Aim | None = None) -> None:
        """Begins anew: both systems as on their first day, an empty ledger, processes that remember nothing."""
        self.trap = Trap(self.sandbox, self.connector.engine, first=first or {}, aim=aim)
        self.sandbox.reset()
        with transaction(self.connector.engine) as connection:
            empty(connection, but=("store", "credential"))
        if config != self._file:
            self.connector.configure(config)
            self._file = config
        for process in (self.connector.process, self._spare):
            self._forget(process.runtime)
        self.connector.process.runtime.redis.flushall()
        self.placed = []
        self.mark = 0
        self._not_ours = {"m3": set(), "shop": set()}
        self._released = 0
        self._hunts_left = 0

    def place(self, **order: Any) -> dict[str, Any]:
        """Places an order and makes it due; it is checked at the end."""
        placed = super().place(**{"billing": BUYER, **order})
        self.placed.append(placed)
        return placed

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Lets what happens in the block go well, unwatched: it is told before the story begins."""
        trap = self.trap
        self.trap = Trap(self.sandbox, self.connector.engine)
        try:
            yield
        finally:
            trap.unintended += self.trap.unintended
            trap.requests |= self.trap.requests
            trap.held_over |= self.trap.held_over
            self.trap = trap
            self.end_faults()

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """Lets a person, or somebody else's program, write in the block: that need not be in the trail."""
        before = {system: len(self._writes(system)) for system in self._not_ours}
        yield
        for system, kept in self._not_ours.items():
            kept.update(range(before[system], len(self._writes(system))))

    def untold(self) -> list[str]:
        """Says which writes of the connector that M3 and the shop have taken no line of the audit trail names."""
        m3, shop = (
            [one for place, one in enumerate(self._writes(system)) if place not in kept]
            for system, kept in self._not_ours.items()
        )
        items = self.connector.rows("SELECT product_id, item_number FROM product")
        lines = self.connector.rows("SELECT action, key, before, after FROM audit ORDER BY id")
        return untold(m3, shop, lines, items={row["product_id"]: row["item_number"] for row in items})

    def _writes(self, system: str) -> list[dict[str, Any]]:
        url = {"m3": self.sandbox.m3_url, "shop": self.sandbox.shop_url}[system]
        return list(self._lists.get(f"{url}/_control/writes", timeout=10).json()["writes"])

    def go_on(self) -> None:
        """Runs what is due until everything rests: leases end, waits pass, a person releases what was refused on purpose."""
        for _ in range(ROUNDS):
            for row in self._due():
                self.work(row["flow"], partial(self._run, row["id"]))
            if not self._goes_on():
                return
        raise AssertionError(f"it never rests: {self.connector.rows('SELECT flow, state, reason FROM exchange')}")

    def run_due_once(self) -> None:
        """Runs what is due now, each exchange once, and lets no time pass."""
        for row in self._due():
            self.work(row["flow"], partial(self._run, row["id"]))

    def work(self, name: str, do: Callable[[], object]) -> bool:
        """Lets the present worker process do something; tells whether it came through."""
        try:
            with self.trap.working(name):
                do()
        except KilledError:
            self._go_on_in_other_process()
            return False
        except LedgerUnavailableError:
            return False
        finally:
            self.trap.let_m3_execute(Fault.LATE)
        return True

    def turn(self, job: str) -> None:
        """Runs a turn of a periodic job; one that did not come through is taken over when its lease ends."""
        self.connector.pass_time(job_every_s(self.connector.settings)[job] + 1)
        for _ in range(3):
            if self.work(job, lambda: run_turn(self.connector.process, job)):
                return
            self.connector.pass_time(TURN_LEASE_S + job_every_s(self.connector.settings)[job])
        raise AssertionError(f"job {job} never came through")

    def sweep_until_sent(self) -> None:
        """Sweeps until there is a message for every due exchange, as beat would have it done."""
        redis = self.connector.process.runtime.redis
        for _ in range(4):
            self.connector.pass_time(61)
            self.work("sweeper", lambda: sweep(self.connector.process))
            if all(redis.llen(row["pool"]) for row in self._due()) and not self._running():
                return
        raise AssertionError("no message was sent for what is due")

    def release_all(self, *, rebuild: bool = False) -> None:
        """Releases all dead letters, as a person does."""
        for row in self.connector.rows("SELECT id FROM exchange WHERE state = 'dead_letter'"):
            with transaction(self.connector.engine) as connection:
                release(connection, row["id"], who="test", why="tested", rebuild=rebuild)

    def discard_all(self) -> None:
        """Discards all dead letters, as a person does."""
        for row in self.connector.rows("SELECT id FROM exchange WHERE state = 'dead_letter'"):
            with transaction(self.connector.engine) as connection:
                discard(connection, row["id"], who="test", why="tested")

    def lose_ledger(self) -> None:
        """Leaves the ledger as a restored backup from before the order would; what was told is lost with it."""
        super().lose_ledger()
        for system, kept in self._not_ours.items():
            kept.update(range(len(self._writes(system))))

    def _run(self, exchange_id: int) -> None:
        run_exchange(self.connector.process, exchange_id)

    def _due(self) -> list[dict[str, Any]]:
        return self.connector.rows(
            "SELECT e.id, e.flow, e.pool FROM exchange e JOIN store s ON s.name = e.store AND s.paused_by IS NULL"
            " WHERE e.state IN ('ready', 'waiting', 'blocked')"
            " AND e.next_attempt_at <= ledger_now() AND coalesce(e.not_before <= ledger_now(), true) ORDER BY e.id"
        )

    def _running(self) -> list[dict[str, Any]]:
        return self.connector.rows("SELECT id FROM exchange WHERE state = 'running'")

    def _goes_on(self) -> bool:
        """Lets happen what comes next in the world; tells whether anything did."""
        states = {row["state"] for row in self.connector.rows("SELECT DISTINCT state FROM exchange")}
        paused = self.connector.rows("SELECT 1 FROM store WHERE paused_by IS NOT NULL")
        if self._due():
            pass
        elif paused:
            self.connector.pass_time(PROBED_AFTER_S)
            self.turn("probe_stores")
        elif "running" in states:
            self.connector.let_lease_expire()
        elif states & {"ready", "waiting"}:
            self.connector.pass_time(SETTLED_S)
        elif "dead_letter" in states and self._released < self.trap.refusals:
            self._release_refused()
        elif self.trap.let_m3_execute(Fault.VERY_LATE):
            self._hunts_left = HUNTS
        elif self._hunts_left:
            self._hunts_left -= 1
            self.connector.pass_time(HUNT_EVERY_S)
            self.turn("hunt_orphans")
        else:
            return False
        return True

    def _release_refused(self) -> None:
        """A person reads why it was refused and what to do, and releases it. Nothing is left in M3 meanwhile."""
        self._released = self.trap.refusals
        rows = self.connector.rows("SELECT flow, reason, resolution FROM exchange WHERE state = 'dead_letter'")
        speechless = [row for row in rows if not (row["reason"] and row["resolution"])]
        confirming = self.connector.rows("SELECT 1 FROM document WHERE state = 'confirming'")
        is_delete_refused = self.connector.rows("SELECT 1 FROM step WHERE name = 'delete' AND state = 'refused'")
        begun = {row["temporary_number"] for row in self.connector.rows("SELECT temporary_number FROM document")}
        left = [] if confirming or is_delete_refused else sorted(begun & set(self.batch_orders()))
        assert not speechless, f"a dead letter says nothing: {speechless}"
        assert not left, f"a refused order left batch orders: {left}"
        self.release_all()

    def _go_on_in_other_process(self) -> None:
        die()
        self._spare, self.connector.process = self.connector.process, self._spare
        self._forget(self.connector.process.runtime)

    def _forget(self, runtime: Runtime) -> None:
        """A new process knows only what the ledger holds."""
        store = runtime.store(STORE)
        store.remembered.clear()
        store.vouchers.clear()
        store.m3._tokens._cached = None
