"""Documents of an exchange and their steps, as a run is given them and keeps them. Made by the claim, the journal and posted.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from connector.ledger.tables import DocumentState, StepState


@dataclass(frozen=True, kw_only=True)
class References:
    """The keys of a document as they will be sent; kept before sending, since a shop date or a guest can change."""

    cuno: str | None = None
    yref: str | None = None
    cuor: str | None = None
    ordt: date | None = None


@dataclass(frozen=True)
class StepRecord:
    """One remote write as the ledger knows it."""

    id: int
    name: str
    part: int
    revision: int
    state: StepState
    claim_no: int
    result: dict[str, Any]
    intended_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether nobody has seen its answer, so that it may have been done or not."""
        return self.state in (StepState.INTENDED, StepState.UNKNOWN)


@dataclass(frozen=True)
class DocumentRecord:
    """One document of an exchange with its references as sent and its steps, oldest first."""

    id: int
    kind: str
    state: DocumentState
    temporary_number: str | None
    final_number: str | None
    cuno: str | None
    yref: str | None
    plan: dict[str, Any]
    steps: tuple[StepRecord, ...]

    def confirmed_as(self, number: str) -> DocumentRecord:
        """Returns the document as it is once M3's final number is known."""
        return replace(self, state=DocumentState.CONFIRMED, final_number=number)

    def step(self, name: str) -> StepRecord | None:
        """Returns the newest step called `name`, or None."""
        return next((step for step in reversed(self.steps) if step.name == name), None)


def document_of(values: dict[str, Any]) -> DocumentRecord:
    """Reads a row of `document`, with its `steps`, as PostgreSQL writes it in JSON."""
    return DocumentRecord(
        id=values["id"],
        kind=values["kind"],
        state=DocumentState(values["state"]),
        temporary_number=values["temporary_number"],
        final_number=values["final_number"],
        cuno=values["cuno"],
        yref=values["yref"],
        plan=values["plan"],
        steps=tuple(_step_of(one) for one in values["steps"]),
    )


def _step_of(values: dict[str, Any]) -> StepRecord:
    return StepRecord(
        id=values["id"],
        name=values["name"],
        part=values["part"],
        revision=values["revision"],
        state=StepState(values["state"]),
        claim_no=values["claim_no"],
        result=values["result"],
        intended_at=datetime.fromisoformat(values["intended_at"]),
    )
