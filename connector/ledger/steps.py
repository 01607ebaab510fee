"""The journal of one run: what it means to write, what came back, and the audit. Called by workers/base.py and flows.

`intended` is committed before a remote write is sent, `done` with its result afterwards; the `done` of one step and the
`intended` of the next share a transaction, and every commit renews the lease, fenced by the claim number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from connector.errors import ConnectorError, OutcomeUnknownError
from connector.ledger.claims import Claim, claim
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.fenced import FencedTransactions, Staged
from connector.ledger.journal_statements import BEGIN, CHANGE, FORGET, INTEND, LOOK_AGAIN, MARK, NOT_SENT, REPLAN
from connector.ledger.session import raise_if_unavailable
from connector.ledger.settling import SETTLE, Settlement, settle_values
from connector.ledger.tables import DocumentState, State, StepState
from connector.ledger.trail import NO_ANSWER, TrailLine, to_json
from connector.throttle.guard import sending_only_if

T = TypeVar("T")


@dataclass(frozen=True)
class Intent:
    """A step that was written down as intended, with what the audit trail says of it unless its answer is seen."""

    id: int
    document_id: int
    name: str
    part: int
    told: tuple[TrailLine, ...] = ()


def claim_run(engine: Engine, exchange_id: int, *, worker: str) -> Journal | None:
    """Claims an exchange and opens its journal; None if it is not due, taken, or its store is paused.

    The claim shares its transaction with the first step, unless a message or worker was lost before: then it is
    committed at once, so that a run which kills its process while planning is counted as a crash.

    Raises:
        LedgerUnavailableError: The database is away.
    """
    connection: Connection | None = None
    try:
        connection = engine.connect()
        held = claim(connection, exchange_id, worker=worker)
        if held is None or held.was_resent:
            connection.commit()
    except DBAPIError as error:
        if connection is not None:
            connection.close()
        raise_if_unavailable(error)
        raise
    if held is None:
        connection.close()
        return None
    return Journal(engine, held, connection=connection)


class Journal(FencedTransactions):
    """Everything one run writes to the ledger: its documents, each step before it is sent and after, and how it ended."""

    def __init__(self, engine: Engine, held: Claim, *, connection: Connection | None = None) -> None:
        """Continues the transaction of the claim if `connection` is given, else opens one when first needed."""
        super().__init__(engine, held, connection=connection)
        self._untold: dict[int, Intent] = {}  # intents of this run of whose end nothing is known yet
        self._left: set[int] = set()  # those that were sent

    def begin_document(
        self, kind: str, *, m3_scope: str, references: References, plan: dict[str, Any]
    ) -> DocumentRecord:
        """Adds a new document; the partial unique index refuses a second one that is not abandoned."""
        values = {
            "exchange_id": self.claim.exchange_id,
            "kind": kind,
            "m3_scope": m3_scope,
            "cuno": references.cuno,
            "yref": references.yref,
            "cuor": references.cuor,
            "ordt": references.ordt,
            "plan": json.dumps(plan, default=str),
        }
        row = self._run(BEGIN, values)
        assert row is not None, "INSERT ... RETURNING gives a row"
        return DocumentRecord(
            row.id, kind, DocumentState.BUILDING, None, None, references.cuno, references.yref, plan, steps=()
        )

    def change_document(
        self,
        document_id: int,
        *,
        state: DocumentState,
        temporary_number: str | None = None,
        final_number: str | None = None,
    ) -> None:
        """Stages a new state of a document, with the numbers learnt; numbers already known are kept."""
        self.stage(CHANGE, id=document_id, state=state, temporary=temporary_number, final=final_number)

    def replan(self, document: DocumentRecord, plan: dict[str, Any]) -> DocumentRecord:
        """Stages another plan of a document (what the other side is to hold, and what it may hold meanwhile)."""
        self.stage(REPLAN, id=document.id, plan=json.dumps(plan, default=str))
        return replace(document, plan=plan)

    def forget_document(self, document_id: int) -> None:
        """Stages that a document and its steps are dropped: its writes were absolute and are over, the audit tells of them."""
        self._untold = {step: one for step, one in self._untold.items() if one.document_id != document_id}
        self.stage(FORGET, id=document_id)

    def intend(
        self, document_id: int, name: str, *, request: object, told: Iterable[TrailLine], part: int | None = 0
    ) -> Intent:
        """Writes a step down as intended, with all that is staged, and renews the lease; `send` commits it.

        A step that was refused may be intended again; any other repetition is a bug.

        Args:
            document_id: The document it belongs to.
            name: What it is called in the flow.
            request: What will be sent; only its digest is kept.
            told: What the audit trail is to say of it if nobody sees its answer; none where nothing is sent.
            part: Counts the pieces of a step; None takes the next free one, for steps that may be repeated.

        Raises:
            LeaseLostError: The exchange belongs to another worker.
        """
        digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()
        lines = tuple(told)
        values = {
            "document_id": document_id,
            "revision": self.claim.revision,
            "name": name,
            "part": part,
            "digest": digest,
            "told": to_json(lines),
        }
        row = self._run_renewing(INTEND, values)
        intent = self._untold[row.id] = Intent(row.id, document_id, name, row.part, lines)
        return intent

    def send(self, intent: Intent, write: Callable[[], T], *, if_late: Iterable[Staged] = ()) -> T:
        """Commits the intent, sends the write, and keeps what an exception says of it.

        The caller marks the step with the result. A process may be stopped between its last look at the lease and the first
        byte; if the lease is found lost afterwards, the exchange is made due again, in doubt, whoever has it.

        Args:
            intent: The step.
            write: Sends it.
            if_late: What is written down, besides, if the lease was lost when it was sent.

        Raises:
            OutcomeUnknownError: The answer was not seen; the step stands as unknown.
            ConnectorError: It was surely not executed; the step stands as refused.
        """
        self.commit()
        self._owed = [(LOOK_AGAIN, {"exchange_id": self.claim.exchange_id}), *if_late]
        self._left.add(intent.id)
        try:
            with sending_only_if(self.lease.require_fresh):
                return write()
        except OutcomeUnknownError:
            self.mark(intent, StepState.UNKNOWN, {})
            self.tell(one.because(NO_ANSWER) for one in intent.told)
            raise
        except ConnectorError as error:
            self.mark(intent, StepState.REFUSED, {"code": error.code})
            raise

    def mark(self, intent: Intent, state: StepState, result: dict[str, Any]) -> None:
        """Stages what became of a step."""
        self._untold.pop(intent.id, None)
        self.resolve(intent.id, state, result)

    def resolve(self, step_id: int, state: StepState, result: dict[str, Any]) -> None:
        """Stages what a look at the other side told about a step of an earlier run."""
        self.stage(MARK, id=step_id, state=state, result=json.dumps(result, default=str))

    def settle(self, settlement: Settlement) -> State | None:
        """Ends the run together with whatever is staged; None if it is no longer ours (then nothing staged is kept)."""
        self._tell_left_open()
        row = self._run(SETTLE, settle_values(self.claim, settlement))
        if row is None:
            self.rollback()
            return None
        self._end()
        return State(row.state)

    def _tell_left_open(self) -> None:
        """Tells of a write that left and of whose end the run learnt nothing (a bug ended it); what never left, nobody tells."""
        for intent in self._untold.values():
            self.stage(NOT_SENT, id=intent.id)
            if intent.id in self._left:
                self.tell(one.because(NO_ANSWER) for one in intent.told)
        self._untold.clear()
