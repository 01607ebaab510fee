"""Lets M3 follow an order that was changed, ended or restored in the shop after it was posted. Called by orders_to_m3.

Look, see that nobody else changed it, write what differs, look again: targets are absolute, so whatever was lost on the way,
the next look decides. Never a second order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

from connector.errors import AmountsDifferError, NeedsPersonError, NotYetError, PermanentError, RecordLockedError
from connector.flows import tenure
from connector.flows.context import Run
from connector.flows.order_changes.differing import Rules, Todo, find_todo
from connector.flows.order_changes.held import Held, look
from connector.flows.order_changes.news import (
    News,
    Standing,
    change_of,
    is_under_way,
    nothing_of,
    read_news,
    standing_of,
)
from connector.flows.order_changes.sending import CHANGE, Sender
from connector.flows.order_changes.states import find_foreign, state_of_held, state_of_wanted
from connector.flows.order_changes.wanted import Wanted, want
from connector.flows.orders.plan import fingerprint_of
from connector.flows.orders.proving import LOCK, Hold
from connector.flows.orders.takeover import LATEST_COMMIT, LOOK_AGAIN_AFTER, wait_until_settled
from connector.flows.outcome import Done
from connector.flows.stock import selling
from connector.ledger.claims import DocumentRecord
from connector.ledger.tables import StepState
from connector.m3.calls import Call
from connector.money.comparison import compare_with_m3
from connector.money.expected import Expected
from connector.stores import CancelPolicy, ChangePolicy
from connector.woocommerce.models import Order

ROUNDS = 6
"""How often one run writes and looks again; a change needs two, prices after quantities three."""

ENTRY_LOOK_S = 10.0
ENTRY_DEADLINE = timedelta(hours=1)
"""How long a change that M3 has taken may be without effect: ...BatchEnt may act as a batch."""


def follow(run: Run, document: DocumentRecord, order: Order | None) -> Done:
    """Brings the order in M3 to what the shop says, or says that it is so already.

    Raises:
        NeedsPersonError: M3 does not allow the change, or a person changed the order there; both sides are shown.
        NotYetError: The settle time of a lost answer is not over, or M3 has taken a change that has no effect yet.
        NotTenantError: Another installation writes for the store.
        ConnectorError: See errors.py.
    """
    number = document.final_number or ""
    news = read_news(run, document, order)
    selling.note_posted(run, news.held)
    if news.is_settled and not _is_doubted(run, document, news):
        return _settled(document, news, number)
    if news.is_settled and run.store.config.orders.changes is ChangePolicy.PERSON:
        return _Following(run, document, news, number).compare_only()
    if run.store.config.orders.changes is ChangePolicy.PERSON and not is_under_way(document):
        _hand_over(run, news, number, what=_in_short(news))
    if standing_of(document) is Standing.DELETED:
        return _deleted(run, document, news, number)
    return _Following(run, document, news, number).bring_up()


def foresee(run: Run, document: DocumentRecord, order: Order | None) -> list[Call]:
    """Returns what `follow` would send, with the hold before and after left out; writes nothing.

    Raises:
        ConnectorError: What `follow` would end with.
    """
    number = document.final_number or ""
    news = read_news(run, document, order)
    if news.is_settled and not _is_doubted(run, document, news):
        return []
    if not news.is_settled and run.store.config.orders.changes is ChangePolicy.PERSON:
        _hand_over(run, news, number, what=_in_short(news))
    following = _Following(run, document, news, number)
    held = look(run, number, following.wanted)
    if held is None:
        return [] if following.wanted.ends else following.refuse_gone()
    todo = find_todo(following.wanted, held, following.rules)
    following.refuse_foreign(held, todo)
    if todo.forbidden:
        _hand_over(run, news, number, what="; ".join(todo.forbidden))
    return [write.call for write in todo.writes]


def _is_doubted(run: Run, document: DocumentRecord, news: News) -> bool:
    """Tells whether M3 is to be looked at although nothing is new: a person replays the exchange, and nobody settled it by hand."""
    return run.claim.is_replay and not news.is_by_person and standing_of(document) is not Standing.DELETED


def _settled(document: DocumentRecord, news: News, number: str) -> Done:
    if news.is_by_person:
        return Done(f"posted as {number}; a person settled what came after")
    ended = {Standing.OPEN: "", Standing.CLOSED: ", closed", Standing.DELETED: ", deleted"}[standing_of(document)]
    return Done(f"posted as {number}{ended}", fingerprint=fingerprint_of(document.plan["content"]))


def _deleted(run: Run, document: DocumentRecord, news: News, number: str) -> Done:
    if news.ends:
        return _settled(document, news, number)
    raise NeedsPersonError(
        f"The order was ended in the shop and deleted in M3 ({number}), and is wanted again now.",
        resolution="No second order is made by itself: enter it in OIS100, or place it in the shop anew; then discard this "
        "exchange. `orders.cancel: close` keeps orders that can be taken up again.",
        order=number,
    )


def _in_short(news: News) -> str:
    if news.order is None:
        return "deleted in the shop"
    return f"{news.order.status} in the shop" if news.ends else ", ".join(news.keys) or "wanted again"


def _hand_over(run: Run, news: News, number: str, *, what: str) -> NoReturn:
    """Hands a change to a person; the audit trail shows both sides."""
    status = "deleted" if news.order is None else news.order.status
    run.journal.audit(
        "changed after posting",
        system="shop",
        key=number,
        before={key: news.before[key] for key in news.keys},
        after={"status": status, **{key: news.after[key] for key in news.keys}},
    )
    raise NeedsPersonError(
        f"The order was changed in the shop after it was posted as {number}: {what}.",
        resolution=f"`connector exchanges show {run.claim.exchange_id}` shows both sides. Change or close order {number} in "
        "OIS300 accordingly; what agrees with the shop then is noticed by itself. Else discard this exchange.",
        order=number,
    )


@dataclass
class _Following:
    """One run of one change."""

    run: Run
    document: DocumentRecord
    news: News
    number: str

    def __post_init__(self) -> None:
        orders = self.run.store.config.orders
        self.rules = Rules(
            number=self.number, close_reason=orders.close_reason, deletes=orders.cancel is CancelPolicy.DELETE
        )
        kept = change_of(self.document) or {}
        self.wanted: Wanted = want(self.run, self.document, self.news, keys=kept.get("keys", ()))

    def bring_up(self) -> Done:
        """Looks and writes until M3 holds what is wanted."""
        wait_until_settled(self.run, self.document)
        sender = Sender(self.run, self.document, self.number)
        for _ in range(ROUNDS):
            held = look(self.run, self.number, self.wanted)
            if held is None:
                return self._gone()
            todo = find_todo(self.wanted, held, self.rules)
            self.refuse_foreign(held, todo)
            if todo.forbidden:
                self._forbid(sender, held, todo)
            if not todo.writes:
                return self._finish(sender, held)
            self._write(sender, held, todo)
        raise RecordLockedError(
            f"M3 kept order {self.number} from being changed.",
            resolution="Nothing to do: it is tried again when the order is free.",
        )

    def compare_only(self) -> Done:
        """Looks whether M3 holds what it was brought to, and writes nothing: what differs is a person's."""
        held = look(self.run, self.number, self.wanted)
        if held is None:
            return self._gone()
        todo = find_todo(self.wanted, held, self.rules)
        differing = [f"{one.key}: {one.before or 'none'} instead of {one.after or 'none'}" for one in todo.writes]
        if differing or todo.forbidden:
            _hand_over(self.run, self.news, self.number, what="; ".join([*differing, *todo.forbidden]))
        return _settled(self.document, self.news, self.number)

    def refuse_foreign(self, held: Held, todo: Todo) -> None:
        """Shows what a person changed in M3 instead of overwriting it.

        Raises:
            NeedsPersonError: M3 holds something that the connector did not leave there.
        """
        change = change_of(self.document)
        if change is not None:
            foreign = find_foreign(held, change["states"])
        elif not (todo.writes or todo.forbidden) or (self.wanted.ends and not held.lines):
            return
        else:
            posted = Expected.from_json(self.document.plan["expected"])
            differing = compare_with_m3(posted, held.value, held.amounts)
            foreign = [f"{one.what}: {one.found} instead of {one.expected}" for one in differing]
        if foreign:
            _hand_over(
                self.run, self.news, self.number, what=f"{_in_short(self.news)}; and in M3: {'; '.join(foreign)}"
            )

    def _forbid(self, sender: Sender, held: Held, todo: Todo) -> NoReturn:
        if todo.touches_address:
            self._begin(held)
            sender.lock()  # nothing leaves for the old address
        _hand_over(self.run, self.news, self.number, what="; ".join(todo.forbidden))

    def _write(self, sender: Sender, held: Held, todo: Todo) -> None:
        tenure.require(self.run)
        self._begin(held)
        change = dict(change_of(self.document) or {})
        entered = change["entered"]
        due = [write for write in todo.writes if write.key not in entered]
        if not due:
            self._wait(entered)
        if held.is_stopped and sender.hold is Hold.NO:
            _hand_over(
                self.run,
                self.news,
                self.number,
                what="the order is stopped in M3 (OBLC), by its credit check or a person",
            )
        sender.lock()
        try:
            taken = sender.send(due)
        except PermanentError:
            self._leave_if_untouched(sender, change)
            raise
        change["entered"] = {**entered, **{key: self.run.claim.now.isoformat() for key in taken}}
        self.document = self.run.journal.replan(self.document, {**self.document.plan, "change": change})

    def _begin(self, held: Held) -> None:
        """Keeps the states between which M3 may be from now on; committed with the first intended write."""
        change = change_of(self.document)
        target = state_of_wanted(self.wanted)
        states = [state_of_held(held)] if change is None else list(change["states"])
        is_new = change is None or bool(change.get("done")) or states[-1] != target
        if not is_new:
            return
        entered: dict[str, str] = {}
        kept = {"states": [*states, target], "keys": list(self.wanted.keys), "entered": entered}
        self.document = self.run.journal.replan(self.document, {**self.document.plan, "change": kept})

    def _wait(self, entered: dict[str, str]) -> NoReturn:
        begun = min(datetime.fromisoformat(at) for at in entered.values())
        if self.run.claim.now - begun > ENTRY_DEADLINE:
            raise NeedsPersonError(
                f"M3 has taken changes of order {self.number}, and they have no effect.",
                resolution=f"Look in OIS275 for changes of order {self.number} that hang, and finish them; the connector "
                "notices by itself.",
                order=self.number,
            )
        raise NotYetError(
            f"M3 has taken changes of order {self.number} that have no effect yet.",
            retry_after_s=ENTRY_LOOK_S,
            resolution="Nothing to do: the order is looked at again.",
        )

    def _leave_if_untouched(self, sender: Sender, change: dict[str, Any]) -> None:
        """Releases an order of which M3 refused all that was to be changed."""
        held = look(self.run, self.number, self.wanted)
        if held is not None and state_of_held(held) == change["states"][0]:
            sender.release()
            plan = {key: value for key, value in self.document.plan.items() if key != "change"}
            self.document = self.run.journal.replan(self.document, plan)

    def _finish(self, sender: Sender, held: Held) -> Done:
        differing = compare_with_m3(self.wanted.expected, held.value, held.amounts)
        if differing:
            shown = "; ".join(f"{one.what}: shop {one.expected}, M3 has {one.found}" for one in differing)
            sender.lock()
            raise AmountsDifferError(
                f"Order {self.number} in M3 differs from the shop's order after it was changed, and is locked: {shown}.",
                resolution=f"Correct order {self.number} in OIS300 (prices, charges, VAT); releasing it compares again and "
                "unlocks it.",
                order=self.number,
            )
        if _may_be_locked_late(self.document):
            sender.maybe_locked()
        sender.release()
        return self._settle(Standing.CLOSED if self.wanted.ends else Standing.OPEN)

    def _gone(self) -> Done:
        return self._settle(Standing.DELETED) if self.wanted.ends else self.refuse_gone()

    def refuse_gone(self) -> NoReturn:
        """Hands an order to a person that M3 does not have any more.

        Raises:
            NeedsPersonError: Always.
        """
        raise NeedsPersonError(
            f"Order {self.number} is not in M3 any more, and the shop still has it: {_in_short(self.news)}.",
            resolution="No second order is made by itself: enter it in OIS100, or place it in the shop anew; then discard "
            "this exchange.",
            order=self.number,
        )

    def _settle(self, standing: Standing) -> Done:
        """Stages that M3 holds what is wanted; what was lost on the way is watched a while longer."""
        change = change_of(self.document)
        plan = {key: value for key, value in self.document.plan.items() if key != "change"}
        plan |= {
            "expected": self.wanted.expected.to_json(),
            "content": self.wanted.content,
            "standing": standing,
        }
        if self._watch() and change is not None:
            plan["change"] = {**change, "done": True}
        self.run.journal.replan(self.document, plan)
        selling.note_posted(self.run, nothing_of(self.wanted.content) if self.wanted.ends else self.wanted.content)
        return _settled(replace(self.document, plan=plan), replace(self.news, is_by_person=False), self.number)

    def _watch(self) -> bool:
        """Has M3 looked at again for writes that may take effect after this look; tells whether there are any."""
        is_watched = False
        now = self.run.claim.now
        for step in self.document.steps:
            if step.state is not StepState.UNKNOWN or step.name not in (CHANGE, LOCK):
                continue
            is_over = now - step.intended_at > LATEST_COMMIT
            look_at = None if is_over else (now + LOOK_AGAIN_AFTER).isoformat()
            self.run.journal.resolve(step.id, StepState.UNKNOWN, {"look_at": look_at})
            is_watched = is_watched or not is_over
        return is_watched


def _may_be_locked_late(document: DocumentRecord) -> bool:
    return any(step.name == LOCK and step.state is StepState.UNKNOWN for step in document.steps)
