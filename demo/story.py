"""The story, called by demo/__main__.py: M3's goods come to the shop's shelf, buyers buy, M3's people change things.

Messages get lost and doubled, M3 falls ill, a worker is killed, a person helps.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.checker import Verdict, check
from demo.arrivals import Arrival, Arrivals
from demo.changes import Change, plan_changes
from demo.errors import DemoError
from demo.faults import m3_faults
from demo.goods import ITEM, Goods
from demo.mail import Mail
from demo.nemesis import Killed, kill_busy_worker
from demo.orders import Delivery, Planned, plan_orders
from demo.screen import Screen
from demo.stage import STORE, Stage
from demo.systems import is_ready
from demo.watch import Look, Watcher

SECONDS_BETWEEN_ORDERS = 0.45
FIRST_ORDER_LIMIT_S = 60.0
REST_LIMIT_S = 150.0
UNKNOWN_SKU = "BOOK-5"
LATE_S = 4.0


@dataclass
class Told:
    """What the story has to report besides the books."""

    kinds: dict[int, str] = field(default_factory=dict)
    by_delivery: dict[Delivery, list[int]] = field(default_factory=dict)
    killed: Killed | None = None
    dead_letters: list[str] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    never_shown: list[Change] = field(default_factory=list)
    mail: Counter[str] = field(default_factory=Counter)
    look: Look = field(default_factory=Look)
    is_at_rest: bool = False


@dataclass(frozen=True)
class _Cast:
    """Who is on stage, besides the processes."""

    stage: Stage
    screen: Screen
    watcher: Watcher
    arrivals: Arrivals
    mail: Mail
    told: Told

    def show_for(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Lets time pass and shows what is seen meanwhile."""
        end = clock() + seconds
        while clock() < end:
            for one in self.arrivals.take_new():
                self.screen.tell(f"{one.change.words}: in the shop after {one.after_s:.1f} s")
            self.screen.changed(shown=len(self.arrivals.seen), waiting=len(self.arrivals.waiting()))
            self.screen.show(self.watcher.newest)
            time.sleep(0.1)


def play(stage: Stage, screen: Screen, *, goods: Goods, orders: int, seed: int) -> Told:
    """Plays the whole story and returns what happened; the books are compared afterwards.

    Raises:
        DemoError: A part of the stage does not do what it must.
    """
    told = Told()
    cast = _Cast(stage, screen, Watcher(stage), Arrivals(stage), Mail(stage, seed=seed), told)
    _open(cast, goods)
    changes = plan_changes(stage.shop.part("products"), seed=seed)
    stage.m3.control("faults", m3_faults(orders, seed=seed))
    cast.mail.begin()
    screen.tell(
        "From now on M3 is slow and falls ill now and then, its messages come late, twice or not at all. The buyers come."
    )
    cast.watcher.start()
    cast.arrivals.start()
    try:
        _trade(cast, planned=plan_orders(orders, seed=seed), changes=changes)
        _pay(cast)
        screen.tell("The buyers are done. What waits goes through by itself; the poll looks for what no webhook told.")
        _wait_for_rest(cast)
        _help(cast)
    finally:
        cast.watcher.stop()
        cast.arrivals.stop()
    told.look = cast.watcher.newest
    told.arrivals, told.never_shown, told.mail = cast.arrivals.seen, cast.arrivals.waiting(), cast.mail.counts()
    told.is_at_rest = told.look.is_at_rest() and not told.never_shown
    stage.m3.control("faults", {})
    return told


def judge(stage: Stage) -> Verdict:
    """Judges from the books as they are now."""
    return check(stage.shop.book(), stage.m3.book(), stores=[STORE])


def _open(cast: _Cast, goods: Goods) -> None:
    """Waits for the receiver, installs the webhooks, and fills the shop's shelf."""
    _wait_until_ready(cast.stage)
    cast.stage.commands.run("webhooks", "install", STORE, "--url", cast.stage.receiver_url)
    cast.stage.shop.control("settings", {"late_s": LATE_S})
    goods.load(cast.stage, cast.screen)


