"""Confirm, and what became of it.

From the first intended Confirm on, the exchange belongs to that temporary number for good: no machine deletes or replaces
it; Confirm is sent again only to the same number, and never at status 55.

Called by flows/orders_to_m3.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.errors import ConnectorError, NeedsPersonError, NotYetError, OutcomeUnknownError, RecordLockedError
from connector.flows import tenure
from connector.flows.context import Run
from connector.flows.orders.building import delete
from connector.flows.orders.personal import FORGOTTEN, personal_values
from connector.flows.orders.takeover import wait_until_settled
from connector.ledger.document_records import DocumentRecord, StepRecord
from connector.ledger.tables import DocumentState, StepState
from connector.ledger.trail import TrailLine, looked_up
from connector.m3.programs import batch_orders, ois275mi
from connector.m3.programs.ois275mi import BatchStatus, TemporaryStatus
from connector.m3.rejections import is_not_found, without_personal_data
from connector.money.expected import Expected

CONFIRM = "confirm"
CREDIT_LOOK_S = 300.0
STOPPED_IN_ERROR = (BatchStatus.ERROR_IN_HEAD, BatchStatus.ERROR_IN_LINE)


def confirm(run: Run, document: DocumentRecord, temporary: str) -> str:
    """Sends Confirm and returns the final order number.

    Raises:
        OutcomeUnknownError: The answer was lost; the next run reads the status.
        NeedsPersonError, NotYetError: See `final_number`.
        NotTenantError: Another installation writes for the store by now; nothing was confirmed.
    """
    tenure.require(run)
    run.journal.change_document(document.id, state=DocumentState.CONFIRMING)
    call = batch_orders.confirm(temporary)
    told = TrailLine(action=run.store.m3.name_of(call), system="m3", key=temporary)
    intent = run.journal.intend(document.id, CONFIRM, request=temporary, told=[told], part=None)
    answer = run.journal.send(intent, lambda: run.store.m3.write([call])[0])
    if answer.error is not None:
        run.journal.mark(intent, StepState.REFUSED, {"code": answer.error.code, "message": answer.error.message})
        return final_number(run, document, temporary, refusal=answer.error)
    run.journal.mark(intent, StepState.DONE, answer.first())
    run.journal.tell([told])
    number = answer.first().get("ORNO", "")
    status = answer.first().get("STAT", "")
    if number and number != temporary and status == BatchStatus.CREATED:
        return number
    return final_number(run, document, temporary, refusal=None)


def follow(run: Run, document: DocumentRecord) -> str:
    """Finds out what became of a Confirm of an earlier run, sending it again if it surely did not take effect.

    Returns:
        The final order number.

    Raises:
        NotYetError: Too early to tell, or a person has to release it; looked at again.
        NeedsPersonError: M3 holds it in error.
    """
    wait_until_settled(run, document)
    temporary = document.temporary_number or ""
    last = document.step(CONFIRM)
    status = read_status(run, temporary)
    if status.final_number:
        _tell_looked_up(run, last, temporary, is_there=True)
        _resolve(run, last, {"final_number": status.final_number})
        return status.final_number
    if not may_confirm_again(status):
        _raise_for(run, document, status, refusal=None)
    _require_all_lines(run, document, temporary)
    if last is None or last.state is StepState.REFUSED or _seen_unchanged(run, last, status):
        if last is not None and last.state is not StepState.REFUSED:
            _tell_looked_up(run, last, temporary, is_there=False)
            _resolve(run, last, {"status": status.status.value, "outcome": "not executed"}, state=StepState.REFUSED)
        return confirm(run, document, temporary)
    _resolve(run, last, {"status": status.status.value, "read_at": run.claim.now.isoformat()}, state=StepState.UNKNOWN)
    raise NotYetError(
        f"Batch order {temporary} is at status {status.status.value} after a Confirm whose answer was lost.",
        retry_after_s=run.store.settle_s,
        resolution="Nothing to do: Confirm is sent again if the status is the same at the second reading.",
    )


def final_number(run: Run, document: DocumentRecord, temporary: str, *, refusal: ConnectorError | None) -> str:
    """Reads what an answered Confirm led to.

    Raises:
        RecordLockedError: M3 refused it for a lock; it is sent again by the next run.
        NeedsPersonError: Status 15, 25 or 55, with M3's own texts, or 20 with lines gone; a person acts in OIS275.
        NotYetError: Status 30 (credit stop) or not finished.
    """
    status = read_status(run, temporary)
    if status.final_number:
        return status.final_number
    _raise_for(run, document, status, refusal=refusal)
    raise AssertionError("unreachable: _raise_for always raises")


def look(run: Run, document: DocumentRecord) -> str | None:
    """Returns the number of the order that became of a batch order a person has discarded; None if none did. Sends nothing."""
    run.journal.pause()
    answer = run.store.m3.read([ois275mi.get_temporary_order_status(document.temporary_number or "")])[0]
    return None if is_not_found(answer.error) else ois275mi.read_temporary_status(answer).final_number or None


def read_status(run: Run, temporary: str) -> TemporaryStatus:
    """Reads OIS275MI/GetTmpOrderStat, with the final number if there is one."""
    run.journal.pause()
    answer = run.store.m3.read([ois275mi.get_temporary_order_status(temporary)])[0]
    if is_not_found(answer.error):
        raise NeedsPersonError(
            f"Batch order {temporary} was confirmed by the connector and is not in M3 any more.",
            resolution="Look for the order in OIS300 by its reference. If it was deleted and shall be made again: "
            f"connector dead-letters release {run.claim.exchange_id} --rebuild",
        )
    return ois275mi.read_temporary_status(answer)


def give_up(run: Run, document: DocumentRecord) -> str | None:
    """Ends a confirmed-but-stuck batch order because a person asked for a rebuild.

    Returns:
        The final number if M3 made the order meanwhile; then nothing is given up.

    Raises:
        NeedsPersonError: It is stopped for credit or was interrupted: only a person may delete it.
        NotYetError: A Confirm whose answer was lost may still take effect.
    """
    wait_until_settled(run, document)
    temporary = document.temporary_number or ""
    run.journal.pause()
    answer = run.store.m3.read([ois275mi.get_temporary_order_status(temporary)])[0]
    if is_not_found(answer.error):
        run.journal.change_document(document.id, state=DocumentState.ABANDONED)
        return None
    status = ois275mi.read_temporary_status(answer)
    if status.final_number:
        return status.final_number
    if status.status not in (*STOPPED_IN_ERROR, BatchStatus.LINES_MISSING):
        _raise_for(run, document, status, refusal=None)
    delete(run, document, temporary)
    return None


def may_confirm_again(status: TemporaryStatus) -> bool:
    """Tells whether the status is one from which M3 can still be asked to confirm: not in error, stopped or interrupted.

    Only with all its lines there: see `_require_all_lines`.
    """
    return status.status is BatchStatus.LINES_MISSING


def _require_all_lines(run: Run, document: DocumentRecord, temporary: str) -> None:
    """Lets a batch order at 20 be confirmed again only as it was sent; none of its lines was unanswered before Confirm.

    Raises:
        NeedsPersonError: Lines are not there, or others are: somebody in M3 changed it.
    """
    sent = {line.cupo for line in Expected.from_json(document.plan["expected"]).lines}
    run.journal.pause()
    answer = run.store.m3.read([batch_orders.list_batch_lines(temporary)], max_records=len(sent) + 1)[0]
    held = [line.customer_line for line in batch_orders.read_batch_lines(answer)]
    if sorted(held) == sorted(sent):
        return
    gone = ", ".join(str(one) for one in sorted(sent.difference(held))) or "none"
    raise NeedsPersonError(
        f"Batch order {temporary} is at status 20 after Confirm, and its lines are not those that were sent (missing, by "
        f"customer line number: {gone}; {len(held)} there, {len(sent)} sent).",
        resolution="Complete and release the batch order in OIS275; the connector notices by itself. Or delete it there, "
        f"and it is made anew: connector dead-letters release {run.claim.exchange_id} --rebuild",
    )


def _seen_unchanged(run: Run, last: StepRecord, status: TemporaryStatus) -> bool:
    read_at = last.result.get("read_at")
    if read_at is None or last.result.get("status") != status.status.value:
        return False
    return run.claim.now - datetime.fromisoformat(read_at) >= timedelta(seconds=run.store.settle_s)


def _tell_looked_up(run: Run, last: StepRecord | None, temporary: str, *, is_there: bool) -> None:
    if last is not None and last.is_open:
        name = run.store.m3.name_of(batch_orders.confirm(temporary))
        run.journal.tell([looked_up(name, key=temporary, is_there=is_there)])


def _resolve(run: Run, step: StepRecord | None, result: dict[str, str], *, state: StepState = StepState.DONE) -> None:
    if step is not None:
        run.journal.resolve(step.id, state, result)
        run.journal.commit()


def _raise_for(run: Run, document: DocumentRecord, status: TemporaryStatus, *, refusal: ConnectorError | None) -> None:
    where = f"Batch order {status.temporary_number} is at status {status.status.value}"
    if isinstance(refusal, RecordLockedError):
        raise refusal
    if status.status is BatchStatus.CREDIT_STOPPED:
        raise NotYetError(
            f"{where}: stopped for credit in M3.",
            retry_after_s=CREDIT_LOOK_S,
            resolution="Release the credit stop in OIS275 or OIS120; the connector notices by itself.",
        )
    if status.status in STOPPED_IN_ERROR:
        raise NeedsPersonError(
            f"{where}: M3 found errors: {_error_texts(run, document, status.temporary_number)}",
            resolution="Correct and release the batch order in OIS275; the connector notices by itself.",
        )
    if status.status is BatchStatus.INTERRUPTED:
        raise NeedsPersonError(
            f"{where}: its transfer was interrupted in M3.",
            resolution="Look in OIS275 and OIS300 whether the order exists. Finish or delete it there; if it was deleted: "
            f"connector dead-letters release {run.claim.exchange_id} --rebuild",
        )
    if status.status is BatchStatus.LINES_MISSING:
        _require_all_lines(run, document, status.temporary_number)
    if refusal is not None:
        raise refusal
    raise OutcomeUnknownError(
        f"{where} after Confirm, without an order number.",
        resolution="Nothing to do: M3 is asked again after the settle time.",
    )


def _error_texts(run: Run, document: DocumentRecord, temporary: str) -> str:
    answer = run.store.m3.read([batch_orders.list_error_messages(temporary)])[0]
    personal = personal_values(document.plan.get("content", {}))
    found = batch_orders.read_error_messages(answer)
    if FORGOTTEN in document.plan:  # nobody knows any more what of the texts is the buyer's
        return "; ".join(one.message_id for one in found) or "no message given"
    texts = [f"{one.message_id} {without_personal_data(one.text, personal)}".strip() for one in found]
    return "; ".join(texts) or "no message given"
