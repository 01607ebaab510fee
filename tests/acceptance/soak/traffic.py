"""What the buyers and the shop's administration do, drawn from a seed, and the thread that does it. Used by run.py.

Nothing here is told to the judge: what an order must come to can be read in the shop's book alone.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from demo.errors import DemoError
from demo.orders import SHARES
from demo.systems import System
from tests.acceptance.soak.size import Size

POISON_KIND, POISON_SKU = "unknown_sku", "BOOK-5"
DRAFT_KIND = "checkout_draft"
POISON_SHARE, DRAFT_SHARE = 0.02, 0.03
FATES = {"never": 5, "three_times": 10, "twice": 30, "reordered": 20, "late": 5, "now": 30}
"""Per cent of what becomes of an order's webhooks on their way."""
LATE_S = 5.0
SAVED_LATE_SHARE, SAVED_LATE_S = 0.02, 45.0
"""Orders of which nobody is told, and whose date is older than what the poll has read when they appear."""
BURST = (1, 1, 1, 2, 4)
"""Orders placed at the same moment: deliveries of one second share an id."""


@dataclass(frozen=True)
class Order:
    """One order to be placed; `then` is what is done to it afterwards, one after the other."""

    at_s: float
    kind: str
    deliver: str
    saved_late_s: float = 0
    then: tuple[tuple[float, str, str], ...] = ()  # seconds later, what, deliver


def plan_orders(size: Size) -> list[Order]:
    """Returns the orders of a run in the order they are placed; the same for the same seed."""
    rng = random.Random(f"traffic {size.seed}")
    kinds = _kinds(size.orders, rng)
    moments = _moments(size, rng)
    fates = _fates(rng)
    return [_order(kind, at_s, next(fates), rng) for kind, at_s in zip(kinds, moments, strict=True)]


def _kinds(count: int, rng: random.Random) -> list[str]:
    poison, drafts = max(1, round(count * POISON_SHARE)), max(1, round(count * DRAFT_SHARE))
    sound = {kind: share for kind, share in SHARES.items() if kind not in (POISON_KIND, DRAFT_KIND)}
    rest = rng.choices(list(sound), weights=list(sound.values()), k=count - poison - drafts)
    kinds = [POISON_KIND] * poison + [DRAFT_KIND] * drafts + rest
    rng.shuffle(kinds)
    return kinds


def _moments(size: Size, rng: random.Random) -> list[float]:
    sizes: list[int] = []
    while sum(sizes) < size.orders:
        sizes.append(min(rng.choice(BURST), size.orders - sum(sizes)))
    starts = sorted(rng.uniform(0, size.traffic_s) for _ in sizes)
    return [at_s for at_s, many in zip(starts, sizes, strict=True) for _ in range(many)]


def _fates(rng: random.Random) -> Iterator[str]:
    while True:
        turn = [fate for fate, share in FATES.items() for _ in range(share)]
        rng.shuffle(turn)
        yield from turn


def _order(kind: str, at_s: float, deliver: str, rng: random.Random) -> Order:
    if rng.random() < SAVED_LATE_SHARE and kind not in (POISON_KIND, DRAFT_KIND, "on_hold", "pending"):
        return Order(at_s, kind, "never", saved_late_s=SAVED_LATE_S)
    if kind == "on_hold":
        return Order(at_s, kind, deliver, then=_story_of_a_transfer(rng))
    if kind == "pending" and rng.random() < 0.5:
        return Order(at_s, kind, deliver, then=((rng.uniform(1, 6), "pay", deliver),))
    return Order(at_s, kind, deliver)


def _story_of_a_transfer(rng: random.Random) -> tuple[tuple[float, str, str], ...]:
    """Before the money comes an order may still be changed or cancelled; afterwards it is M3's."""
    pause_s, draw = rng.uniform(0.2, 8), rng.random()
    fates = _fates(rng)
    if draw < 0.4:
        return ((pause_s, "change", next(fates)), (pause_s + rng.choice((0.0, 0.3, 4.0)), "pay", next(fates)))
    if draw < 0.6:
        return ((pause_s, "change and pay", next(fates)),)
    if draw < 0.75:
        return ((pause_s, "cancel", next(fates)),)
    return ((pause_s, "pay", next(fates)),) if draw < 0.9 else ()


@dataclass(order=True)
class _Due:
    at_s: float
    number: int
    do: Any = field(compare=False)


class Buyers:
    """The thread that places the orders at their moments; `placed` and `told` count what was really done."""

    def __init__(self, shop: System, orders: list[Order]) -> None:
        """Prepares; start() begins."""
        self._shop = shop
        self._thread = threading.Thread(target=self._run, name="buyers", daemon=True)
        self._due: list[_Due] = []
        self._ending = threading.Event()
        self._number = 0
        self._bodies: dict[int, dict[str, Any]] = {}
        self.placed = 0
        self.done: Counter[str] = Counter()
        self.trouble = ""
        for number, order in enumerate(orders):
            self._plan(order.at_s, lambda number=number, order=order: self._place(number, order))

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Tells whether everything was placed and done."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Ends early."""
        self._ending.set()
        self._thread.join(timeout=60)

    def _plan(self, at_s: float, do: Any) -> None:
        self._number += 1
        heapq.heappush(self._due, _Due(at_s, self._number, do))

    def _run(self) -> None:
        began = time.monotonic()
        try:
            while self._due:
                wait_s = self._due[0].at_s - (time.monotonic() - began)
                if self._ending.wait(max(0.0, wait_s)):
                    return
                heapq.heappop(self._due).do()
        except DemoError as error:
            self.trouble = str(error)

    def _place(self, number: int, order: Order) -> None:
        wanted: dict[str, Any] = {"kind": order.kind, "deliver": order.deliver}
        if order.saved_late_s:
            wanted["saved_late_s"] = order.saved_late_s
            self.done["orders saved late, of which nobody was told"] += 1
        body = self._shop.control("orders", wanted)
        self._bodies[number] = body
        self.placed += 1
        self.done[f"orders told {order.deliver.replace('_', ' ')}"] += 1
        if order.kind == POISON_KIND:
            self.done["poison orders"] += 1
        if order.kind == DRAFT_KIND:
            self.done["checkout drafts"] += 1
        for after_s, what, deliver in order.then:
            self._plan(order.at_s + after_s, lambda what=what, deliver=deliver: self._change(number, what, deliver))

    def _change(self, number: int, what: str, deliver: str) -> None:
        order = self._bodies[number]
        content: dict[str, Any] = {"deliver": deliver}
        if "change" in what:
            content["line_items"] = [_doubled(order["line_items"][0])]
        if "pay" in what:
            content["status"] = "processing"
        if what == "cancel":
            content["status"] = "cancelled"
        self._bodies[number] = self._shop.control(f"orders/{order['id']}", content)
        self.done[f"orders on hold: {what}"] += 1


def _doubled(line: dict[str, Any]) -> dict[str, Any]:
    """Returns the change of a line to twice as many pieces at the same price."""
    amounts = {name: str(Decimal(line[name]) * 2) for name in ("subtotal", "total")}
    return {"id": line["id"], "quantity": line["quantity"] * 2, **amounts}
