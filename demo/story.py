"""The story, called by demo/__main__.py: M3's goods come to the shop's shelf, buyers buy, M3's people change things.

Messages get lost and doubled, M3 falls ill, a worker is killed, a person helps. Then orders and accounts live on: they are changed,
cancelled, delivered, invoiced and given back.
"""

from __future__ import annotations

import time

from bench.checker import Verdict, check
from demo.arrivals import Arrivals
from demo.cast import Cast, Told
from demo.changes import Change, plan_changes
from demo.errors import DemoError
from demo.faults import m3_faults
from demo.goods import ITEM, Goods
from demo.lives import Drawer, Hands, customers, giving_back, invoicing, second_thoughts, warehouse
from demo.mail import Mail
from demo.nemesis import kill_busy_worker
from demo.orders import Planned, plan_orders
from demo.screen import Screen
from demo.stage import Stage
from demo.stores import DIRECT, STORE
from demo.systems import is_ready
from demo.watch import Watcher

SECONDS_BETWEEN_ORDERS = 0.45
FIRST_ORDER_LIMIT_S = 180.0
REST_LIMIT_S = 150.0
UNKNOWN_SKU = "BOOK-5"
LATE_S = 4.0


def play(stage: Stage, screen: Screen, *, goods: Goods, orders: int, seed: int) -> Told:
    """Plays the whole story and returns what happened; the books are compared afterwards.

    Raises:
        DemoError: A part of the stage does not do what it must.
    """
    told = Told()
    cast = Cast(stage, screen, Watcher(stage), Arrivals(stage), Mail(stage, seed=seed), told)
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
        _live_on(cast)
        screen.tell("Nothing more is done. What is under way comes to rest; then the books of both sides are compared.")
        _wait_for_rest(cast)
    finally:
        cast.watcher.stop()
        cast.arrivals.stop()
    told.look = cast.watcher.newest
    told.arrivals, told.never_shown, told.mail = cast.arrivals.seen, cast.arrivals.waiting(), cast.mail.counts()
    told.is_at_rest = told.look.is_at_rest() and not told.never_shown and all(one.is_well for one in told.acts)
    stage.m3.control("faults", {})
    return told


def judge(stage: Stage) -> Verdict:
    """Judges from the books as they are now."""
    return check(stage.shop.book(), stage.m3.book(), stores=[STORE])


def _open(cast: Cast, goods: Goods) -> None:
    """Waits for the receiver, installs the webhooks, and fills the shop's shelf."""
    _wait_until_ready(cast.stage)
    for store, shop in ((STORE, cast.stage.shop), (DIRECT, cast.stage.direct)):
        cast.stage.commands.run("webhooks", "install", store, "--url", cast.stage.receiver_url)
        shop.control("settings", {"late_s": LATE_S})
    goods.load(cast.stage, cast.screen)


def _wait_until_ready(stage: Stage) -> None:
    deadline = time.monotonic() + FIRST_ORDER_LIMIT_S
    while not is_ready(stage.receiver_url):
        if time.monotonic() > deadline:
            raise DemoError(f"The receiver did not become ready in {FIRST_ORDER_LIMIT_S:.0f} s.")
        time.sleep(0.2)


def _trade(cast: Cast, *, planned: list[Planned], changes: list[Change]) -> None:
    """Places the orders, one after the other; on the way M3's people change things, and a worker is killed."""
    kill_at = len(planned) // 3
    lost_at = len(planned) // 4
    told = [one for one in changes if one.is_told]
    times = [len(planned) * (number + 1) // (len(told) + 2) for number in range(len(told))]
    for number, one in enumerate(planned, start=1):
        shop = cast.stage.direct if one.store == DIRECT else cast.stage.shop
        placed = shop.control("orders", one.cart)
        cast.told.placed[one.store, int(placed["id"])] = (one.kind, placed)
        cast.told.by_delivery.setdefault(one.deliver, []).append(int(placed["id"]))
        cast.screen.placed(number)
        for change in (change for at, change in zip(times, told, strict=True) if at == number):
            cast.arrivals.make(change)
        if number == kill_at:
            _kill(cast)
        if number == lost_at:
            _lose(cast, [one for one in changes if not one.is_told])
        cast.show_for(SECONDS_BETWEEN_ORDERS)


def _kill(cast: Cast) -> None:
    killed = cast.told.killed = kill_busy_worker(cast.stage.redis_url)
    cast.screen.tell(f"Worker process {killed.pid} is killed (SIGKILL) while it carries exchange {killed.exchange_id}.")


def _lose(cast: Cast, changes: list[Change]) -> None:
    """M3 changes some things of which no message arrives: its lists of changes are polled."""
    with cast.mail.lost():
        for change in changes:
            cast.arrivals.make(change)
    cast.screen.tell(
        f"{len(changes)} changes in M3 of which all messages are lost: {'; '.join(one.words for one in changes)}."
    )


def _pay(cast: Cast) -> None:
    """The money for bank transfers arrives: orders on hold become orders for M3."""
    for order in [order for order, kind in cast.told.kinds.items() if kind == "on_hold"]:
        cast.stage.shop.control(f"orders/{order}", {"status": "processing"})
        cast.screen.tell(f"The money for order {order} arrives, which was on hold.")


def _help(cast: Cast) -> None:
    """A person reads why orders wait and says which item the SKU is; nothing else is done by hand."""
    for one in cast.watcher.newest.dead_letters():
        cast.told.dead_letters.append(f"order {one['business_key']}: {one['reason']}")
        cast.screen.tell(f"Order {one['business_key']} waits for a person: {one['reason']}")
    if UNKNOWN_SKU not in "".join(cast.told.dead_letters):
        return
    command = ("items", "map", UNKNOWN_SKU, ITEM, "--store", STORE)
    cast.screen.tell(f"$ connector {' '.join(command)}")
    for line in cast.stage.commands.run(*command).splitlines():
        cast.screen.tell(f"  {line}")
    _wait_for_rest(cast)


def _live_on(cast: Cast) -> None:
    """What becomes of orders and accounts once they are sold, act by act; one order is followed through all."""
    hands, drawer = Hands(cast.stage), Drawer(cast.told.orders_of(STORE))
    direct = Drawer(cast.told.orders_of(DIRECT))
    hero = drawer.take("variations", lines=2)
    cast.told.hero = int(hero["id"]) if hero is not None else None
    cast.play(second_thoughts(hands, drawer))
    cast.play(customers(hands, [order for _, order in cast.told.orders_of(STORE).values()]))
    cast.play(warehouse(hands, drawer, hero=hero))
    cast.play(invoicing(hands))
    cast.play(giving_back(hands, drawer, direct=direct, hero=hero))


def _wait_for_rest(cast: Cast) -> None:
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
