"""Builds a batch order in M3: head, then everything else; nothing is an order until Confirm. Called by orders_to_m3.

The temporary number is the fence: a late or zombie write can only hit the batch order it names. So whatever is not known
for certain before Confirm ends in deletion of that number and a new one (see takeover.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from connector.errors import ConnectorError, OutcomeUnknownError, PermanentError, RecordLockedError
from connector.flows.context import Run
from connector.flows.orders.charge_names import CHARGES
from connector.flows.orders.left import HAS_TEXTS, LEFT, left_by_posting
from connector.flows.orders.plan import OrderPlan
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.order_lines import number_lines
from connector.ledger.tables import DocumentState, StepState
from connector.ledger.trail import TrailLine
from connector.m3.bulk import MAX_TRANSACTIONS
from connector.m3.client import Answer, Call
from connector.m3.programs import batch_orders
from connector.m3.rejections import is_not_found
from connector.money.expected import Expected

KIND = "batch_order"
HEAD, REST, LINE_TAXES, DELETE = "head", "rest", "line_taxes", "delete"
FIGURES = ("CUPO", "PONR", "ITNO", "ORQT", "SAPR", "CRID", "CRAM")
"""What of a line or charge the audit trail tells: no field of them is a person's."""
ROUNDS = 3
"""How often transactions that M3 refused for a lock are sent again within one run."""


def build(run: Run, plan: OrderPlan, *, content: dict[str, object]) -> tuple[DocumentRecord, str]:
    """Adds the head, then lines, address, charges and texts in one bulk (one more per further 80).

    The number of the batch order is on disk before anything else is sent.

    Args:
        run: This run.
        plan: What to send.
        content: The order's content, kept with the document to show what changed later.

    Returns:
        The document and its temporary number; the last step's result is staged.

    Raises:
        OutcomeUnknownError: An answer was lost; the next run looks and begins anew.
        PermanentError: M3 refused something; the batch order was deleted again.
    """
    cupos = number_plan(run, plan)
    document = _begin(run, plan, content, cupos)
    temporary = _add_head(run, document, plan)
    try:
        added = _add_rest(run, document, rest_calls(plan, temporary, cupos))
        _add_line_taxes(run, document, plan, temporary=temporary, cupos=cupos, added=added)
    except PermanentError:
        delete(run, document, temporary)
        raise
    return replace(document, temporary_number=temporary), temporary


def number_plan(run: Run, plan: OrderPlan) -> dict[str, int]:
    """Returns the number (CUPO) of each planned line, giving new ones to lines not seen before."""
    shares = {line.key: line.shares for line in plan.money.lines}
    return number_lines(run.journal, shares_by_key=shares)


def _begin(run: Run, plan: OrderPlan, content: dict[str, object], cupos: dict[str, int]) -> DocumentRecord:
    head = plan.head.fields
    return run.journal.begin_document(
        KIND,
        m3_scope=run.store.m3_scope,
        references=References(cuno=head["CUNO"], yref=head["YREF"], cuor=head.get("CUOR"), ordt=plan.values.order_date),
        plan={
            "expected": Expected.of(plan.money, cupos=cupos).to_json(),
            "content": content,
            "notes": list(plan.notes),
            "skus": dict(plan.skus),
            CHARGES: list(plan.charges),
            LEFT: left_by_posting(plan, cupos=cupos),
            HAS_TEXTS: bool(plan.texts),
        },
    )


def _add_head(run: Run, document: DocumentRecord, plan: OrderPlan) -> str:
    call = batch_orders.add_batch_head(plan.head.fields)
    name = run.store.m3.name_of(call)
    told = TrailLine(action=name, system="m3", key=document.yref or "", after={"YREF": document.yref})
    intent = run.journal.intend(document.id, HEAD, request=call.fields, told=[told])
    try:
        answer = run.journal.send(intent, lambda: run.store.m3.write([call])[0])
        temporary = batch_orders.read_temporary_number(answer)
    except OutcomeUnknownError:
        raise
    except ConnectorError as error:  # M3 answered that there is no head: nothing is left behind
        run.journal.mark(intent, StepState.REFUSED, {"code": error.code})
        run.journal.change_document(document.id, state=DocumentState.ABANDONED)
        raise
    run.journal.mark(intent, StepState.DONE, {"temporary_number": temporary})
    run.journal.change_document(document.id, state=DocumentState.BUILDING, temporary_number=temporary)
    run.journal.tell([replace(told, key=temporary)])
    return temporary


def rest_calls(plan: OrderPlan, temporary: str, cupos: dict[str, int]) -> list[Call]:
    """Everything but head and Confirm, lines first."""
    numbered = zip(plan.lines, plan.money.lines, strict=True)
    return [
        *(batch_orders.add_batch_line(temporary, fields | {"CUPO": str(cupos[line.key])}) for fields, line in numbered),
        batch_orders.add_batch_address(temporary, plan.address.fields),
        *(
            batch_orders.add_batch_head_charge(
                temporary,
                charge=charge.charge_id,
                amount=charge.amount,
                currency=plan.money.currency,
                description=text,
            )
            for charge, text in zip(plan.money.head_charges, plan.charge_texts, strict=True)
        ),
        *(batch_orders.add_batch_text(temporary, fields) for fields in plan.texts),
    ]


