"""What a person was shown of a change and settled by discarding its dead letter; kept with the document it is about.

Called by the flows that look again at what they posted. `discard` (connector/ledger/people.py) turns what was shown last into
what is accepted, and forgets a change that was begun: only what differs from what is accepted is news again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector.flows.context import Run
from connector.ledger.document_records import DocumentRecord

SHOWN, ACCEPTED = "shown", "accepted"
"""Names in a document's plan; `discard` knows them."""


@dataclass(frozen=True)
class Shown:
    """One state of the shop's side. `ends` says that it was cancelled or deleted there."""

    content: dict[str, Any]
    ends: bool
    status: str = ""


def show(run: Run, document: DocumentRecord, shown: Shown) -> DocumentRecord:
    """Stages what a dead letter of this run is about; nothing if it was that before."""
    kept = {"content": shown.content, "ends": shown.ends, "status": shown.status}
    if document.plan.get(SHOWN) == kept:
        return document
    return run.journal.replan(document, {**document.plan, SHOWN: kept})


def accepted_of(document: DocumentRecord) -> Shown | None:
    """Returns what a person settled last, if nothing was brought to the other side since."""
    kept = document.plan.get(ACCEPTED)
    return None if kept is None else Shown(kept["content"], kept["ends"], kept["status"])


def without_shown(plan: dict[str, Any]) -> dict[str, Any]:
    """Returns a plan for which nothing is open any more: the other side holds what is wanted."""
    return {key: value for key, value in plan.items() if key not in (SHOWN, ACCEPTED)}
