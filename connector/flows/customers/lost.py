"""What becomes of a write to a customer whose answer was not seen: it is waited out, and told in the audit trail.

Used by accounts.py, shoppers.py and erasing.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from connector.errors import NotYetError
from connector.flows.context import Run
from connector.ledger.claims import DocumentRecord
from connector.ledger.tables import StepState


def wait_for_lost(run: Run) -> None:
    """Lets nothing be decided before that: late, such a write would undo a newer one.

    Raises:
        NotYetError: The settle time since it was intended is not over.
    """
    document = run.claim.live_document
    steps = document.steps if document is not None else ()
    lost = [step for step in steps if step.state in (StepState.INTENDED, StepState.UNKNOWN)]
    ends = max((step.intended_at + timedelta(seconds=run.store.settle_s) for step in lost), default=None)
    if ends is not None and run.claim.now < ends:
        raise NotYetError(
            "A change of the customer was begun by a worker that was lost; it may still arrive in M3.",
            retry_after_s=(ends - run.claim.now).total_seconds(),
            resolution="Nothing to do: the customer is read after the settle time.",
        )


def tell_lost(run: Run, document: DocumentRecord, *, shows: Callable[[str], bool] | None = None) -> None:
    """Stages a line of the audit trail for each write that left and was never answered; each is told once.

    Args:
        run: The run that has waited for it.
        document: Whose writes; its plan says what each one was.
        shows: Whether M3 shows a write, by the name of its step; None: nobody has looked.
    """
    for step in document.steps:
        if step.state is not StepState.UNKNOWN:
            continue
        told = dict(document.plan.get(step.name, {}))
        seen = {} if shows is None else {"seen_in_m3": shows(step.name)}
        run.journal.resolve(step.id, StepState.UNKNOWN if shows is None else StepState.DONE, seen)
        run.journal.audit(
            told.pop("call", step.name),
            system="m3",
            key=document.cuno or "",
            after={**told, **seen},
            why="its answer was lost",
        )
