"""The story: buyers, lost and doubled webhooks, a sick M3, a killed worker, a person who helps; called by demo/__main__.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.checker import Verdict, check
from demo.errors import DemoError
from demo.faults import m3_faults
from demo.nemesis import Killed, kill_busy_worker
from demo.orders import Delivery, Planned, plan_orders
from demo.screen import Screen
from demo.stage import STORE, Stage
from demo.systems import is_ready
from demo.watch import Look, Watcher

SECONDS_BETWEEN_ORDERS = 0.45
FIRST_ORDER_LIMIT_S = 60.0
REST_LIMIT_S = 150.0
UNKNOWN_SKU, ITEM = "BOOK-5", "COOKBOOK"
LATE_S = 4.0


@dataclass
class Told:
    """What the story has to report besides the books."""

    kinds: dict[int, str] = field(default_factory=dict)
    by_delivery: dict[Delivery, list[int]] = field(default_factory=dict)
    killed: Killed | None = None
    dead_letters: list[str] = field(default_factory=list)
    look: Look = field(default_factory=Look)
    is_at_rest: bool = False


def play(stage: Stage, screen: Screen, *, orders: int, seed: int) -> Told:
    """Plays the whole story and returns what happened; the books are compared afterwards.

    Raises:
        DemoError: A part of the stage does not do what it must.
    """
    told = Told()
    watcher = Watcher(stage)
    _open(stage, screen, orders=orders, seed=seed)
    watcher.start()
    try:
        _trade(stage, screen, watcher, told=told, planned=plan_orders(orders, seed=seed))
        _pay_one(stage, screen, told)
        screen.tell("The buyers are done. What waits goes through by itself; the poll looks for what no webhook told.")
        _wait_for_rest(screen, watcher)
        _help(stage, screen, watcher, told)
        told.look = watcher.newest
        told.is_at_rest = told.look.is_at_rest()
    finally:
        watcher.stop()
    return told


def judge(stage: Stage) -> Verdict:
    """Judges from the books as they are now."""
    return check(stage.shop.book(), stage.m3.book(), stores=[STORE])


def _open(stage: Stage, screen: Screen, *, orders: int, seed: int) -> None:
    """Waits for the receiver, installs the webhooks, and lets M3 fall ill."""
    _wait_until_ready(stage)
    stage.commands.run("webhooks", "install", STORE, "--url", stage.receiver_url)
    stage.shop.control("settings", {"late_s": LATE_S})
    book = {"itno": ITEM, "name": "Cookbook", "list_price": "25.00", "vat_code": 2}
    stage.m3.control("items", [book])
    stage.m3.control("faults", m3_faults(orders, seed=seed))
    screen.tell("Webhooks are installed, M3 is slow and falls ill now and then. The buyers come.")


def _wait_until_ready(stage: Stage) -> None:
    deadline = time.monotonic() + FIRST_ORDER_LIMIT_S
    while not is_ready(stage.receiver_url):
        if time.monotonic() > deadline:
            raise DemoError(f"The receiver did not become ready in {FIRST_ORDER_LIMIT_S:.0f} s.")
        time.sleep(0.2)


def _trade(stage: Stage, screen: Screen, watcher: Watcher, *, told: Told, planned: list[Planned]) -> None:
    """Places the orders, one after the other, and kills a worker after a third of them."""
    kill_at = len(planned) // 3
    for number, one in enumerate(planned, start=1):
        placed = stage.shop.control("orders", {"kind": one.kind, "deliver": one.deliver})
        told.kinds[int(placed["id"])] = one.kind
        told.by_delivery.setdefault(one.deliver, []).append(int(placed["id"]))
        screen.placed(number)
        if number == kill_at:
            told.killed = kill_busy_worker(stage.redis_url)
            screen.tell(f"Worker process {told.killed.pid} is killed (SIGKILL) while it carries exchange "
                        f"{told.killed.exchange_id}.")  # fmt: skip
        _show_for(SECONDS_BETWEEN_ORDERS, screen, watcher)


def _pay_one(stage: Stage, screen: Screen, told: Told) -> None:
    """The money for a bank transfer arrives: an order on hold becomes one for M3."""
    on_hold = next((order for order, kind in told.kinds.items() if kind == "on_hold"), None)
    if on_hold is not None:
        stage.shop.control(f"orders/{on_hold}", {"status": "processing"})
        screen.tell(f"The money for order {on_hold} arrives, which was on hold.")


def _help(stage: Stage, screen: Screen, watcher: Watcher, told: Told) -> None:
    """A person reads why orders wait and says which item the SKU is; nothing else is done by hand."""
    for one in watcher.newest.dead_letters():
        told.dead_letters.append(f"order {one['business_key']}: {one['reason']}")
        screen.tell(f"Order {one['business_key']} waits for a person: {one['reason']}")
    if UNKNOWN_SKU not in "".join(told.dead_letters):
        return
    screen.tell(f"$ connector items map {UNKNOWN_SKU} {ITEM}")
    for line in stage.commands.run("items", "map", UNKNOWN_SKU, ITEM).splitlines():
        screen.tell(f"  {line}")
    _wait_for_rest(screen, watcher)


def _wait_for_rest(screen: Screen, watcher: Watcher) -> None:
    """Waits until a look taken from now on finds nothing under way, twice in a row: an echo may be on its way between."""
    since = time.monotonic()
    seen_at = 0.0
    while time.monotonic() - since < REST_LIMIT_S:
        look = watcher.newest
        if look.taken_at > since and not look.is_at_rest():
            seen_at = 0.0
        elif look.taken_at > since and not seen_at:
            seen_at = look.taken_at
        elif seen_at and look.taken_at > seen_at:
            return
        _show_for(0.3, screen, watcher)
    screen.tell(f"Not everything came to rest within {REST_LIMIT_S:.0f} s.")


def _show_for(seconds: float, screen: Screen, watcher: Watcher, *, clock: Callable[[], float] = time.monotonic) -> None:
    end = clock() + seconds
    while clock() < end:
        screen.show(watcher.newest)
        time.sleep(0.1)
