"""Posts one batch to M3's ledger, once: head, lines, control, update, and then the look that alone proves it.

Called by payments_to_m3 and invoices_to_m3. KEY1 is the fence: nothing sent twice under it changes anything, so up to the control
a lost answer is met by sending the same again. From the first intended UpdBatch on nothing is sent before the ledger was asked.
What M3 refuses burns its KEY1: a person corrects the cause, and the next version begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from connector.errors import (
    AmountsDifferError,
    ConnectorError,
    M3RejectedError,
    NeedsPersonError,
    NotYetError,
)
from connector.flows.books.keys import is_of_order
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.ledger.claims import DocumentRecord
from connector.ledger.steps import References
from connector.ledger.tables import DocumentState, StepState
from connector.m3.calls import Answer, Call
from connector.m3.client import MAX_TRANSACTIONS
from connector.m3.programs import gls200mi, gls840mi
from connector.m3.programs.gls200mi import VoucherRow
from connector.m3.rejections import already_exists

KIND = "ledger_batch"
HEAD, LINES, CONTROL, UPDATE = "book_head", "book_lines", "book_control", "book_update"
JOB_LOOK_S = 60.0
"""How often the ledger is asked whether M3's job has posted a batch it took."""


def post(
    run: Run, make: Callable[[int], Sheet], *, may_be_known: bool, content: Mapping[str, object] | None = None
) -> str:
    """Posts a fact that no document of this exchange has posted, or goes on with the one that was begun.

    Args:
        run: This run.
        make: Makes the sheet of a version, counted from 1; nothing is written by it.
        content: What of the shop's document is kept, to show later what changed.
        may_be_known: This ledger may have forgotten that it was posted: M3 is asked before the first write.

    Returns:
        The voucher that the ledger shows for it.

    Raises:
        NotYetError: M3's job has not posted it yet.
        OutcomeUnknownError: An answer was lost; the next run goes on.
        M3RejectedError: M3 refused it; KEY1 is burnt.
        AmountsDifferError: The ledger shows something else under this key.
        NeedsPersonError: The key is taken, and nothing in the ledger has it.
    """
    document = run.claim.live_document
    if document is None:
        sheet = make(len(run.claim.documents) + 1)
        document = _begin(run, sheet, content or {})
        may_be_known = may_be_known or bool(run.claim.documents)
    return go_on(run, document, may_be_known=may_be_known)


def go_on(run: Run, document: DocumentRecord, *, may_be_known: bool = False) -> str:
    """Posts what a document says, from wherever it was left; see `post`."""
    if document.state is DocumentState.CONFIRMED:
        return document.final_number or ""
    sheet = Sheet.from_json(document.plan["sheet"])
    if may_be_known or document.steps:
        voucher = _look(run, sheet)
        if voucher is not None:
            return _finish(run, document, sheet, voucher)
    if document.state is DocumentState.CONFIRMING:
        return _follow(run, document, sheet)
    if document.step(CONTROL) is None:  # else all lines are there, and M3 may take none any more
        _add_head(run, document, sheet)
        _add_lines(run, document, sheet)
    _control(run, document, sheet)
    return _update(run, document, sheet)


def see_again(run: Run, document: DocumentRecord) -> None:
    """Asks the ledger for a voucher that was seen there, if a person doubts that it still is.

    Raises:
        NeedsPersonError: It is not there any more; nothing is posted a second time.
        AmountsDifferError: It shows something else.
    """
    if not run.claim.is_replay or _look(run, Sheet.from_json(document.plan["sheet"])) is not None:
        return
    raise NeedsPersonError(
        f"Voucher {document.final_number} is not in M3's ledger any more.",
        resolution=f"Look in GLS200 whether it was reversed or M3 was put back to a backup. Nothing is posted a second time: "
        f"enter it by hand under {document.final_number} if it has to be there, then discard this exchange.",
    )


def _begin(run: Run, sheet: Sheet, content: Mapping[str, object]) -> DocumentRecord:
    document = run.journal.begin_document(
        KIND,
        m3_scope=run.store.m3_scope,
        references=References(cuor=sheet.key, ordt=sheet.day),
        plan={"sheet": sheet.to_json(), "content": dict(content)},
    )
    if sheet.day != sheet.happened_on:
        note = {"happened_on": sheet.happened_on, "posted_on": sheet.day}
        run.journal.audit("day in a closed period", system="ledger", key=sheet.key, after=note)
    return document


