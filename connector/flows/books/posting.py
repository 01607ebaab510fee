"""Posts one batch to M3's ledgers, once: head, lines, control, update, and then the look that alone proves it.

Called by the flows of the ledger. The key (KEY1, PBID) is the fence: nothing sent twice under it changes anything, so before the
last write a lost answer is met by sending the same again. From the first intended last write on M3 is asked before anything is
sent. What M3 refuses burns its key: a person corrects the cause, and the next version begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from connector.errors import M3RejectedError
from connector.flows import discarded, tenure
from connector.flows.books import verdicts
from connector.flows.books.keys import version_of
from connector.flows.books.sheet import Sheet
from connector.flows.books.ways import CONTROL, WAYS, Way
from connector.flows.context import Run
from connector.flows.orders import adopting
from connector.ledger.document_records import DocumentRecord, References, StepRecord
from connector.ledger.purging import LEDGER_BATCH
from connector.ledger.tables import DocumentState, StepState
from connector.ledger.trail import TrailLine
from connector.m3.bulk import MAX_TRANSACTIONS
from connector.m3.client import Call
from connector.m3.rejections import already_exists

KIND = LEDGER_BATCH
HEAD, LINES = "book_head", "book_lines"


def post(
    run: Run,
    make: Callable[[int], Sheet],
    *,
    made_at: datetime,
    happened_at: datetime,
    content: Mapping[str, object],
    kept: Mapping[str, object] | None = None,
) -> str:
    """Posts a fact of which this exchange has no document that counts.

    Args:
        run: This run.
        make: Makes the sheet of a version, counted from 1; nothing is written by it.
        made_at: When the shop made the order.
        happened_at: When what is posted happened.
        content: What of the shop's document is kept, to show later what changed.
        kept: What else the document keeps, for what follows from it.

    Returns:
        The voucher that the ledger shows for it.

    Raises:
        NotYetError: M3's job has not posted it yet.
        OutcomeUnknownError: An answer was lost; the next run goes on.
        M3RejectedError: M3 refused it; KEY1 is burnt.
        AmountsDifferError: The ledger shows something else under this key.
        NeedsPersonError: The key is taken, and nothing in the ledger has it.
    """
    held = tenure.require(run)
    may_be_known = (
        bool(run.claim.documents)
        or (held is not None and held.may_be_forgotten(made_at))
        or adopting.may_be_known(run, created_at=happened_at, is_marked=False)
    )
    sheet = make(_next_version(run))
    document = _begin(run, sheet, content, kept or {})
    voucher = WAYS[sheet.kind].look_for_any(run, sheet) if may_be_known else None
    return _finish(run, document, sheet, voucher) if voucher else _send(run, document, sheet)


def take_up(run: Run) -> DocumentRecord | None:
    """Returns what is posted of this exchange's fact, with what an earlier run began finished first; None if nothing is.

    What a person discarded is not finished: it is only seen whether M3 posted it all the same.

    Raises:
        ConnectorError: See `post`.
    """
    document = run.claim.live_document
    if document is None:
        return None
    if run.claim.discard is None or document.state is DocumentState.CONFIRMED:
        return document.confirmed_as(go_on(run, document))
    sheet = Sheet.from_json(document.plan["sheet"])
    voucher = WAYS[sheet.kind].look_for_any(run, sheet)
    if voucher is None:
        return None
    discarded.forget(run)
    return document.confirmed_as(_finish(run, document, sheet, voucher))


def go_on(run: Run, document: DocumentRecord) -> str:
    """Posts what a document says, from wherever it was left; see `post`. A replay looks whether M3 still shows what is posted.

    Raises:
        NeedsPersonError: It does not; nothing is posted a second time.
    """
    sheet = Sheet.from_json(document.plan["sheet"])
    way = WAYS[sheet.kind]
    if document.state is DocumentState.CONFIRMED:
        if run.claim.is_replay and way.look(run, sheet) is None:
            raise verdicts.gone(document)
        return document.final_number or ""
    tenure.require(run)
    last = document.step(way.last_step)
    is_taken = last is not None and last.state is StepState.DONE
    look = way.look_while_waiting if is_taken else way.look if document.steps else way.look_for_any
    voucher = look(run, sheet)
    if voucher is not None:
        return _finish(run, document, sheet, voucher)
    if run.claim.rebuild:
        raise verdicts.given_up(run, document, sheet)
    return _send(run, document, sheet) if last is None else _follow(run, document, sheet, last)


def _next_version(run: Run) -> int:
    """Returns the version after the highest KEY1 this exchange ever began; the newest document of its kind is never purged."""
    begun = (version_of(str(one.plan["sheet"]["key"])) for one in run.claim.documents if one.kind == KIND)
    return max(begun, default=0) + 1


def _begin(run: Run, sheet: Sheet, content: Mapping[str, object], kept: Mapping[str, object]) -> DocumentRecord:
    document = run.journal.begin_document(
        KIND,
        m3_scope=run.store.m3_scope,
        references=References(cuno=sheet.customer or None, cuor=sheet.key, ordt=sheet.day),
        plan={"sheet": sheet.to_json(), "content": dict(content), **kept},
    )
    if sheet.day != sheet.happened_on:
        note = {"happened_on": sheet.happened_on, "posted_on": sheet.day}
        run.journal.audit("day in a closed period", system="ledger", key=sheet.key, after=note)
    if sheet.conversion:
        run.journal.audit("converted", system="ledger", key=sheet.key, after=dict(sheet.conversion))
    return document


def _send(run: Run, document: DocumentRecord, sheet: Sheet) -> str:
    """Sends what was not surely sent yet, and hands the batch over to M3."""
    way = WAYS[sheet.kind]
    if document.step(CONTROL) is None:  # else all lines are there, and M3 may take none any more
        head = document.step(HEAD)
        if head is None or head.state is not StepState.DONE:  # else it would be begun anew after a person deleted it
            _add_head(run, document, sheet, way)
        _add_lines(run, document, sheet, way)
    if way.update is not None:
        _control(run, document, sheet, way)
    return _hand_over(run, document, sheet, way)


def _add_head(run: Run, document: DocumentRecord, sheet: Sheet, way: Way) -> None:
    call = way.add_head(run, sheet)
    is_ours = any(step.name == HEAD and step.state is not StepState.REFUSED for step in document.steps)
    told = _told(run, call, sheet, lines=len(sheet.lines))
    intent = run.journal.intend(document.id, HEAD, request=call.fields, told=[told], part=None)
    error = run.journal.send(intent, lambda: run.store.m3.write([call])[0]).error
    if error is not None and not (already_exists(error) and is_ours):
        run.journal.mark(intent, StepState.REFUSED, {"code": error.code})
        if already_exists(error):
            raise verdicts.taken(run, document, sheet, way)
        raise verdicts.burn(run, document, sheet, way, error)
    run.journal.mark(intent, StepState.DONE, {"key": sheet.key})
    if error is None:
        run.journal.tell([told])


def _add_lines(run: Run, document: DocumentRecord, sheet: Sheet, way: Way) -> None:
    """Sends the lines in bulks of 80; one that is there already is one of ours."""
    calls = [way.add_line(run, sheet, number, line) for number, line in enumerate(sheet.lines, start=1)]
    for start in range(0, len(calls), MAX_TRANSACTIONS):
        some = calls[start : start + MAX_TRANSACTIONS]
        told = _told(run, some[0], sheet, lines=len(some))
        intent = run.journal.intend(document.id, LINES, request=[call.fields for call in some], told=[told], part=None)
        answers = run.journal.send(intent, lambda some=some: run.store.m3.write(some))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        refused = [one.error for one in answers if one.error is not None and not already_exists(one.error)]
        if added := sum(one.error is None for one in answers):
            run.journal.tell([replace(told, after={"lines": added})])
        if not refused:
            run.journal.mark(intent, StepState.DONE, {"sent": len(some)})
            continue
        run.journal.mark(intent, StepState.REFUSED, {"refused": len(refused)})
        said_no = [error for error in refused if isinstance(error, M3RejectedError)]
        raise verdicts.burn(run, document, sheet, way, (said_no or refused)[0])


def _control(run: Run, document: DocumentRecord, sheet: Sheet, way: Way) -> None:
    call = way.control(run, sheet)
    told = _told(run, call, sheet)
    intent = run.journal.intend(document.id, CONTROL, request=call.fields, told=[told], part=None)
    error = run.journal.send(intent, lambda: run.store.m3.write([call])[0]).error
    if error is not None:
        run.journal.mark(intent, StepState.REFUSED, {"code": error.code})
        raise verdicts.burn(run, document, sheet, way, error)
    run.journal.mark(intent, StepState.DONE, {})
    run.journal.tell([told])


def _hand_over(run: Run, document: DocumentRecord, sheet: Sheet, way: Way) -> str:
    """Sends the last write, after which M3 may post the batch, and looks whatever the answer was."""
    call = way.last(run, sheet)
    may_be_taken = any(step.name == way.last_step and step.state is not StepState.REFUSED for step in document.steps)
    run.journal.change_document(document.id, state=DocumentState.CONFIRMING)
    told = _told(run, call, sheet)
    intent = run.journal.intend(document.id, way.last_step, request=call.fields, told=[told], part=None)
    error = run.journal.send(intent, lambda: run.store.m3.write([call])[0]).error
    said = {} if error is None else {"code": error.code, "said": error.message}
    run.journal.mark(intent, StepState.DONE if error is None else StepState.REFUSED, said)
    run.journal.tell([replace(told, after={"accepted": error is None, **said})])
    voucher = way.look(run, sheet)
    if voucher is not None:
        return _finish(run, document, sheet, voucher)
    if error is None:
        raise verdicts.not_posted_yet(sheet, way)
    if may_be_taken:
        raise verdicts.refused_again(sheet, way, error)
    raise verdicts.burn(run, document, sheet, way, error)


def _told(run: Run, call: Call, sheet: Sheet, **after: int) -> TrailLine:
    return TrailLine(action=run.store.m3.name_of(call), system="m3", key=sheet.key, after=after)


def _follow(run: Run, document: DocumentRecord, sheet: Sheet, last: StepRecord) -> str:
    """Goes on with a batch whose last write was intended, and which M3 does not show as posted."""
    way = WAYS[sheet.kind]
    if last.state is StepState.DONE:
        raise verdicts.not_posted_yet(sheet, way)
    over_at = last.intended_at + timedelta(seconds=run.store.settle_s)
    if run.claim.now < over_at:
        raise verdicts.still_arriving(run.claim.now, over_at)
    return _hand_over(run, document, sheet, way)


def _finish(run: Run, document: DocumentRecord, sheet: Sheet, voucher: str) -> str:
    run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=voucher)
    expected = {account: str(amount) for account, amount in sheet.expected.items()}
    run.journal.audit("seen in the ledger", system="m3", key=voucher, after={"key": sheet.key, **expected})
    return voucher
