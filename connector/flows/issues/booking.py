"""Books units of an order in M3's stock and proves it: one message of MMS850 for each line. Called by issues_to_m3.

A message's number follows from the shop's line and counts its bookings, so M3 takes each once, however often it is sent. What it
holds under a number is what was booked: it is read before anything is sent again, and after everything that was sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from connector.accounting.invoices import StockIssue
from connector.errors import ConnectorError, M3RejectedError, NeedsPersonError, NotYetError
from connector.flows.context import Run
from connector.flows.issues import messages
from connector.flows.issues.keeping import Issue
from connector.ledger.document_records import DocumentRecord
from connector.ledger.tables import StepState
from connector.ledger.trail import TrailLine
from connector.m3.bulk import MAX_TRANSACTIONS
from connector.m3.client import Call
from connector.m3.programs import mms850mi
from connector.m3.programs.mms850mi import StockMessage
from connector.m3.rejections import already_exists

ISSUE = "issue"
LOOK_AGAIN_S = 60.0
LATE_FOR = timedelta(minutes=10)
"""So long a booking whose answer was lost is watched for that nobody wants any more: it would not be found by a second one."""
BY_HAND = (
    "Or book the units by hand and discard it; first delete the message in MMS850 if it is there: run later, it books them a "
    "second time."
)


@dataclass(frozen=True)
class Looked:
    """What M3 holds of some lines: executed ones with their basic units, others in words, and numbers another order has."""

    executed: Mapping[str, Decimal]
    waiting: Mapping[str, str]
    taken: Collection[str]


def look(run: Run, issue: Issue, lines: Collection[str], rules: StockIssue) -> Looked:
    """Reads the next message of each line.

    Raises:
        NeedsPersonError: M3 holds another item under a number of this order.
        RetryableError: M3 cannot be asked now.
    """
    run.journal.pause()
    numbers = {line: _next_number(run, issue, line) for line in lines}
    found = messages.read(run.store, numbers.values())
    executed: dict[str, Decimal] = {}
    waiting: dict[str, str] = {}
    taken: list[str] = []
    for line, key in numbers.items():
        message = found.get(key)
        if message is None:
            continue
        if message.external_number not in ("", issue.epoch):
            taken.append(line)
            continue
        _require_item(issue, line, key, message)
        if message.status == rules.done_status:
            executed[line] = message.quantity
        else:
            waiting[line] = f"{key} stands at {message.status}" + (f" ({message.error})" if message.error else "")
    return Looked(executed, waiting, taken)


def _next_number(run: Run, issue: Issue, line: str) -> str:
    return messages.number_of(run.store.name, line, version=issue.lines[line].version + 1)


def _require_item(issue: Issue, line: str, key: str, message: StockMessage) -> None:
    known = issue.lines[line].item
    if known and message.item != known:
        raise NeedsPersonError(
            f"Stock message {key} of M3 is of item {message.item}, and the order's line of item {known}.",
            resolution="Look at the message in MMS850. Delete it if it was not executed, else it is run later; book the units that "
            "left by hand, then discard this exchange.",
        )


def require_executed(looked: Looked) -> None:
    """Lets nothing pass that M3 took and has not executed.

    Raises:
        NeedsPersonError: It says why it cannot.
        NotYetError: It does not.
    """
    if not looked.waiting:
        return
    where = "; ".join(looked.waiting.values())
    remedy = "Look at the message in MMS850. Correct the cause and run it there, and the connector notices by itself; or delete it"
    remedy = f"{remedy}, then release this exchange. {BY_HAND}"
    if any("(" in words for words in looked.waiting.values()):
        raise NeedsPersonError(
            f"M3 took a stock message and cannot execute it: {where}.",
            resolution=remedy,
        )
    raise NotYetError(
        f"M3 took a stock message and has not executed it yet: {where}.",
        retry_after_s=LOOK_AGAIN_S,
        resolution=f"Nothing to do if a job there runs such messages. If an executed message stands at another status there, say "
        f"so as invoices.issue.done_status of the store file. Else: {remedy}",
    )


def wait_out(run: Run, document: DocumentRecord, *, is_wanted: bool) -> None:
    """Waits while a booking whose answer was lost may still arrive.

    Raises:
        NotYetError: It may.
    """
    is_open = (StepState.INTENDED, StepState.UNKNOWN)
    sent = [step.intended_at for step in document.steps if step.name == ISSUE and step.state in is_open]
    over_at = max(sent, default=run.claim.now) + (timedelta(seconds=run.store.settle_s) if is_wanted else LATE_FOR)
    if sent and run.claim.now < over_at:
        raise NotYetError(
            "The booking of an order's units may still arrive in M3.",
            retry_after_s=(over_at - run.claim.now).total_seconds(),
            resolution="Nothing to do: M3 is asked again then.",
        )


def send(run: Run, document: DocumentRecord, issue: Issue, rules: StockIssue) -> ConnectorError | None:
    """Sends what was begun, 80 messages a request.

    Returns:
        Why M3 did not take one of them, or None.

    Raises:
        OutcomeUnknownError: An answer was lost; the next run looks.
        ConnectorError: Nothing of a request was executed.
    """
    calls = [_call(run, issue, line, rules) for line in issue.begun]
    refused: list[ConnectorError] = []
    for start in range(0, len(calls), MAX_TRANSACTIONS):
        some = calls[start : start + MAX_TRANSACTIONS]
        told = [_told(run, call) for call in some]
        intent = run.journal.intend(document.id, ISSUE, request=[call.fields for call in some], told=told, part=None)
        answers = run.journal.send(intent, lambda some=some: run.store.m3.write(some))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        run.journal.tell(line for line, one in zip(told, answers, strict=True) if one.error is None)
        errors = [_explained(one.error, one.call) for one in answers if one.error is not None]
        errors = [error for error in errors if not already_exists(error)]
        state = StepState.REFUSED if errors else StepState.DONE
        run.journal.mark(intent, state, {"sent": len(some), "refused": len(errors)})
        refused += errors
    said_no = [error for error in refused if isinstance(error, M3RejectedError)]
    return next(iter((*said_no, *refused)), None)


def _call(run: Run, issue: Issue, line: str, rules: StockIssue) -> Call:
    one = issue.lines[line]
    return mms850mi.add_adjustment(
        _next_number(run, issue, line),
        item=one.item,
        warehouse=run.store.config.m3.warehouse,
        location=rules.location,
        quantity=one.basic(-issue.begun[line]),
        reason=rules.reason,
        partner=rules.partner,
        external_number=issue.epoch,
        remark=messages.remark_of(run.store.name, run.claim.business_key),
    )


def _told(run: Run, call: Call) -> TrailLine:
    after = {name: call.fields[name] for name in ("MSNR", "ITNO", "QLQT", "WHSL")}
    return TrailLine(action=run.store.m3.name_of(call), system="m3", key=run.claim.business_key, after=after)


def _explained(error: ConnectorError, call: Call) -> ConnectorError:
    if not isinstance(error, M3RejectedError):
        return error
    return error.advising(
        f"Correct the cause in M3 (what lies in the location, the partner in MMS865, message {call.fields['MSNR']} in MMS850), "
        f"then release the exchange. {BY_HAND}",
        detail=f" (item {call.fields['ITNO']}, {call.fields['QLQT']} in {call.fields['WHSL']})",
    )
