"""Looks at everything every few seconds, from outside, in a thread of its own; the screen and the story read the newest look."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.checker.books import WANTED
from demo.errors import DemoError
from demo.stage import Stage
from demo.stores import DIRECT, STORE

LOOK_EVERY_S = 2.5
MOST_EXCHANGES = 10000
RESTING = ("done", "dead_letter")
ORDERS = "orders_to_m3"
DELIVERIES = ("sent", "waiting", "suppressed", "failed")
WAITING_WORDS = {
    "outcome_unknown": "answer lost, looks again soon",
    "record_locked": "record locked in M3",
    "rate_limited": "M3 wants fewer calls",
    "remote_unavailable": "M3 not available",
    "breaker_open": "M3 is left alone for a while",
    "not_yet": "M3 may still be at work",
    "missing_dependency": "its customer comes first",
    "unknown_item": "for a person: unknown SKU",
}
"""Reason codes in words; one that is missing here is shown as it is."""


@dataclass(frozen=True)
class Look:
    """What could be seen from outside at one moment; `shop`, `direct` (the second shop) and `m3` are the books."""

    exchanges: tuple[dict[str, Any], ...] = ()
    shop: dict[str, Any] = field(default_factory=dict)
    direct: dict[str, Any] = field(default_factory=dict)
    m3: dict[str, Any] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    taken_at: float = 0.0

    @property
    def calls(self) -> Counter[str]:
        """How often each transaction reached M3."""
        return Counter(self.m3.get("calls", {}))

    def states(self) -> Counter[str]:
        """Counts the exchanges of orders by state."""
        return Counter(str(one["state"]) for one in self.exchanges if one["flow"] == ORDERS)

    def waiting(self) -> Counter[str]:
        """Counts what waits by its reason."""
        rows = [one for one in self.exchanges if one["state"] in ("waiting", "blocked", "dead_letter")]
        return Counter(WAITING_WORDS.get(one["reason_code"], one["reason_code"] or "due soon") for one in rows)

    def dead_letters(self) -> list[dict[str, Any]]:
        """Returns what waits for a person."""
        return [one for one in self.exchanges if one["state"] == "dead_letter"]

    def is_at_rest(self) -> bool:
        """Tells whether nothing is under way: no delivery waits, no exchange moves, each wanted order has its exchange."""
        books = {STORE: self.shop, DIRECT: self.direct}
        if not all(book and not book["deliveries"]["waiting"] for book in books.values()):
            return False
        known = {(one["store"], one["business_key"]) for one in self.exchanges if one["flow"] == ORDERS}
        wanted = {
            (store, str(one["id"]))
            for store, book in books.items()
            for one in book["orders"]
            if one["status"] in WANTED
        }
        return wanted <= known and all(one["state"] in RESTING for one in self.exchanges)

    @property
    def in_m3(self) -> int:
        """Counts the orders M3 holds, and the invoices that were posted without one."""
        invoices = [one for one in self.m3.get("journals", ()) if one["key1"].startswith(f"{DIRECT.upper()}I")]
        return len(self.m3.get("orders", ())) + len(invoices)

    def deliveries(self) -> Counter[str]:
        """Counts the webhooks of both shops."""
        books = [book["deliveries"] for book in (self.shop, self.direct) if book]
        return Counter({name: sum(one[name] for one in books) for name in DELIVERIES})


class Watcher:
    """Takes looks until stopped; one failed look is no harm, many in a row are told by `trouble`."""

    def __init__(self, stage: Stage) -> None:
        """Prepares; start() begins."""
        self._stage = stage
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self.newest = Look()
        self.trouble = ""

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the present look."""
        self._ending.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._ending.is_set():
            began = time.monotonic()
            try:
                self.newest = look(self._stage)
                self.trouble = ""
            except DemoError as error:
                self.trouble = str(error)
            self._ending.wait(max(0.2, LOOK_EVERY_S - (time.monotonic() - began)))


def look(stage: Stage) -> Look:
    """Takes one look: the list of exchanges by the command line, both books, the faults M3 counted.

    Raises:
        DemoError: A part did not answer.
    """
    taken_at = time.monotonic()  # what happens during the look may be missing in it
    shop, direct = stage.shop.book(), stage.direct.book()
    rows = stage.commands.read("exchanges", "list", "--limit", str(MOST_EXCHANGES))
    injected = stage.m3.look("faults")["injected"]
    faults = Counter({name: sum(by_call.values()) for name, by_call in injected.items()})
    return Look(exchanges=tuple(rows), shop=shop, direct=direct, m3=stage.m3.book(), faults=faults, taken_at=taken_at)