def _add_rest(run: Run, document: DocumentRecord, calls: Sequence[Call]) -> list[Answer]:
    """Sends the calls in bulks of 80; what was refused for a lock is sent again within this run."""
    answers: list[Answer] = []
    part = 0
    for start in range(0, len(calls), MAX_TRANSACTIONS):
        wanted = list(calls[start : start + MAX_TRANSACTIONS])
        for _ in range(ROUNDS):
            answered = _send_part(run, document, REST, wanted, part)
            part += 1
            answers += [one for one in answered if one.error is None]
            refused = [one for one in answered if one.error is not None]
            _raise_unless_locked(refused)
            wanted = [one.call for one in refused]
            if not wanted:
                break
        else:
            raise RecordLockedError(
                f"M3 kept {len(wanted)} transactions of batch order {document.yref} locked.",
                resolution="Nothing to do: the batch order is deleted and built again.",
            )
    return answers


def _send_part(run: Run, document: DocumentRecord, name: str, calls: list[Call], part: int) -> list[Answer]:
    told = TrailLine(action=f"add {name}", system="m3", key=calls[0].fields["ORNO"], after=_told(run, calls))
    fields = [call.fields for call in calls]
    intent = run.journal.intend(document.id, name, request=fields, told=[told], part=part)
    answered = run.journal.send(intent, lambda: run.store.m3.write(calls))
    refused = sum(1 for one in answered if one.error is not None)
    state = StepState.REFUSED if refused == len(answered) else StepState.DONE
    run.journal.mark(intent, state, {"sent": len(calls), "refused": refused})
    run.journal.tell([replace(told, after=_told(run, [one.call for one in answered if one.error is None]))])
    return answered


def _told(run: Run, calls: Sequence[Call]) -> dict[str, object]:
    """How many of each transaction, and the figures of lines and charges; nothing of the address and the texts."""
    figures = [{name: call.fields[name] for name in FIGURES if name in call.fields} for call in calls]
    counted = Counter(run.store.m3.name_of(call) for call in calls)
    return {**counted, "sent": [one for one in figures if one]}


def _raise_unless_locked(refused: Sequence[Answer]) -> None:
    for one in refused:
        if one.error is not None and one.processed and not isinstance(one.error, RecordLockedError):
            raise one.error


def _add_line_taxes(
    run: Run, document: DocumentRecord, plan: OrderPlan, *, temporary: str, cupos: dict[str, int], added: list[Answer]
) -> None:
    """Adds the shop's tax as line charges (tax mode T); they need the line numbers M3 gave."""
    places = {one.call.fields["CUPO"]: batch_orders.read_line_key(one) for one in added if "CUPO" in one.call.fields}
    calls = [
        batch_orders.add_batch_line_charge(
            temporary, line=places[str(cupos[line.key])], charge=charge_id, amount=amount
        )
        for line in plan.money.lines
        for charge_id, amount in line.line_taxes
    ]
    for part, start in enumerate(range(0, len(calls), MAX_TRANSACTIONS)):
        answered = _send_part(run, document, LINE_TAXES, calls[start : start + MAX_TRANSACTIONS], part)
        for one in answered:
            one.require()


def delete(run: Run, document: DocumentRecord, temporary: str) -> None:
    """Deletes a batch order and sees it gone; one that is gone already is success.

    Only called before any Confirm was intended. A second call is safe: it names one temporary number, never reused.

    Raises:
        OutcomeUnknownError: The answer was lost; the next run deletes again.
        RetryableError: M3 cannot be reached now; the next run deletes.
    """
    call = batch_orders.delete_batch_head(temporary)
    name, why = run.store.m3.name_of(call), "the batch order was not confirmed"
    told = TrailLine(action=name, system="m3", key=temporary, why=why)
    intent = run.journal.intend(document.id, DELETE, request=temporary, told=[told], part=None)
    answer = run.journal.send(intent, lambda: run.store.m3.write([call])[0])
    if answer.error is not None and not is_not_found(answer.error):
        run.journal.mark(intent, StepState.REFUSED, {"code": answer.error.code})
        raise answer.error
    run.journal.mark(intent, StepState.DONE, {})
    if answer.error is None:
        run.journal.tell([told])
    run.journal.commit()
    seen = run.store.m3.read([batch_orders.get_batch_head(temporary)])[0]
    if not is_not_found(seen.error):
        seen.require()
        raise RecordLockedError(
            f"Batch order {temporary} was deleted but is still there.",
            resolution="Nothing to do: it is looked at again; delete it in OIS275 if it stays.",
        )
    run.journal.change_document(document.id, state=DocumentState.ABANDONED)
