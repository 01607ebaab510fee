"""Sends the writes of a change, each bulk a step; locks the order before the first and releases it after the last.

Called by bringing_up.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from connector.errors import RecordLockedError
from connector.flows import tenure
from connector.flows.context import Run
from connector.flows.order_changes.differing import Write
from connector.flows.order_changes.held import Held
from connector.flows.order_changes.keeping import CHANGE
from connector.flows.orders.left import State
from connector.flows.orders.proving import LOCK, RELEASE, Hold, hold_of, set_hold
from connector.ledger.document_records import DocumentRecord
from connector.ledger.late_writes import left_late
from connector.ledger.tables import StepState
from connector.ledger.trail import TrailLine
from connector.m3.bulk import MAX_TRANSACTIONS
from connector.m3.client import Answer
from connector.m3.programs.ois100mi import NO_STOP
from connector.m3.rejections import already_exists, is_not_found
from connector.stores.orders import HoldBy


class Sender:
    """The writes of one run to one order."""

    def __init__(self, run: Run, document: DocumentRecord, number: str) -> None:
        """Knows from the steps of earlier runs whether the order is locked."""
        self._run = run
        self._document = document
        self._number = number
        self.hold = hold_of(document)

    def is_stopped_by_another(self, held: Held) -> bool:
        """Tells whether M3's credit check or a person has stopped the order, so far as the code tells ours from theirs."""
        orders = self._run.store.config.orders
        is_ours = orders.hold_by is HoldBy.STOP and held.stop == str(orders.stop_code)
        return held.stop != NO_STOP and (self.hold is Hold.NO or not is_ours)

    def lock(self) -> None:
        """Locks the order, unless it surely is.

        Raises:
            NotTenantError: Another installation writes for the store: what is locked here, it would have to find and unlock.
        """
        if self.hold is not Hold.YES:
            tenure.require(self._run)
            set_hold(self._run, self._document, LOCK, self._number, why="the order is changed")
            self.hold = Hold.YES

    def release(self) -> None:
        """Releases the order if it may be locked by us."""
        if self.hold is not Hold.NO:
            set_hold(self._run, self._document, RELEASE, self._number, why="the order is as the shop has it")
            self.hold = Hold.NO

    def maybe_locked(self) -> None:
        """Has a lock taken for possible whose answer was lost: it may have taken effect after a later release."""
        self.hold = Hold.MAYBE if self.hold is Hold.NO else self.hold

    def send(
        self, writes: Sequence[Write], *, states: Sequence[State], keep: Callable[[Sequence[Write]], None]
    ) -> None:
        """Sends writes in bulks of 80.

        Args:
            writes: What to send.
            states: Between which M3 may be because of them.
            keep: Stages those of a bulk that M3 has taken, together with the end of its step, also where it refused others.

        Raises:
            OutcomeUnknownError: An answer was lost; the next run looks.
            M3RejectedError: M3 refused one.
        """
        for start in range(0, len(writes), MAX_TRANSACTIONS):
            self._send_bulk(writes[start : start + MAX_TRANSACTIONS], states, keep)

    def _send_bulk(
        self, writes: Sequence[Write], states: Sequence[State], keep: Callable[[Sequence[Write]], None]
    ) -> None:
        journal, m3 = self._run.journal, self._run.store.m3
        calls = [one.call for one in writes]
        lines = [self._told(write) for write in writes]
        fields = [call.fields for call in calls]
        intent = journal.intend(self._document.id, CHANGE, request=fields, told=lines, part=None)
        answers = journal.send(intent, lambda: m3.write(calls), if_late=[left_late(intent, states=states)])
        taken = [write for write, answer in zip(writes, answers, strict=True) if answer.error is None]
        state = StepState.DONE if taken else StepState.REFUSED
        journal.mark(intent, state, {"sent": len(calls), "refused": len(calls) - len(taken)})
        keep(taken)
        journal.tell(line for line, answer in zip(lines, answers, strict=True) if answer.error is None)
        _raise_if_refused(answers)

    def _told(self, write: Write) -> TrailLine:
        return TrailLine(
            action=self._run.store.m3.name_of(write.call),
            system="m3",
            key=self._number,
            before={write.key: write.before},
            after={write.key: write.after},
            why="changed in the shop after posting",
        )


def _raise_if_refused(answers: Iterable[Answer]) -> None:
    """What is there or gone already, locked, or was not reached, the next look decides about."""
    for answer in answers:
        if _is_refused(answer) and answer.error is not None:
            raise answer.error


def _is_refused(answer: Answer) -> bool:
    if not answer.processed or isinstance(answer.error, RecordLockedError):
        return False
    return not (already_exists(answer.error) or is_not_found(answer.error))