def _add_head(run: Run, document: DocumentRecord, sheet: Sheet) -> None:
    call = gls840mi.add_batch_head(
        sheet.kind,
        sheet.key,
        company=run.store.config.m3.company,
        division=run.store.config.m3.division,
        interface=sheet.interface,
        description=sheet.description,
    )
    is_ours = any(step.name == HEAD and step.state is not StepState.REFUSED for step in document.steps)
    intent = run.journal.intend(document.id, HEAD, request=call.fields, part=None)
    error = run.journal.send(intent, lambda: run.store.m3.write([call])[0]).error
    if error is not None and not (already_exists(error) and is_ours):
        run.journal.mark(intent, StepState.REFUSED, {"code": error.code})
        if already_exists(error):
            raise _taken(run, document, sheet)
        raise _burn(run, document, sheet, error)
    run.journal.mark(intent, StepState.DONE, {"key": sheet.key})
    run.journal.audit(run.store.m3.name_of(call), system="m3", key=sheet.key, after={"lines": len(sheet.lines)})


def _taken(run: Run, document: DocumentRecord, sheet: Sheet) -> ConnectorError:
    """KEY1 was used before, not by this document: in the ledger of another order, or in a batch nobody updated."""
    run.journal.commit()
    if any(row.text.startswith(sheet.key) for row in _rows(run, sheet)):
        run.journal.change_document(document.id, state=DocumentState.ABANDONED)
        return NotYetError(
            f"KEY1 {sheet.key} belongs to another order, which had the same id.",
            retry_after_s=1,
            resolution="Nothing to do: the next version of the key is taken.",
        )
    return NeedsPersonError(
        f"KEY1 {sheet.key} is taken in M3, and no voucher of {sheet.happened_on} to {sheet.day} has it.",
        resolution=f"Look at batch {sheet.key} in GLS840: update it there, or delete it; the connector notices by itself.",
    )


def _add_lines(run: Run, document: DocumentRecord, sheet: Sheet) -> None:
    """Sends the lines in bulks of 80; one that is there already is one of ours."""
    config = run.store.config.m3
    calls = [
        gls840mi.add_batch_line(
            sheet.kind, sheet.key, line=number, company=config.company, division=config.division, fields=line
        )
        for number, line in enumerate(sheet.lines, start=1)
    ]
    for start in range(0, len(calls), MAX_TRANSACTIONS):
        some = calls[start : start + MAX_TRANSACTIONS]
        intent = run.journal.intend(document.id, LINES, request=[call.fields for call in some], part=None)
        answers = run.journal.send(intent, lambda some=some: run.store.m3.write(some))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        refused = [one for one in answers if one.error is not None and not already_exists(one.error)]
        if not refused:
            run.journal.mark(intent, StepState.DONE, {"sent": len(some)})
            run.journal.audit(run.store.m3.name_of(some[0]), system="m3", key=sheet.key, after={"lines": len(some)})
            continue
        run.journal.mark(intent, StepState.REFUSED, {"refused": len(refused)})
        raise _worst(run, document, sheet, refused)


def _worst(run: Run, document: DocumentRecord, sheet: Sheet, refused: Sequence[Answer]) -> ConnectorError:
    said_no = [one.error for one in refused if isinstance(one.error, M3RejectedError)]
    if said_no:
        return _burn(run, document, sheet, said_no[0])
    error = refused[0].error
    assert error is not None, "only refused answers are looked at"
    return error


def _control(run: Run, document: DocumentRecord, sheet: Sheet) -> None:
    call = _batch_call(run, sheet, gls840mi.control_batch)
    intent = run.journal.intend(document.id, CONTROL, request=call.fields, part=None)
    error = run.journal.send(intent, lambda: run.store.m3.write([call])[0]).error
    if error is not None:
        run.journal.mark(intent, StepState.REFUSED, {"code": error.code})
        raise _burn(run, document, sheet, error)
    run.journal.mark(intent, StepState.DONE, {})
    run.journal.audit(run.store.m3.name_of(call), system="m3", key=sheet.key)


def _update(run: Run, document: DocumentRecord, sheet: Sheet) -> str:
    """Hands the batch to M3's job, and asks the ledger whatever the answer was."""
    call = _batch_call(run, sheet, gls840mi.update_batch)
    may_be_taken = any(step.name == UPDATE and step.state is not StepState.REFUSED for step in document.steps)
    run.journal.change_document(document.id, state=DocumentState.CONFIRMING)
    intent = run.journal.intend(document.id, UPDATE, request=call.fields, part=None)
    error = run.journal.send(intent, lambda: run.store.m3.write([call])[0]).error
    run.journal.mark(intent, StepState.DONE if error is None else StepState.REFUSED, {})
    run.journal.audit(run.store.m3.name_of(call), system="m3", key=sheet.key, after={"accepted": error is None})
    voucher = _look(run, sheet)
    if voucher is not None:
        return _finish(run, document, sheet, voucher)
    if error is None or may_be_taken:
        raise _not_posted_yet(sheet)
    raise _burn(run, document, sheet, error)


