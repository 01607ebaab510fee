"""Has M3 looked at again for what may take effect after an order was settled. Called by bringing_up.py.

A write whose answer was lost may still be at work for ten minutes; one of ...BatchEnt, which M3 may have taken to enter later, for
an hour, also if the shop has taken the change back meanwhile. The job `hunt_orphans` makes the exchange due for each look.
"""

from __future__ import annotations

from typing import Any

from connector.flows.context import Run
from connector.flows.order_changes.held import Held
from connector.flows.order_changes.keeping import CHANGE, ENTRY_DEADLINE, Change
from connector.flows.order_changes.states import has_other_quantities, state_of_held
from connector.flows.orders.proving import LOCK, RELEASE
from connector.flows.orders.takeover import LATEST_COMMIT, LOOK_AGAIN_AFTER
from connector.ledger.document_records import DocumentRecord, StepRecord
from connector.ledger.tables import StepState


def watch(run: Run, document: DocumentRecord, change: Change | None, held: Held | None) -> bool:
    """Stages when M3 is looked at again; tells whether it is.

    Args:
        run: This run.
        document: The order's.
        change: What is kept of the change.
        held: What M3 holds now; None if the order is gone, so that nothing can come any more.
    """
    taken = _newest_taken(document) if held is not None and _may_come(run, change, held) else None
    is_watched = False
    for step in document.steps:
        if step is not taken and (step.state is not StepState.UNKNOWN or step.name not in (CHANGE, LOCK, RELEASE)):
            continue
        is_entered_later = step is taken or (held is not None and _may_be_entered(step, change))
        is_over = run.claim.now - step.intended_at > (ENTRY_DEADLINE if is_entered_later else LATEST_COMMIT)
        look_at = (run.claim.now + LOOK_AGAIN_AFTER).isoformat()
        run.journal.resolve(step.id, StepState.UNKNOWN, {} if is_over else {**step.result, "look_at": look_at})
        is_watched = is_watched or not is_over
    return is_watched


def stop_watching(run: Run, document: DocumentRecord) -> None:
    """Stages that M3 is not looked at again: a person has settled what it holds, whatever that is."""
    for step in document.steps:
        if step.result.get("look_at") is not None:
            run.journal.resolve(step.id, step.state, {})


def _may_come(run: Run, change: Change | None, held: Held) -> bool:
    state = state_of_held(held)
    return change is not None and any(one.may_come(state, now=run.claim.now) for one in change.entered.values())


def _may_be_entered(step: StepRecord, change: Change | None) -> bool:
    """Tells whether a step may have given M3 lines or quantities, as far as the states between which it was sent tell."""
    states = step.result.get("states") or (change.states if change is not None else ())
    return step.name == CHANGE and has_other_quantities(states)


def _newest_taken(document: DocumentRecord) -> StepRecord | None:
    sent = [step for step in document.steps if step.name == CHANGE and step.state is not StepState.REFUSED]
    return sent[-1] if sent else None


def is_locked_late(document: DocumentRecord) -> bool:
    """Tells whether a lock whose answer was lost may have taken effect after a release."""
    return any(step.name == LOCK and step.state is StepState.UNKNOWN for step in document.steps)


def late_states(document: DocumentRecord) -> list[dict[str, Any]]:
    """Returns what M3 may hold because of writes that left after their worker's lease was lost."""
    return [state for step in document.steps for state in step.result.get("states", ())]
