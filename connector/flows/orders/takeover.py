"""What to do with a batch order of an earlier run before anything new is planned. Called by orders_to_m3 and the hunt.

Before Confirm: deleted (seen gone) and built anew. A head whose answer was lost is hunted by customer and reference.
From the first intended Confirm on nothing here applies: that number belongs to the exchange for good (confirming.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.errors import NeedsPersonError, NotYetError
from connector.flows.context import Run
from connector.flows.orders import building
from connector.ledger.document_records import DocumentRecord, StepRecord
from connector.ledger.documents import live_temporary_numbers
from connector.ledger.tables import DocumentState, StepState
from connector.m3.programs import batch_orders, ois275mi
from connector.m3.rejections import is_not_found

LIST_LENGTH = 5000
LOOK_AGAIN_AFTER = timedelta(minutes=2)
LATEST_COMMIT = timedelta(minutes=10)
"""After this no call that lost its answer is still at work in M3."""


def clear(run: Run, document: DocumentRecord) -> str | None:
    """Leaves nothing of an unconfirmed batch order behind; afterwards the exchange has no live document.

    Returns:
        The final number if a person released it in OIS275: then it is the order, and nothing is deleted.

    Raises:
        NotYetError: The settle time of a lost answer is not over, or a second look is needed.
        OutcomeUnknownError, RetryableError: M3 cannot be asked now.
    """
    wait_until_settled(run, document)
    if document.temporary_number is not None:
        released_as = _final_number(run, document.temporary_number)
        if released_as is None:
            building.delete(run, document, document.temporary_number)
            run.journal.commit()
        return released_as
    head = document.step(building.HEAD)
    if head is None or head.state is StepState.REFUSED:
        run.journal.change_document(document.id, state=DocumentState.ABANDONED)
        run.journal.commit()
    else:
        hunt(run, document, head)
    return None


def _final_number(run: Run, temporary: str) -> str | None:
    run.journal.pause()
    answer = run.store.m3.read([ois275mi.get_temporary_order_status(temporary)])[0]
    return None if is_not_found(answer.error) else ois275mi.read_temporary_status(answer).final_number or None


def wait_until_settled(run: Run, document: DocumentRecord) -> None:
    """Raises NotYetError as long as a write of this document with an unknown outcome may still take effect."""
    open_steps = [step for step in document.steps if step.is_open]
    if not open_steps:
        return
    settled_at = max(step.intended_at for step in open_steps) + timedelta(seconds=run.store.settle_s)
    if run.claim.now < settled_at:
        raise NotYetError(
            "An answer of M3 was lost; M3 may still be working on it.",
            retry_after_s=(settled_at - run.claim.now).total_seconds(),
            resolution="Nothing to do: M3 is asked what became of it after the settle time.",
        )


def hunt(run: Run, document: DocumentRecord, head: StepRecord) -> None:
    """Looks for a batch head whose number was never learnt, and deletes it once it was seen twice a settle time apart.

    Raises:
        NotYetError: Something was seen for the first time.
    """
    seen_before = set(head.result.get("seen", []))
    seen_at = head.result.get("seen_at")
    found = find_orphans(run, document)
    fresh = found - seen_before
    is_second_look = seen_at is not None and _apart(seen_at, run.claim.now, run.store.settle_s)
    if found and (fresh or not is_second_look):
        run.journal.resolve(head.id, StepState.UNKNOWN, {"seen": sorted(found), "seen_at": run.claim.now.isoformat()})
        run.journal.commit()
        raise NotYetError(
            f"A batch order of this reference without its answer was found ({', '.join(sorted(found))}).",
            retry_after_s=run.store.settle_s,
            resolution="Nothing to do: it is deleted when it is seen a second time.",
        )
    for temporary in sorted(found):
        building.delete(run, document, temporary)
    again_at = run.claim.now + LOOK_AGAIN_AFTER
    is_over = run.claim.now - head.intended_at > LATEST_COMMIT
    run.journal.resolve(head.id, StepState.UNKNOWN, {"look_at": None if is_over else again_at.isoformat()})
    run.journal.change_document(document.id, state=DocumentState.ABANDONED)
    run.journal.commit()


def clear_leftovers(run: Run) -> None:
    """Looks again for batch heads of abandoned documents that M3 may have made after the first look.

    They ship nothing; but nothing is left behind either. The job `hunt_orphans` makes the exchange due for it.

    Raises:
        NotYetError: Something was seen for the first time.
    """
    for document in run.claim.documents:
        head = document.step(building.HEAD)
        if document.state is DocumentState.ABANDONED and head is not None and _is_to_be_looked_at(run, head):
            hunt(run, document, head)


def _is_to_be_looked_at(run: Run, head: StepRecord) -> bool:
    look_at = head.result.get("look_at")
    is_due = look_at is not None and datetime.fromisoformat(look_at) <= run.claim.now
    return head.state is StepState.UNKNOWN and (is_due or "seen_at" in head.result)


def find_orphans(run: Run, document: DocumentRecord) -> set[str]:
    """Returns batch orders with the customer and reference as sent, without a final number, in no live document.

    Raises:
        NeedsPersonError: See `list_unknown`.
    """
    heads = list_unknown(run, customer=document.cuno or "", reference=document.yref)
    return {head.temporary_number for head in heads if not head.final_number}


def list_unknown(run: Run, *, customer: str, reference: str | None) -> list[batch_orders.ListedBatchHead]:
    """Returns the batch orders of a customer with a reference that are in no live document of this ledger.

    Raises:
        NeedsPersonError: The list of the customer's batch orders is longer than M3 gives in one answer.
    """
    live = live_temporary_numbers(run.journal.connection, run.store.m3_scope)
    run.journal.pause()
    answer = run.store.m3.read([batch_orders.list_batch_heads(customer)], max_records=LIST_LENGTH)[0]
    if answer.is_cut:
        raise NeedsPersonError(
            f"Customer {customer} has more batch orders in OIS275 than can be listed ({len(answer.records)}).",
            resolution="Delete old batch orders of this customer in OIS275.",
        )
    heads = batch_orders.read_batch_heads(answer, your_reference=reference)
    return [head for head in heads if head.temporary_number not in live]


def _apart(earlier: str, now: datetime, settle_s: float) -> bool:
    return now - datetime.fromisoformat(earlier) >= timedelta(seconds=settle_s)
