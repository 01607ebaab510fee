"""One soak from the first order to the verdict. Called by `python -m tests.acceptance.soak`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.stack import ROOT
from demo.errors import DemoError
from tests.acceptance.soak import watch
from tests.acceptance.soak.faults import m3_faults, shop_faults
from tests.acceptance.soak.nemesis import Nemesis
from tests.acceptance.soak.person import Person
from tests.acceptance.soak.progress import Progress
from tests.acceptance.soak.size import Size
from tests.acceptance.soak.stage import STORE, Stage, set_stage
from tests.acceptance.soak.traffic import POISON_SKU, Buyers, plan_orders

TICK_S = 0.1
LOOK_EVERY_S = 1.0
FIRST_ORDER_LIMIT_S = 300.0
REST_LIMIT_S = 900.0
WITHOUT_SWEEPER_LIMIT_S = 150.0
"""Without the sweeper it never comes to rest; what is not in M3 by then, later than the mark, is lost."""
HUNTS_LIMIT_S = 900.0
"""A batch head made late is deleted some minutes later."""
LEFT_BEHIND = "batch order left behind"
CHECKER_LIMIT_S = 900
SENT_STATUSES = ("processing", "completed")


@dataclass
class Outcome:
    """What was done and what came of it; seconds are counted from the last fault."""

    size: Size
    control: str | None
    injected: dict[str, Counter[str]] = field(default_factory=dict)
    verdict: dict[str, Any] = field(default_factory=dict)
    poison_expected: list[int] = field(default_factory=list)
    dead_letters: list[dict[str, Any]] = field(default_factory=list)
    kills: int = 0
    taken_up_s: list[float] = field(default_factory=list)
    never_taken_up: list[int] = field(default_factory=list)
    ended_s: dict[str, list[float]] = field(default_factory=dict)
    rest_s: float | None = None
    agreed_s: float | None = None
    took_s: float = 0.0


def soak(size: Size, *, control: str | None, folder: Path, progress: Progress) -> Outcome:
    """Runs a soak.

    Args:
        size: How many orders, from which seed.
        control: A guard that is switched off in all processes.
        folder: For data and logs; left as it is.
        progress: Shows where it is.

    Raises:
        DemoError: A part of the stage failed, so that nothing can be judged.
    """
    began = time.monotonic()
    outcome = Outcome(size, control)
    progress.tell("Servers, both systems and all processes start")
    with set_stage(folder, size, without=control) as stage:
        _Soak(stage, outcome, progress).run()
    outcome.took_s = round(time.monotonic() - began, 1)
    return outcome


class _Soak:
    def __init__(self, stage: Stage, outcome: Outcome, progress: Progress) -> None:
        self._stage, self._outcome, self._progress = stage, outcome, progress
        self._size = outcome.size
        self._buyers = Buyers(stage.shop, plan_orders(self._size))
        self._nemesis = Nemesis(stage, self._size)
        self._person = Person(stage)
        self._looked_at = 0.0
        self._phase = -1

    def run(self) -> None:
        """Trades, lets it come to rest, judges."""
        self._person.start()
        try:
            self._open_shop()
            self._trade()
            since = self._end_of_faults()
            self._come_to_rest(since)
        finally:
            self._buyers.stop()
            self._person.stop()
        self._judge()
        self._gather()

    def _open_shop(self) -> None:
        """Lets one order through before anything goes wrong: an installation at work is soaked, not its first minute."""
        self._stage.shop.control("orders", {"kind": "guest"})
        deadline = time.monotonic() + FIRST_ORDER_LIMIT_S
        while (seen := watch.look(self._stage.under.ledger)) is None or not seen.in_m3:
            if time.monotonic() > deadline:
                raise DemoError(
                    f"The first order was not in M3 after {FIRST_ORDER_LIMIT_S:.0f} s; see {self._stage.logs}."
                )
            time.sleep(TICK_S)

    def _trade(self) -> None:
        self._stage.shop.control("faults", shop_faults())
        self._began = time.monotonic()
        self._buyers.start()
        self._nemesis.start()
        self._progress.tell(f"Buyers come for {self._size.traffic_s:.0f} s, and everything goes wrong")
        while not self._buyers.is_over or time.monotonic() - self._began < self._size.traffic_s:
            self._set_phase()
            self._nemesis.tick()
            self._show()
            time.sleep(TICK_S)
        if self._buyers.trouble:
            raise DemoError(self._buyers.trouble)

    def _set_phase(self) -> None:
        """M3's faults change twice: some need time before the end."""
        passed_s = time.monotonic() - self._began
        late_heads = passed_s < self._size.late_heads_until_s
        credit_stops = passed_s < self._size.credit_stops_until_s
        phase = late_heads + 2 * credit_stops
        if phase != self._phase:
            self._phase = phase
            faults = m3_faults(self._size, late_heads=late_heads, credit_stops=credit_stops)
            self._stage.m3.control("faults", faults | {"seed": self._size.seed * 10 + phase})

    def _end_of_faults(self) -> datetime:
        self._nemesis.end()
        self._stage.m3.control("faults", {})
        self._stage.shop.control("faults", {})
        self._ended_at = time.monotonic()
        self._progress.tell("The last fault is over")
        while (now := watch.moment(self._stage.under.ledger)) is None:
            time.sleep(TICK_S)
        return now

    def _come_to_rest(self, since: datetime) -> None:
        """Waits until a poll after the last fault has seen every order and nothing is under way."""
        limit_s = WITHOUT_SWEEPER_LIMIT_S if self._outcome.control == "sweeper" else REST_LIMIT_S
        while (passed_s := time.monotonic() - self._ended_at) < limit_s:
            seen = watch.look(self._stage.under.ledger)
            if seen is not None and not seen.is_open and watch.was_polled_since(self._stage.under.ledger, since):
                self._outcome.rest_s = round(passed_s, 1)
                self._progress.tell(f"Nothing is under way any more, {passed_s:.0f} s after the last fault")
                return
            self._show()
            time.sleep(TICK_S * 3)
        self._progress.tell(f"It did not come to rest within {limit_s:.0f} s")

    def _judge(self) -> None:
        """Asks the checker, again while all that is wrong are batch orders which are still hunted."""
        while True:
            self._outcome.verdict = _check(self._stage)
            passed_s = time.monotonic() - self._ended_at
            wrong = {name for name, many in self._outcome.verdict["problems"].items() if many}
            if not wrong:
                self._outcome.agreed_s = round(passed_s, 1)
            if wrong != {LEFT_BEHIND} or self._outcome.control or passed_s > HUNTS_LIMIT_S:
                return
            self._progress.tell("Batch orders of late answers are still to be hunted")
            time.sleep(10)

    def _gather(self) -> None:
        stage, outcome = self._stage, self._outcome
        ledger = stage.under.ledger
        book = stage.shop.book()
        outcome.poison_expected = _poison(book)
        outcome.dead_letters = stage.commands.read("dead-letters", "list", "--limit", "10000")
        outcome.kills, outcome.ended_s = self._nemesis.kills, self._nemesis.ended_s
        self._measure_taking_up()
        deliveries = book["deliveries"]
        sent = {name: deliveries[name] for name in ("sent", "failed", "suppressed")}
        outcome.injected = {
            "buyers": self._buyers.done,
            "webhooks": Counter(sent),
            "M3": _injected(stage.m3.look("faults")["injected"]),
            "shop": Counter(stage.shop.look("faults")["injected"]),
            "nemesis": self._nemesis.counts,
            "person": self._person.done,
            "deliveries stored": watch.counted(ledger, _STORED),
            "runs": watch.counted(ledger, _RUNS),
        }

    def _measure_taking_up(self) -> None:
        killed_at = {kill.worker: kill.at for kill in self._nemesis.killed}
        for one in watch.cut_off_attempts(self._stage.under.ledger, list(killed_at)):
            if one.started_at > killed_at[one.worker]:
                continue
            if one.next_at is None:
                self._outcome.never_taken_up.append(one.exchange_id)
            else:
                self._outcome.taken_up_s.append(round((one.next_at - killed_at[one.worker]).total_seconds(), 1))

    def _show(self) -> None:
        if time.monotonic() - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = time.monotonic()
        seen = watch.look(self._stage.under.ledger)
        if seen is None:
            self._progress.show(f"placed {self._buyers.placed}, the ledger is away")
            return
        states = ", ".join(f"{many} {state}" for state, many in sorted(seen.states.items()))
        self._progress.show(
            f"placed {self._buyers.placed}, in M3 {seen.in_m3}; {states}; kills {self._nemesis.kills}",
        )


