"""Brings an order in M3 to what the shop says now. Called by following.py.

Targets are absolute, so whatever was lost on the way, the next look decides. Never a second order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from connector.errors import AmountsDifferError, NeedsPersonError, NotYetError, PermanentError, RecordLockedError
from connector.flows import acceptance, discarded, tenure
from connector.flows.context import Run
from connector.flows.order_changes.differing import Rules, Todo, Write, find_todo, leaving_rounding
from connector.flows.order_changes.ending import hand_over, in_short, settled
from connector.flows.order_changes.held import Held, look
from connector.flows.order_changes.keeping import CHANGE, ENTRY_DEADLINE, Change, Entry, change_of
from connector.flows.order_changes.news import News, Standing, nothing_of
from connector.flows.order_changes.sending import Sender
from connector.flows.order_changes.states import (
    Foreign,
    find_foreign,
    find_foreign_quantities,
    find_foreign_words,
    find_unpriced,
    merged,
    state_of_held,
    state_of_wanted,
)
from connector.flows.order_changes.wanted import Wanted, want
from connector.flows.order_changes.watching import is_locked_late, late_states, watch
from connector.flows.orders import vat_codes
from connector.flows.orders.charge_names import CHARGES, as_posted, names_of
from connector.flows.orders.left import LEFT
from connector.flows.orders.own_prices import read_own_prices
from connector.flows.orders.proving import UNLOCKING, Hold
from connector.flows.orders.takeover import wait_until_settled
from connector.flows.outcome import Done
from connector.flows.stock import selling
from connector.ledger.document_records import DocumentRecord
from connector.ledger.people import was_released_since
from connector.money.comparison import compare_with_m3
from connector.money.expected import Expected
from connector.stores.money import ChargeKind
from connector.stores.orders import CancelPolicy

ROUNDS = 6
"""How often one run writes and looks again; a change needs two, prices after quantities three."""

ENTRY_LOOK_S = 10.0


@dataclass
class Following:
    """One run of one change: looks, sees that nobody else changed the order, writes what differs, looks again."""

    run: Run
    document: DocumentRecord
    news: News
    number: str

    def __post_init__(self) -> None:
        orders = self.run.store.config.orders
        charges = self.charges = as_posted(self.run.store.config.money, self.document.plan.get(CHARGES, ())).charges
        self.rules = Rules(
            number=self.number,
            close_reason=orders.close_reason,
            deletes=orders.cancel is CancelPolicy.DELETE,
            tax_charges=frozenset(one.id for one in charges if one.kind is ChargeKind.LINE_TAX),
            rounding_charges=frozenset(one.id for one in charges if one.kind is ChargeKind.ROUNDING)
            - {one.id for one in charges if one.kind is not ChargeKind.ROUNDING},
        )
        kept = change_of(self.document)
        self.asked = want(self.run, self.document, self.news, keys=kept.keys if kept else ())
        self.wanted: Wanted = self.asked

    def bring_up(self) -> Done:
        """Looks and writes until M3 holds what is wanted."""
        wait_until_settled(self.run, self.document)
        sender = Sender(self.run, self.document, self.number)
        for _ in range(ROUNDS):
            held = self.look()
            if held is None:
                return self._gone()
            todo = find_todo(self.wanted, held, self.rules)
            self._forget(held, todo)
            self.refuse_foreign(held, todo, is_locked=sender.hold is not Hold.NO)
            if todo.forbidden:
                self._forbid(sender, held, todo)
            if not todo.writes:
                return self._finish(sender, held)
            self.require_vat_codes(todo)
            self._write(sender, held, todo)
        raise RecordLockedError(
            f"M3 kept order {self.number} from being changed.",
            resolution="Nothing to do: it is tried again when the order is free.",
        )

    def compare_only(self) -> Done:
        """Looks whether M3 holds what it was brought to, and writes nothing: what differs is a person's."""
        held = self.look()
        if held is None:
            return self._gone()
        todo = find_todo(self.wanted, held, self.rules)
        differing = [f"{one.key}: {one.before or 'none'} instead of {one.after or 'none'}" for one in todo.writes]
        if differing or todo.forbidden:
            hand_over(self.run, self.news, self.number, what="; ".join([*differing, *todo.forbidden]))
        return settled(self.document, self.news, self.number)

    def look(self) -> Held | None:
        """Reads the order in M3, and leaves of the target what M3 does not let be changed now for a rounding."""
        held = look(self.run, self.number, self.asked)
        self.wanted = self.asked if held is None else leaving_rounding(self.asked, held, self.rules)
        return held

    def refuse_foreign(self, held: Held, todo: Todo, *, is_locked: bool = False) -> None:
        """Shows what a person changed in M3 instead of overwriting it; where nothing is to be written, whose it is does not matter.

        Raises:
            NeedsPersonError: M3 holds something that the connector did not leave there.
        """
        is_new = todo.writes or todo.forbidden or self.wanted.rounding_left
        foreign = self._find_foreign(held) if is_new else []
        if foreign:
            words = "; ".join(one.words for one in foreign)
            what = f"{in_short(self.news)}; and in M3: {words}"
            hand_over(self.run, self.news, self.number, what=what, foreign=foreign, is_locked=is_locked)

    def require_vat_codes(self, todo: Todo) -> None:
        """Makes sure, before anything is written, that lines to be added are of items with the VAT codes of the store file.

        Raises:
            MappingError: One has another; the order in M3 stays as it is.
        """
        change = change_of(self.document)
        due = {one.line for one in todo.writes if one.adds and not (change is not None and change.is_awaited(one.id))}
        added = [one.planned for one in self.wanted.lines if str(one.cupo) in due]
        if added and self.news.order is not None:
            vat_codes.require(self.run, self.news.order, added)

    def _find_foreign(self, held: Held) -> list[Foreign]:
        change, late = change_of(self.document), late_states(self.document)
        left = [self.document.plan[LEFT]] if LEFT in self.document.plan else []
        begun = [] if change is None else change.states
        states = [*left, *begun, *late, state_of_wanted(self.wanted)]
        if begun or late:
            own = read_own_prices(self.run, held.head, find_unpriced(held, states))
            foreign = find_foreign(held, states, touched=self.wanted.head, own_prices=own.by_line)
            return [*foreign, Foreign(own.untold, "own price", own.untold)] if foreign and own.untold else foreign
        if self.wanted.ends and not held.lines:
            return []
        posted = Expected.from_json(self.document.plan["expected"])
        differing = compare_with_m3(posted, held.value, held.amounts)
        amounts = [
            Foreign(f"{one.what}: {one.found} instead of {one.expected}", one.what, one.found) for one in differing
        ]
        quantities = find_foreign_quantities(held, states) if left and not amounts else []
        return [*amounts, *quantities, *find_foreign_words(held, states, touched=self.wanted.head)]

    def _forbid(self, sender: Sender, held: Held, todo: Todo) -> NoReturn:
        if todo.is_to_be_held:
            self._begin(held)
            sender.lock()
        what = "; ".join(todo.forbidden)
        hand_over(self.run, self.news, self.number, what=what, is_locked=sender.hold is not Hold.NO)

    def _write(self, sender: Sender, held: Held, todo: Todo) -> None:
        tenure.require(self.run)
        change = self._begin(held)
        due = [write for write in todo.writes if not change.is_awaited(write.id)]
        if not due:
            change, due = self._enter_again(change, todo.writes), todo.writes
        if sender.is_stopped_by_another(held):
            stopped = "the order is stopped in M3 (OBLC), by its credit check or a person"
            is_locked = sender.hold is not Hold.NO
            hand_over(self.run, self.news, self.number, what=stopped, is_locked=is_locked)
        sender.lock()
        try:
            sender.send(due, states=change.states, keep=self._note_taken)
        except PermanentError as error:
            if not self._leave_if_untouched(sender):
                error.resolution += f" Order {self.number} is locked in M3 meanwhile; {UNLOCKING}"
            raise

    def _note_taken(self, writes: Sequence[Write]) -> None:
        """Keeps what M3 has taken, for it may show later; also where M3 refused something beside it."""
        change = change_of(self.document)
        if change is not None and writes:
            entered = {write.id: Entry(self.run.claim.now, write.line, write.quantity) for write in writes}
            self._keep(change.taking(entered))

    def _begin(self, held: Held) -> Change:
        """Keeps the states between which M3 may be from now on; committed with the first intended write."""
        target = state_of_wanted(self.wanted)
        change = change_of(self.document)
        if change is None:
            change = Change((state_of_held(held), target), self.wanted.keys)
        return self._keep(change.aimed_at(target, keys=self.wanted.keys))

    def _keep(self, change: Change) -> Change:
        kept = change.to_json()
        if self.document.plan.get(CHANGE) != kept:
            self.document = self.run.journal.replan(self.document, {**self.document.plan, CHANGE: kept})
        return change

    def _forget(self, held: Held, todo: Todo) -> None:
        """Forgets what M3 has taken and shows by now."""
        change = change_of(self.document)
        if change is not None:
            left = [write.id for write in todo.writes]
            self._keep(change.forgetting(state_of_held(held), left=left, now=self.run.claim.now))

    def _enter_again(self, change: Change, writes: Sequence[Write]) -> Change:
        """Returns the change as if M3 had taken none of `writes`, once a person has seen to it that it does not.

        Raises:
            NotYetError: They may still take effect.
            NeedsPersonError: They should have.
        """
        begun = min(change.entered[write.id].at for write in writes)
        if self.run.claim.now - begun <= ENTRY_DEADLINE:
            raise NotYetError(
                f"M3 has taken changes of order {self.number} that have no effect yet.",
                retry_after_s=ENTRY_LOOK_S,
                resolution="Nothing to do: the order is looked at again.",
            )
        over = begun + ENTRY_DEADLINE
        if was_released_since(self.run.journal.connection, self.run.claim.exchange_id, since=over):
            return self._keep(change.without([write.id for write in writes]))
        raise NeedsPersonError(
            f"M3 has taken changes of order {self.number}, and they have no effect; the order is locked meanwhile.",
            resolution=f"Look in OIS275 for changes of order {self.number} that hang. Finish them, which is noticed by itself; or "
            "delete them there and release this exchange, which sends them again.",
            order=self.number,
        )

    def _leave_if_untouched(self, sender: Sender) -> bool:
        """Releases an order of which M3 refused all that was to be changed; tells whether it did."""
        change = change_of(self.document)
        held = look(self.run, self.number, self.wanted)
        if held is None or change is None or change.entered or state_of_held(held) != change.states[0]:
            return False
        sender.release()
        plan = {key: value for key, value in self.document.plan.items() if key != CHANGE}
        self.document = self.run.journal.replan(self.document, plan)
        return True

    def _finish(self, sender: Sender, held: Held) -> Done:
        differing = compare_with_m3(self.wanted.expected, held.value, held.amounts)
        if differing:
            shown = "; ".join(f"{one.what}: shop {one.expected}, M3 has {one.found}" for one in differing)
            sender.lock()
            raise AmountsDifferError(
                f"Order {self.number} in M3 differs from the shop's order after it was changed, and is locked: {shown}.",
                resolution=f"Correct order {self.number} in OIS300 (prices, charges, VAT); {UNLOCKING}",
                order=self.number,
            )
        if is_locked_late(self.document):
            sender.maybe_locked()
        sender.release()
        return self._settle(Standing.CLOSED if self.wanted.ends else Standing.OPEN, held)

    def _gone(self) -> Done:
        return self._settle(Standing.DELETED) if self.wanted.ends else self.refuse_gone()

    def refuse_gone(self) -> NoReturn:
        """Hands an order to a person that M3 does not have any more.

        Raises:
            NeedsPersonError: Always.
        """
        raise NeedsPersonError(
            f"Order {self.number} is not in M3 any more, and the shop still has it: {in_short(self.news)}.",
            resolution="No second order is made by itself: enter it in OIS100, or place it in the shop anew; then discard "
            "this exchange.",
            order=self.number,
        )

    def _settle(self, standing: Standing, held: Held | None = None) -> Done:
        """Stages that M3 holds what is wanted; what may still come late is watched a while longer."""
        change = change_of(self.document)
        plan = acceptance.without_shown({key: one for key, one in self.document.plan.items() if key != CHANGE})
        plan |= {
            "expected": self.wanted.expected.to_json(),
            "content": self.wanted.content,
            "standing": standing,
            CHARGES: list(names_of(self._charge_ids(), self.charges)),
            LEFT: merged(plan.get(LEFT, {}), state_of_wanted(self.wanted)),
        }
        is_watched = watch(self.run, self.document, change, held)
        if is_watched and change is not None:
            plan[CHANGE] = replace(change, is_done=True).to_json()
        self.run.journal.replan(self.document, plan)
        discarded.forget(self.run)
        selling.note_posted(self.run, nothing_of(self.wanted.content) if self.wanted.ends else self.wanted.content)
        return settled(replace(self.document, plan=plan), replace(self.news, is_by_person=False), self.number)

    def _charge_ids(self) -> set[str]:
        """Returns the ids of the charges M3 holds once it holds what is wanted, those of lines too."""
        of_lines = {charge for one in self.wanted.lines for charge, _ in one.planned.line_taxes}
        return {*self.wanted.charges, *of_lines}