def _follow(run: Run, document: DocumentRecord, sheet: Sheet) -> str:
    """Goes on with a batch whose UpdBatch was intended, and of which the ledger shows nothing."""
    last = document.step(UPDATE)
    assert last is not None, "a document is confirming from its first UpdBatch on"
    if last.state is StepState.DONE:
        raise _not_posted_yet(sheet)
    over_at = last.intended_at + timedelta(seconds=run.store.settle_s)
    if run.claim.now < over_at:
        raise _still_arriving(run.claim.now, over_at)
    return _update(run, document, sheet)


def _still_arriving(now: datetime, over_at: datetime) -> NotYetError:
    return NotYetError(
        "The update of the batch was sent and its answer not seen; it may still take effect.",
        retry_after_s=(over_at - now).total_seconds(),
        resolution="Nothing to do: the ledger is asked again after the settle time.",
    )


def _not_posted_yet(sheet: Sheet) -> NotYetError:
    return NotYetError(
        f"M3 took batch {sheet.key} to be updated, and the ledger does not show it yet.",
        retry_after_s=JOB_LOOK_S,
        resolution=f"Nothing to do if M3's job runs. Else look at batch {sheet.key} in GLS840 and update it there; the "
        "connector notices by itself.",
    )


def _batch_call(run: Run, sheet: Sheet, make: Callable[..., Call]) -> Call:
    config = run.store.config.m3
    return make(sheet.kind, sheet.key, company=config.company, division=config.division)


def _burn(run: Run, document: DocumentRecord, sheet: Sheet, error: ConnectorError) -> ConnectorError:
    """Gives a batch up that M3 refused; one that is only locked is kept."""
    if not isinstance(error, M3RejectedError):
        return error
    run.journal.change_document(document.id, state=DocumentState.ABANDONED)
    run.journal.audit("key burnt", system="m3", key=sheet.key, why=error.message)
    return M3RejectedError(
        error.message,
        program=error.program,
        transaction=error.transaction,
        message_id=error.message_id,
        field=error.field,
        resolution=f"Delete batch {sheet.key} in GLS840 and correct the cause (accounts and VAT codes of the store file, the "
        "interface in GLS850, the period); then release the exchange: the next version of the key is taken.",
    )


def _look(run: Run, sheet: Sheet) -> str | None:
    """Asks the ledger for the fact in any version; None if it is not there.

    Raises:
        AmountsDifferError: What is there is not what was to be posted.
    """
    run.journal.pause()
    rows = [row for row in _rows(run, sheet) if is_of_order(row.text, key=sheet.key, epoch=sheet.epoch)]
    if not rows:
        return None
    sums: dict[str, object] = {}
    for account in {row.account for row in rows}:
        amount = sum(row.amount for row in rows if row.account == account)
        if amount:
            sums[account] = amount
    vouchers = sorted({row.voucher for row in rows})
    is_same = sums == dict(sheet.expected) and {row.currency for row in rows} == {sheet.currency}
    if len(vouchers) > 1 or not is_same:
        raise AmountsDifferError(
            f"The ledger shows {', '.join(vouchers)} for {sheet.key}, and not what was to be posted.",
            resolution="Compare the vouchers in GLS200 with `connector exchanges show`; correct them in M3, then discard "
            "the exchange.",
        )
    return vouchers[0]


def _rows(run: Run, sheet: Sheet) -> list[VoucherRow]:
    call = gls200mi.list_vouchers(
        division=run.store.config.m3.division, first=min(sheet.day, sheet.happened_on), last=sheet.day
    )
    answer = run.store.m3.read([call], max_records=gls200mi.MOST_ROWS)[0]
    if answer.is_cut:
        raise NeedsPersonError(
            f"M3 lists {gls200mi.MOST_ROWS} rows and more for {sheet.happened_on} to {sheet.day}; the ledger cannot be asked.",
            resolution="Split the days: set books.closed_through nearer to the day of the posting, then release.",
        )
    return gls200mi.read_vouchers(answer)


def _finish(run: Run, document: DocumentRecord, sheet: Sheet, voucher: str) -> str:
    run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=voucher)
    expected = {account: str(amount) for account, amount in sheet.expected.items()}
    run.journal.audit("seen in the ledger", system="m3", key=voucher, after={"key": sheet.key, **expected})
    return voucher