def _wait_until_ready(stage: Stage) -> None:
    deadline = time.monotonic() + FIRST_ORDER_LIMIT_S
    while not is_ready(stage.receiver_url):
        if time.monotonic() > deadline:
            raise DemoError(f"The receiver did not become ready in {FIRST_ORDER_LIMIT_S:.0f} s.")
        time.sleep(0.2)


def _trade(cast: _Cast, *, planned: list[Planned], changes: list[Change]) -> None:
    """Places the orders, one after the other; on the way M3's people change things, and a worker is killed."""
    kill_at = len(planned) // 3
    lost_at = len(planned) // 4
    told = [one for one in changes if one.is_told]
    times = [len(planned) * (number + 1) // (len(told) + 2) for number in range(len(told))]
    for number, one in enumerate(planned, start=1):
        placed = cast.stage.shop.control("orders", {"kind": one.kind, "deliver": one.deliver})
        cast.told.kinds[int(placed["id"])] = one.kind
        cast.told.by_delivery.setdefault(one.deliver, []).append(int(placed["id"]))
        cast.screen.placed(number)
        for change in (change for at, change in zip(times, told, strict=True) if at == number):
            cast.arrivals.make(change)
        if number == kill_at:
            _kill(cast)
        if number == lost_at:
            _lose(cast, [one for one in changes if not one.is_told])
        cast.show_for(SECONDS_BETWEEN_ORDERS)


def _kill(cast: _Cast) -> None:
    killed = cast.told.killed = kill_busy_worker(cast.stage.redis_url)
    cast.screen.tell(f"Worker process {killed.pid} is killed (SIGKILL) while it carries exchange {killed.exchange_id}.")


def _lose(cast: _Cast, changes: list[Change]) -> None:
    """M3 changes some things of which no message arrives: its lists of changes are polled."""
    with cast.mail.lost():
        for change in changes:
            cast.arrivals.make(change)
    cast.screen.tell(
        f"{len(changes)} changes in M3 of which all messages are lost: {'; '.join(one.words for one in changes)}."
    )


def _pay(cast: _Cast) -> None:
    """The money for bank transfers arrives: orders on hold become orders for M3."""
    for order in (order for order, kind in cast.told.kinds.items() if kind == "on_hold"):
        cast.stage.shop.control(f"orders/{order}", {"status": "processing"})
        cast.screen.tell(f"The money for order {order} arrives, which was on hold.")


def _help(cast: _Cast) -> None:
    """A person reads why orders wait and says which item the SKU is; nothing else is done by hand."""
    for one in cast.watcher.newest.dead_letters():
        cast.told.dead_letters.append(f"order {one['business_key']}: {one['reason']}")
        cast.screen.tell(f"Order {one['business_key']} waits for a person: {one['reason']}")
    if UNKNOWN_SKU not in "".join(cast.told.dead_letters):
        return
    cast.screen.tell(f"$ connector items map {UNKNOWN_SKU} {ITEM}")
    for line in cast.stage.commands.run("items", "map", UNKNOWN_SKU, ITEM).splitlines():
        cast.screen.tell(f"  {line}")
    _wait_for_rest(cast)


def _wait_for_rest(cast: _Cast) -> None:
    """Waits until a look taken from now on finds nothing under way, twice in a row: an echo may be on its way between."""
    since = time.monotonic()
    seen_at = 0.0
    while time.monotonic() - since < REST_LIMIT_S:
        look = cast.watcher.newest
        is_at_rest = look.is_at_rest() and not cast.arrivals.waiting()
        if look.taken_at > since and not is_at_rest:
            seen_at = 0.0
        elif look.taken_at > since and not seen_at:
            seen_at = look.taken_at
        elif seen_at and look.taken_at > seen_at:
            return
        cast.show_for(0.3)
    cast.screen.tell(f"Not everything came to rest within {REST_LIMIT_S:.0f} s.")
