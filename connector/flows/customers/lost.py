"""What becomes of a write to a customer whose answer was not seen: it is waited out, and looked up in M3.

Used by accounts.py, following.py and shoppers.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from connector.errors import NotYetError
from connector.flows.context import Run
from connector.ledger.document_records import DocumentRecord, StepRecord
from connector.ledger.tables import StepState
from connector.ledger.trail import looked_up


def wait_for_lost(run: Run) -> None:
    """Lets nothing be decided before that: late, such a write would undo a newer one.

    Raises:
        NotYetError: The settle time since it was intended is not over.
    """
    document = run.claim.live_document
    steps = document.steps if document is not None else ()
    lost = [step for step in steps if step.is_open]
    ends = max((step.intended_at + timedelta(seconds=run.store.settle_s) for step in lost), default=None)
    if ends is not None and run.claim.now < ends:
        raise NotYetError(
            "A change of the customer was begun by a worker that was lost; it may still arrive in M3.",
            retry_after_s=(ends - run.claim.now).total_seconds(),
            resolution="Nothing to do: the customer is read after the settle time.",
        )


def tell_lost(run: Run, document: DocumentRecord, *, shows: Callable[[str], bool]) -> None:
    """Stages what M3 shows of each write of a document whose answer was not seen; each is told once.

    Args:
        run: The run that has waited for it and looked.
        document: Whose writes; its plan says what each one was.
        shows: Whether M3 shows a write, by the name of its step.
    """
    for step in document.steps:
        if step.is_open:
            what = dict(document.plan.get(step.name, {}))
            tell_seen(
                run, step, what.pop("call", step.name), key=document.cuno or "", is_there=shows(step.name), **what
            )


def tell_seen(run: Run, step: StepRecord, call: str, *, key: str, is_there: bool, **what: object) -> None:
    """Stages what M3 shows of one such write."""
    run.journal.resolve(step.id, StepState.DONE if is_there else StepState.REFUSED, {"looked_up": is_there})
    run.journal.tell([looked_up(call, key=key, is_there=is_there, **what)])
