"""The state machine: what buyers, shop, broker, workers, M3 and people may do next, in any order. Run by __main__.py.

Each rule tells its step as a sentence; Hypothesis shortens a failing run, and the sentences of the shortest are its story.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import wraps
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sandbox.m3.faults import Fault, Rule
from sandbox.shop.delivery import Prepared
from sandbox.shop.entities import Order
from tests.acceptance.simulation.books import History, require_complete, require_sound
from tests.acceptance.simulation.messages import Message, put_back, take
from tests.acceptance.simulation.rest import JOBS, come_to_rest, work_off
from tests.acceptance.simulation.runs import Stop, StoppedRun, run_until_killed
from tests.acceptance.simulation.wires import Place
from tests.acceptance.simulation.world import SHOP, World
from workers.base import run_exchange
from workers.jobs import run_turn
from workers.sweeper import sweep

KINDS = (
    *("guest", "registered", "on_hold", "pending", "variations", "two_tax_rates", "coupon_percent", "coupon_fixed"),
    *("fee_positive", "fee_negative", "usd", "cod", "completed", "cancelled", "zero_line", "same_sku_two_lines"),
    *("long_address", "emoji_note", "checkout_draft", "unknown_sku", "guest", "registered", "guest"),
)
POISON = ("unknown_sku",)
M3_FAULTS = (
    *(Fault.DROP_AFTER_COMMIT, Fault.DROP_BEFORE_COMMIT, Fault.LATE_ANSWER, Fault.HANG, Fault.HTTP_429, Fault.HTTP_503),
    *(Fault.HTTP_504, Fault.LOCK, Fault.CHANGED_BY_OTHER, Fault.TERMINATE, Fault.TOKEN_REVOKE, Fault.NOK),
)
CALLS = {
    "orders": (
        *("OIS100MI/Confirm", "OIS100MI/AddBatchHead", "OIS100MI/AddBatchLine", "OIS100MI/DelBatchHead"),
        *("OIS275MI/GetTmpOrderStat", "OIS100MI/LstLine", "OIS100MI/LstBatchHead", "OIS100MI/Confirm"),
    ),
    "customers": ("CRS610MI/Add", "CRS610MI/GetBasicData"),
}
CHANGES = (
    *("one more of its first thing", "a mug more", "processing", "cancelled", "completed", "on-hold", "failed"),
    *("refunded", "trash", "restore", "delete"),
)
CONFIRM_STATUSES = ("25", "30", "20", "55", "15")
SHOP_FAULTS = ("drop_after_commit", "http_503", "http_500", "http_429")
PAUSES_S = (1, 5, 10, 20, 46, 61, 130, 600, 1200)
LATE_COMMITS_S = (1, 4, 30, 200)
TICK_S = 0.2
SOME = st.integers(0, 9)

_HELD = "SELECT id, state FROM exchange WHERE state IN ('dead_letter', 'running') ORDER BY id"


@dataclass(frozen=True)
class Step:
    """One step as it was taken, so that it can be taken again."""

    name: str
    values: dict[str, Any]


def step(method: Callable[..., None]) -> Callable[..., None]:
    """Keeps what a rule was called with and counts it; a rule that calls another is one step."""

    @wraps(method)
    def recorded(self: Simulation, **values: Any) -> None:
        if self.is_in_step:
            return method(self, **values)
        self.is_in_step = True
        self.steps.append(Step(method.__name__, values))
        self.tally.steps[method.__name__] += 1
        method(self, **values)
        self.is_in_step = False
        return None

    return recorded


@dataclass
class Tally:
    """What was really done over all examples, for the report."""

    examples: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    carried: int = 0

    def add(self, other: Tally) -> None:
        """Adds what another process did."""
        self.examples += other.examples
        self.carried += other.carried
        self.steps.update(other.steps)
        self.faults.update(other.faults)


class Simulation(RuleBasedStateMachine):
    """One example. `world` and the callbacks are set by whoever runs it."""

    world: ClassVar[World]
    tally: ClassVar[Tally] = Tally()
    last: ClassVar[Simulation]
    looked_for: ClassVar[tuple[str, ...]] = ()
    on_example: ClassVar[list[Callable[[], None]]] = []

    def __init__(self) -> None:
        super().__init__()
        self.history = History()
        self.story: list[str] = []
        self.held: list[Prepared] = []
        self.stopped: list[StoppedRun] = []
        self.waiting: list[Message] = []
        self.dead: list[int] = []
        self.is_leased = False
        self.is_open = True
        self.steps: list[Step] = []
        self.is_in_step = False
        Simulation.last = self

    @initialize(seed=st.integers(0, 999))
    @step
    def begin(self, seed: int) -> None:
        """A day begins: empty books, empty ledger."""
        self.world.start_anew(seed)

    def tell(self, sentence: str) -> None:
        """Adds a sentence to the story."""
        self.story.append(f"{self.world.clock.now():%H:%M:%S}  {sentence}")

    # ---- the shop

    @rule(kind=st.sampled_from(KINDS), arrives=st.booleans())
    @step
    def place(self, kind: str, arrives: bool) -> None:
        """A buyer places an order; its deliveries arrive at once, or wait to be sent."""
        shown = self.world.control(SHOP, "orders", kind=kind, deliver="now")
        if kind in POISON:
            self.history.poison.add(shown["id"])
        self._note(shown["id"])
        self.tell(f"A buyer places order {shown['id']} ({kind}): {shown['status']}, {shown['total']}.")
        if arrives:
            self.deliver_all()

    @rule(kinds=st.lists(st.sampled_from(KINDS), min_size=2, max_size=2))
    @step
    def place_several(self, kinds: list[str]) -> None:
        """Buyers place orders, and their deliveries arrive."""
        for kind in kinds:
            self.place(kind=kind, arrives=False)
        self.deliver_all()

    @precondition(lambda self: self._orders())
    @rule(which=SOME, how=st.sampled_from(CHANGES), arrives=st.booleans())
    @step
    def change(self, which: int, how: str, arrives: bool) -> None:
        """An order is paid, edited, cancelled, completed, trashed or so; its deliveries arrive at once, or wait."""
        order = self._order(which)
        body = _asked_for(order, how)
        if body is None:
            return
        before = order.status
        self.world.control(SHOP, f"orders/{order.id}", deliver="now", **body)
        self.history.changes[order.id] += 1
        if how == "delete":
            self.history.deleted.add(order.id)
        self._note(order.id)
        self.tell(f"Order {order.id} ({before}): {how}.")
        if arrives:
            self.deliver_all()

    # ---- the way of the deliveries

    @precondition(lambda self: self.world.undelivered())
    @rule(
        which=SOME,
        fate=st.sampled_from(("arrives", "arrives twice", "is held up", "is lost", "arrives, its hint is lost")),
    )
    @step
    def deliver(self, which: int, fate: str) -> None:
        """One delivery is sent; the receiver may die before it sends its hint to the broker."""
        waiting = self.world.undelivered()
        prepared = self.world.take_delivery(waiting[which % len(waiting)])
        if prepared is None:
            return
        self.tally.faults[f"delivery {fate}"] += fate != "arrives"
        self.tell(f"A delivery of {prepared.headers['X-WC-Webhook-Topic']} {fate}.")
        if fate == "is held up":
            self.held.append(prepared)
        elif fate != "is lost":
            self._arrive(prepared, times=2 if fate == "arrives twice" else 1, loses_hint="hint" in fate)

    @precondition(lambda self: self.world.undelivered())
    @rule()
    @step
    def deliver_all(self) -> None:
        """All deliveries arrive as they should."""
        waiting = self.world.undelivered()
        for one in waiting:
            if prepared := self.world.take_delivery(one):
                assert self.world.deliver(prepared) == 200
        if waiting:
            self.tell(f"{len(waiting)} deliveries arrive in order.")

    @precondition(lambda self: self.held)
    @rule(which=SOME, times=st.integers(1, 2))
    @step
    def arrive_late(self, which: int, times: int) -> None:
        """A delivery that was held up arrives, as it was sent."""
        prepared = self.held.pop(which % len(self.held))
        self._arrive(prepared, times=times, loses_hint=False)
        twice = " twice" if times == 2 else ""
        self.tell(f"A delivery of {prepared.headers['X-WC-Webhook-Topic']} that was held up arrives{twice}.")

    # ---- the connector at work

    @rule(name=st.sampled_from(("poll_orders", *JOBS)), beats=st.integers(1, 2))
    @step
    def turn(self, name: str, beats: int) -> None:
        """Beat sends a periodic job; a second beat sends it too, and another worker runs it."""
        said = [run_turn(self.world.workers[number], name) for number in range(beats)]
        self.tally.faults["two beats"] += beats - 1
        self.tell(f"{'Two beats: ' if beats == 2 else ''}{name}: {'; '.join(said)}.")

    @rule(kind=st.sampled_from(KINDS[:4]), takes_s=st.sampled_from((0, 3, 20)))
    @step
    def place_while_polled(self, kind: str, takes_s: int) -> None:
        """An order is placed while the answer to a poll is on its way, which may take long."""

        def meanwhile() -> None:
            self.place(kind=kind, arrives=False)
            self.world.clock.advance(takes_s)

        self.world.wires.after_listing = meanwhile
        said = run_turn(self.world.workers[0], "poll_orders")
        self.world.wires.after_listing = None
        self.tell(f"poll_orders, whose answer took {takes_s} s: {said}.")

    @rule()
    @step
    def sweep(self) -> None:
        """The sweeper runs."""
        self.tell(f"The sweeper: {sweep(self.world.workers[0])}.")

    @precondition(lambda self: self.waiting)
    @rule(most=st.integers(1, 6))
    @step
    def work_off(self, most: int) -> None:
        """The pools run what waits."""
        self.tell(f"The pools run {work_off(self.world, most=most)} messages.")

    @precondition(lambda self: self.waiting)
    @rule(which=SOME, worker=st.integers(0, 1), twice=st.booleans())
    @step
    def run_one(self, which: int, worker: int, twice: bool) -> None:
        """A worker runs one message, perhaps out of turn, perhaps given to two workers."""
        message = self._take(which)
        for number in (worker, 1 - worker)[: 1 + twice]:
            self._run(message, number)

    @precondition(lambda self: self.waiting)
    @rule(which=SOME, at=st.integers(0, 7), is_before=st.booleans(), comes_back=st.booleans())
    @step
    def run_and_kill(self, which: int, at: int, is_before: bool, comes_back: bool) -> None:
        """A worker is killed while it runs a message; the broker may give the message to another, or lose it."""
        message = self._take(which)
        killed = run_until_killed(self.world.workers[0], message.exchange_id, at=at, is_before=is_before)
        what = self._what(message.exchange_id)
        if killed is None:
            self.tell(f"Worker A runs {what}.")
            return
        self.tally.faults["worker killed"] += 1
        self.world.forget_in(self.world.workers[0])
        if comes_back:
            put_back(self.world.valkey, message)
        self.tell(
            f"Worker A runs {what} and is killed {killed}; its message {'comes back' if comes_back else 'is lost'}."
        )

    @precondition(lambda self: self.waiting and not self.stopped)
    @rule(which=SOME, at=st.integers(1, 6), place=st.sampled_from(Place))
    @step
    def run_and_stop(self, which: int, at: int, place: Place) -> None:
        """A worker is stopped (SIGSTOP) in the middle of a message."""
        message = self._take(which)
        run = self.world.stopped_runs.start(self.world.workers[2], message.exchange_id, stop=Stop(at, place))
        if not run.is_stopped:
            self.tell(f"Worker C runs {self._what(message.exchange_id)}: {run.ended.text if run.ended else ''}.")
            return
        self.tally.faults["worker stopped"] += 1
        self.stopped.append(run)
        self.tell(f"Worker C runs {self._what(message.exchange_id)} and is stopped at request {at}, {place}.")

    @precondition(lambda self: self.stopped)
    @rule()
    @step
    def wake(self) -> None:
        """The stopped worker goes on (SIGCONT)."""
        run = self.stopped.pop()
        ended = run.wake()
        self.tell(f"Worker C goes on with {self._what(run.exchange_id)}: {ended.text}.")

    # ---- time and trouble

    @rule(seconds=st.sampled_from(PAUSES_S))
    @step
    def pass_time(self, seconds: int) -> None:
        """Time passes."""
        self.world.clock.advance(seconds)
        self.tell(f"{seconds} s pass.")

    @precondition(lambda self: self.is_leased)
    @rule()
    @step
    def let_leases_expire(self) -> None:
        """Time passes, and the sweeper takes back what nobody holds any more."""
        self.world.clock.advance(46)
        self.tell(f"46 s pass; the sweeper: {sweep(self.world.workers[1])}.")

    @precondition(lambda self: self.waiting)
    @rule(which=SOME, all_of_them=st.booleans())
    @step
    def forget_messages(self, which: int, all_of_them: bool) -> None:
        """The broker loses a message, or everything."""
        if all_of_them:
            self.tally.faults["broker flushed"] += 1
            self.world.valkey.flushdb()
            self.tell(f"The broker is flushed, {len(self.waiting)} messages are gone.")
        else:
            self.tally.faults["message lost"] += 1
            self.tell(f"The broker loses the message of {self._what(self._take(which).exchange_id)}.")

    @precondition(lambda self: self.waiting)
    @rule(
        which=SOME,
        what=st.sampled_from(
            ("away 20 s", "away 300 s", "tokens revoked", *(f"status {one}" for one in CONFIRM_STATUSES))
        ),
    )
    @step
    def trouble_in_m3(self, which: int, what: str) -> None:
        """M3 is away, forgets its tokens, or leaves the next batch order hanging; then a worker runs a message."""
        word, _, value = what.partition(" ")
        self._count_m3_faults()
        if word == "away":
            self.world.m3_faults(outage_s=float(value.removesuffix(" s")))
        elif word == "tokens":
            self.tally.faults["all tokens revoked"] += 1
            self.world.site.tokens._expiry.clear()
        else:
            confirm = {"program": "OIS100MI", "transaction": "Confirm"}
            self.world.m3_faults(
                Rule.model_validate({**confirm, "fault": "confirm_status", "status": value, "times": 1})
            )
        self.tell(f"M3: {what}{' after Confirm' if word == 'status' else ''}.")
        self._run(self._take(which), 0)

    @precondition(lambda self: self.waiting)
    @rule(which=SOME, call=SOME, fault=st.sampled_from(M3_FAULTS), late_s=st.sampled_from(LATE_COMMITS_S))
    @step
    def run_and_fail(self, which: int, call: int, fault: Fault, late_s: int) -> None:
        """A worker runs a message, and a call of it goes wrong in M3 or in the shop."""
        message = self._take(which)
        if message.queue == "status":
            self._fail_in_shop(SHOP_FAULTS[call % len(SHOP_FAULTS)], "PUT" if late_s == 1 else "POST")
        else:
            calls = CALLS[message.queue]
            self._fail_in_m3(calls[call % len(calls)], fault, late_s)
        self._run(message, 0)

    # ---- people

    @precondition(lambda self: self._hanging())
    @rule(which=SOME)
    @step
    def release_batch_order(self, which: int) -> None:
        """A person releases a batch order in OIS275."""
        hanging = self._hanging()
        temporary = hanging[which % len(hanging)]
        self.tell(f"A person releases batch order {temporary}: {self.world.release_batch_order(temporary)}.")

    @precondition(lambda self: self.dead)
    @rule(which=SOME)
    @step
    def release_dead_letter(self, which: int) -> None:
        """A person releases a dead letter."""
        released = self.dead[which % len(self.dead)]
        self.world.release(released)
        self.tell(f"A person releases {self._what(released)}.")

    # ---- what must hold

    @invariant()
    def is_sound(self) -> None:
        """Nothing doubled, nothing unexpected, money equal: after every step."""
        if self.is_open and self.history.versions:
            self.is_open = False
            require_sound(self.world, self.history, kinds=self.looked_for)
            self.is_open = True
        self.world.clock.advance(TICK_S)
        self.waiting = self.world.messages()
        held = self.world.rows(_HELD)
        self.dead = [row["id"] for row in held if row["state"] == "dead_letter"]
        self.is_leased = len(held) > len(self.dead)

    def teardown(self) -> None:
        """Comes to rest and looks whether every order arrived."""
        was_sound = self.is_open
        for run in self.stopped:
            self.tell(f"Worker C goes on with {self._what(run.exchange_id)}: {run.wake().text}.")
        self.stopped.clear()
        self._count_m3_faults()
        if was_sound and self.history.versions:
            come_to_rest(self.world)
            self.tell("Faults end, people do what waits for them, time passes until all is quiet.")
            require_complete(self.world, self.history, kinds=self.looked_for)
            self.tally.carried += len(self.world.m3_book()["orders"])
        self.tally.examples += 1
        for report in self.on_example:
            report()

    # ---- helpers of the rules

    def _orders(self) -> list[Order]:
        return list(self.world.shop.orders.values())

    def _order(self, which: int) -> Order:
        orders = self._orders()
        return orders[which % len(orders)]

    def _note(self, order_id: int) -> None:
        row = next((one for one in self.world.shop_book()["orders"] if one["id"] == order_id), None)
        if row is not None:
            self.history.note(row)

    def _arrive(self, prepared: Prepared, *, times: int, loses_hint: bool) -> None:
        self.world.loses_next_hint = loses_hint
        answers = [self.world.deliver(prepared) for _ in range(times)]
        self.world.loses_next_hint = False
        assert answers == [200] * times

    def _run(self, message: Message, worker: int) -> None:
        ended = run_exchange(self.world.workers[worker], message.exchange_id)
        self.tell(f"Worker {'AB'[worker]} runs {self._what(message.exchange_id)}: {ended.text}.")

    def _fail_in_m3(self, name: str, fault: Fault, late_s: int) -> None:
        self._count_m3_faults()
        program, transaction = name.split("/")
        rule = Rule(fault=fault, program=program, transaction=transaction, times=1)
        self.world.m3_faults(rule, late_commit_s=late_s)
        late = f", executed {late_s} s after the cut" if fault == Fault.LATE_ANSWER else ""
        self.tell(f"The next {name} will meet {fault}{late}.")

    def _fail_in_shop(self, fault: str, method: str) -> None:
        self.tally.faults[f"shop {fault} asked for"] += 1
        self.world.control(SHOP, "faults", rules=[{"fault": fault, "method": method, "times": 1}])
        self.tell(f"The next {method} to the shop will meet {fault}.")

    def _take(self, which: int) -> Message:
        message = self.waiting[which % len(self.waiting)]
        take(self.world.valkey, message)
        return message

    def _what(self, exchange_id: int) -> str:
        rows = self.world.rows("SELECT flow, business_key FROM exchange WHERE id = :id", id=exchange_id)
        key = rows[0]["business_key"] if rows else "?"
        return f"{rows[0]['flow'] if rows else '?'} {key[:8]}"

    def _hanging(self) -> list[str]:
        batches = self.world.site.state.batch_orders.values()
        return [one.temporary_orno for one in batches if not one.orno and one.errors and one.body.lines]

    def _count_m3_faults(self) -> None:
        injected = self.world.site.faults.injected
        for fault, counted in injected.items():
            self.tally.faults[f"M3 {fault}"] += sum(counted.values())
        injected.clear()


def _asked_for(order: Order, how: str) -> dict[str, Any] | None:
    """Returns what the administration sends to the shop; None if it makes no sense for the order as it is."""
    is_trashed = order.status == "trash"
    if how in ("trash", "restore", "delete"):
        return {"action": how} if is_trashed == (how != "trash") else None
    if how == "a mug more":
        return {"line_items": [{"sku": "MUG-001", "quantity": 1}]}
    if how == "one more of its first thing":
        return _one_more(order)
    return {"status": how} if order.status != how and not is_trashed else None


def _one_more(order: Order) -> dict[str, Any] | None:
    line = next((one for one in order.lines if one.quantity and one.product_id), None)
    if line is None:
        return None
    total = str((line.subtotal / line.quantity * (line.quantity + 1)).quantize(Decimal("0.01")))
    return {"line_items": [{"id": line.id, "quantity": line.quantity + 1, "subtotal": total, "total": total}]}
