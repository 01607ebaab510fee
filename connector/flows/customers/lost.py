"""Waits until a write to a customer whose answer was not seen can arrive no more. Used by accounts.py and shoppers.py."""

from __future__ import annotations

from datetime import timedelta

from connector.errors import NotYetError
from connector.flows.context import Run
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