_STORED = "SELECT source || ' ' || topic AS what, count(*) AS many FROM delivery GROUP BY 1"
_RUNS = """
SELECT flow || ': ' || coalesce(outcome, 'none') || coalesce(' ' || nullif(code, ''), '') AS what, count(*) AS many
FROM attempt JOIN exchange e ON e.id = exchange_id GROUP BY 1
"""


def _check(stage: Stage) -> dict[str, Any]:
    """Runs the checker as the program of its own that it is."""
    arguments = ("--shop", stage.shop.url, "--m3", stage.m3.url, "--store", STORE, "--poison-sku", POISON_SKU)
    command = [sys.executable, "-m", "bench.checker", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=CHECKER_LIMIT_S, check=False)
    try:
        verdict: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise DemoError(f"The checker did not judge (status {done.returncode}): {done.stderr.strip()}") from None
    (stage.logs / "verdict.json").write_text(done.stdout, encoding="utf-8")
    return verdict


def _poison(book: dict[str, Any]) -> list[int]:
    """Returns the orders that must wait for a person, told from the shop's book alone."""
    return [
        order["id"]
        for order in book["orders"]
        if order["status"] in SENT_STATUSES and any(line["sku"] == POISON_SKU for line in order["lines"])
    ]


def _injected(counts: dict[str, dict[str, int]]) -> Counter[str]:
    return Counter({fault: sum(by_call.values()) for fault, by_call in counts.items()})
