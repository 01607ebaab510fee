"""Lets a world come to rest: faults end, people do what waits for them, periodic jobs run, time passes. Used by machine.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.acceptance.simulation.messages import take
from tests.acceptance.simulation.rates_of_m3 import days_of, enter_rates
from tests.acceptance.simulation.sent_by_m3 import INVOICED, PICKED, advance, deliverable
from tests.acceptance.simulation.world import SHOP, World
from workers.base import run_exchange
from workers.jobs import run_turn
from workers.sweeper import sweep

ROUND_S = 61.0
"""One round of waiting: the sweeper sends again after a minute, and it is a new turn of every short job."""
BLOCKED_S = 901.0
"""After so long whatever is blocked by something has looked at it again; that alone is no sign that something happens."""
MOST_ROUNDS = 60
MOST_VISITS = 2
MOST_RUNS = 200
QUIET_ROUNDS = 2
IDLE_ROUNDS = 8  # busy, but nothing runs any more: stuck
EACH_ROUND = ("poll_orders", "hunt_orphans", "probe_stores")
JOBS = (*EACH_ROUND, "poll_open_orders")
GOODS_JOBS = ("pull_items", "pull_prices", "pull_stock", "poll_products")
ACCOUNT_JOBS = ("poll_customers", "pull_customers")
NIGHTLY = "compare_daily"
LONGEST_TURN_S = 3600.0
BOOKS_JOBS = ("poll_refunds",)
PROGRESS_JOBS = ("poll_order_status",)
RATES_JOBS = ("pull_rates",)
ACCOUNTS_TURN_S = 6 * 3600.0
DAY_S = 86_400.0
MOST_DAYS = 31
"""No day of a simulation goes on for longer than this until it is at rest."""
HANGING = ("15", "25", "30", "55")

_IS_BUSY = """
SELECT 1 FROM exchange WHERE state IN ('ready', 'running', 'waiting')
UNION ALL SELECT 1 FROM exchange WHERE state = 'blocked' AND NOT :pays_orders
    AND blocked_kind IS DISTINCT FROM 'invoice'  -- what M3 has not picked by then nobody invoices
UNION ALL SELECT 1 FROM offer WHERE wanted_rev > done_rev
UNION ALL SELECT 1 FROM store WHERE paused_by IS NOT NULL
UNION ALL SELECT 1 FROM job_trouble WHERE well_at IS NULL LIMIT 1
"""
_NEXT = """
SELECT extract(epoch FROM min(due_at) - ledger_now()) AS next_s FROM (
    SELECT greatest(next_attempt_at, not_before) AS due_at FROM exchange WHERE state IN ('ready', 'waiting', 'blocked')
    UNION ALL SELECT next_at FROM job_trouble WHERE well_at IS NULL
) AS due
"""
_HUNTED = "SELECT 1 FROM step WHERE name = 'head' AND state = 'unknown' AND result ->> 'look_at' IS NOT NULL LIMIT 1"
_RELEASABLE = "SELECT id FROM exchange WHERE state = 'dead_letter' ORDER BY id"


def come_to_rest(world: World, *, before_night: Callable[[], None]) -> None:
    """Ends all faults and goes on until nothing is left that would happen by itself or that a person could cure.

    Args:
        world: The world.
        before_night: Looks at what has to be right when everything was asked that is asked by day; called if M3's goods are
            shown.
    """
    world.m3_faults()
    world.control(SHOP, "faults")
    _let_turns_pass(world)
    _be_quiet(world)
    if world.sort.pays_orders:
        _invoice(world, picked_alone=False)
    if world.sort.delivers:
        _run_jobs(world, PROGRESS_JOBS)
        _be_quiet(world)
    if world.sort.shows_goods:
        before_night()
    if world.sort.shows_stock or world.sort.follows_accounts:
        _let_night_pass(world)
    for _ in range(MOST_VISITS):  # a dead letter may hide a second one: an order that waited for its customer
        if not _let_people_act(world):
            return
        _be_quiet(world)
        if world.sort.shows_stock:  # what was made in M3 now has taken stock, of which nobody tells
            _let_night_pass(world)


def _let_turns_pass(world: World) -> None:
    """Everything that is asked for by day is asked for once more."""
    if world.sort.shows_stock:
        world.clock.advance(LONGEST_TURN_S)
        _run_jobs(world, GOODS_JOBS)
    if world.sort.keeps_books:
        world.let_books_run()
    if world.sort.converts:
        enter_rates(world, days_of(world, MOST_DAYS))
    if world.sort.delivers:
        _invoice(world, picked_alone=True)
    if world.sort.gives_back:
        world.clock.advance(LONGEST_TURN_S)
        _run_jobs(world, BOOKS_JOBS)
    if world.sort.follows_accounts:
        world.clock.advance(ACCOUNTS_TURN_S)
        _run_jobs(world, ACCOUNT_JOBS)


def _invoice(world: World, *, picked_alone: bool) -> None:
    """M3 invoices what it has begun to deliver, but for what waits for goods, or everything it has."""
    for order in deliverable(world):
        is_due = order.highest_status >= PICKED and order.orno not in world.on_back_order
        if is_due or not picked_alone:
            advance(world, order.orno, INVOICED)


def load(world: World) -> None:
    """Lets the shop show M3's goods as they are when a day begins; stock alone is there after one turn."""
    for jobs in [(*GOODS_JOBS, NIGHTLY)] * 2 if world.sort.shows_goods else [("pull_stock",)]:
        _run_jobs(world, jobs)
        sweep(world.workers[0])
        work_off(world, most=MOST_RUNS)
        world.clock.advance(ROUND_S)


