"""Proves that M3 holds what was sent, after Confirm; locks the order and shows the difference if it does not."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from connector.errors import AmountsDifferError, M3RejectedError
from connector.flows.context import Run
from connector.flows.orders import costless
from connector.ledger.document_records import DocumentRecord
from connector.ledger.late_writes import left_late
from connector.ledger.tables import StepState
from connector.ledger.trail import TrailLine
from connector.m3.calls import Answer, Call
from connector.m3.programs import ois100mi, ois120mi
from connector.m3.programs.ois100mi import NO_STOP, OrderValue
from connector.money.comparison import Difference, compare_with_m3
from connector.money.expected import Expected
from connector.stores.orders import HoldBy

LOCK, RELEASE = "lock", "release"
UNLOCKING = "releasing it compares again and unlocks it, discarding it leaves the order as it is and unlocks it."
"""What becomes of an order that was locked, for the resolution of its dead letter."""


class Hold(StrEnum):
    """What the ledger knows of the hold code that we set."""

    NO = "no"
    MAYBE = "maybe"  # an answer was lost: both setting and clearing it again are safe
    YES = "yes"


def prove(run: Run, document: DocumentRecord, number: str) -> None:
    """Compares the order with what was sent and judges it; see `find_differences` and `judge`."""
    judge(run, document, number, find_differences(run, document, number))


def judge(run: Run, document: DocumentRecord, number: str, differences: Sequence[Difference]) -> None:
    """Locks an order that differs, and releases it without differences: lines that cost nothing can be put right.

    Args:
        run: This run.
        document: The order's document, bound already.
        number: The customer order number.
        differences: What `find_differences` found.

    Raises:
        AmountsDifferError: M3 holds something else; the order is locked, and never posted again.
        RetryableError: M3 cannot be asked now.
    """
    hold = hold_of(document)
    if not differences:
        if hold is not Hold.NO:
            set_hold(run, document, RELEASE, number)
        return
    if hold is not Hold.YES:
        _lock(run, document, number, differences)
    outcome = costless.set_to_nothing(run, document, number)
    if outcome.is_taken:
        differences = find_differences(run, document, number)
        if not differences:
            set_hold(run, document, RELEASE, number)
            return
    shown = "; ".join(one for one in (_in_words(differences), outcome.untold) if one)
    raise AmountsDifferError(
        f"Order {number} in M3 differs from the shop's order and is locked: {shown}.",
        resolution=f"Correct order {number} in OIS300 (prices, charges, VAT); {UNLOCKING}",
        order=number,
    )


def _lock(run: Run, document: DocumentRecord, number: str, differences: Sequence[Difference]) -> None:
    try:
        set_hold(run, document, LOCK, number)
    except M3RejectedError as refusal:
        raise AmountsDifferError(
            f"Order {number} in M3 differs from the shop's order and could not be locked ({refusal.message}): "
            f"{_in_words(differences)}.",
            resolution=f"Stop order {number} in OIS300 at once, then correct it (prices, charges, VAT); releasing it "
            "compares again.",
            order=number,
        ) from refusal


def _in_words(differences: Sequence[Difference]) -> str:
    return "; ".join(f"{one.what}: sent {one.expected}, M3 has {one.found}" for one in differences)


def let_go(run: Run, document: DocumentRecord, number: str) -> str:
    """Takes off the hold that we may have set on an order a person has settled; says so, or nothing."""
    if hold_of(document) is Hold.NO:
        return ""
    set_hold(run, document, RELEASE, number, why="a person settled the order")
    return "; unlocked in M3"


def find_differences(run: Run, document: DocumentRecord, number: str) -> tuple[Difference, ...]:
    """Reads value and lines of an order in one bulk and compares them with what the document says was sent.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    expected = Expected.from_json(document.plan["expected"])
    value, lines = _read(run, number)
    if lines.is_cut:
        return (Difference("the lines", str(len(expected.lines)), f"{len(lines.records)} or more"),)
    return compare_with_m3(expected, ois100mi.read_order_value(value), _amounts(lines))


def read_amounts(run: Run, number: str) -> tuple[OrderValue, list[tuple[int, Decimal]]]:
    """Reads what an order is worth, and number (CUPO) and net amount of each line that was not ended, in one bulk.

    Raises:
        ListCutError: It has more lines than M3 lists at once.
        RetryableError: M3 cannot be asked now.
    """
    value, lines = _read(run, number)
    return ois100mi.read_order_value(value), _amounts(lines)


def _read(run: Run, number: str) -> tuple[Answer, Answer]:
    run.journal.pause()
    calls = [ois100mi.get_order_value(number), ois100mi.list_lines(number)]
    value, lines = run.store.m3.read(calls, max_records=ois100mi.MOST_LINES)
    return value, lines


def _amounts(lines: Answer) -> list[tuple[int, Decimal]]:
    return [(line.customer_line, line.net_amount) for line in ois100mi.read_lines(lines) if not line.is_closed]


def hold_of(document: DocumentRecord) -> Hold:
    """Tells from the steps of earlier runs whether the order is locked; a lost answer leaves it open."""
    hold = Hold.NO
    for step in sorted(document.steps, key=lambda one: (one.intended_at, one.id)):  # a late one is the newest
        if step.name not in (LOCK, RELEASE) or step.state is StepState.REFUSED:
            continue
        known = Hold.YES if step.name == LOCK else Hold.NO
        hold = known if step.state is StepState.DONE else Hold.MAYBE
    return hold


def set_hold(
    run: Run, document: DocumentRecord, name: str, number: str, *, why: str = "amounts compared after Confirm"
) -> None:
    """Sets or clears the hold; both are safe to repeat, so a lost answer is simply asked again."""
    call = _hold_call(run, name, number)
    told = [] if call is None else [TrailLine(action=run.store.m3.name_of(call), system="m3", key=number, why=why)]
    intent = run.journal.intend(document.id, name, request=number, told=told, part=None)
    if call is None:
        run.journal.mark(intent, StepState.DONE, {"by": "another"})
        return
    answer = run.journal.send(intent, lambda: run.store.m3.write([call])[0], if_late=[left_late(intent)])
    if answer.error is not None:
        run.journal.mark(intent, StepState.REFUSED, {"code": answer.error.code})
        raise answer.error
    run.journal.mark(intent, StepState.DONE, {})
    run.journal.tell(told)


def _hold_call(run: Run, name: str, number: str) -> Call | None:
    """Returns what sets or clears the hold; None if the order is stopped by somebody else, whose stop stays."""
    orders = run.store.config.orders
    if orders.hold_by is HoldBy.LOCK:
        return ois100mi.lock_order(number) if name == LOCK else ois100mi.release_order(number)
    ours = str(orders.stop_code)
    run.journal.pause()
    stop = ois100mi.read_head(run.store.m3.read([ois100mi.get_head(number)])[0]).stop
    if stop not in (NO_STOP, ours):
        return None
    return ois120mi.set_stop(number, ours if name == LOCK else NO_STOP)