def _let_night_pass(world: World) -> None:
    """Everything is compared at night: only then is found what somebody changed in the shop that M3 is the master of."""
    world.clock.advance(DAY_S)
    _run_jobs(world, (NIGHTLY,))
    _be_quiet(world)


def work_off(world: World, *, most: int) -> int:
    """Runs at most so many messages of the broker, oldest first, by turns in two processes; returns how many."""
    for count in range(most):
        waiting = world.messages()
        if not waiting:
            return count
        take(world.valkey, waiting[0])
        run_exchange(world.workers[count % 2], waiting[0].exchange_id)
    return most


def _be_quiet(world: World) -> None:
    quiet = idle = 0
    for round_no in range(MOST_ROUNDS):
        _run_jobs(world, JOBS if round_no == 1 else EACH_ROUND)
        if world.sort.converts:
            _run_jobs(world, RATES_JOBS)
        sweep(world.workers[0])
        ran = work_off(world, most=MOST_RUNS)
        is_busy = _is_busy(world, ran)
        quiet = 0 if is_busy else quiet + 1
        idle = 0 if ran or world.clock.is_waited_for() else idle + 1
        if quiet == QUIET_ROUNDS or idle == IDLE_ROUNDS:
            return
        pause_s = BLOCKED_S if world.sort.pays_orders and not is_busy else ROUND_S
        world.clock.advance(max(pause_s, _next_due_in_s(world)))


def _is_busy(world: World, ran: int) -> bool:
    """Tells whether anything happens. That an order's payment looks again whether it is invoiced is nothing."""
    pays_orders = world.sort.pays_orders
    has_run = bool(ran) and not pays_orders
    is_due = has_run or world.clock.is_waited_for() or world.rows(_IS_BUSY, pays_orders=pays_orders)
    return bool(is_due or world.rows(_HUNTED))


def _run_jobs(world: World, names: Iterable[str]) -> None:
    for name in names:
        run_turn(world.workers[0], name)


def _next_due_in_s(world: World) -> float:
    (row,) = world.rows(_NEXT)
    return float(row["next_s"] or 0)


def _let_people_act(world: World) -> bool:
    """Releases what hangs in M3 and what waits as a dead letter; tells whether there was anything."""
    hanging = [one["temporary_orno"] for one in world.m3_book()["batch_orders"] if one["stat"] in HANGING]
    dead = world.rows(_RELEASABLE)
    for temporary in hanging:
        world.release_batch_order(temporary)
    for row in dead:
        world.release(row["id"])
    return bool(hanging or dead)
