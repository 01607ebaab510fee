"""The journal of one run: what it means to write, what came back, and the audit. Called by workers/base.py and flows.

`intended` is committed before a remote write is sent, `done` with its result afterwards; the `done` of one step and the
`intended` of the next share a transaction, and every commit renews the lease, fenced by the claim number.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import DBAPIError

from connector.errors import ConnectorError, LeaseLostError, OutcomeUnknownError
from connector.ledger.claims import Claim, claim
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.journal_statements import (
    AUDIT,
    BEGIN,
    CHANGE,
    FORGET,
    INTEND,
    LOOK_AGAIN,
    MARK,
    NOT_SENT,
    RENEW,
    REPLAN,
)
from connector.ledger.leases import LEASE_S, Lease, renew
from connector.ledger.prepared import Prepared, run_together
from connector.ledger.session import raise_if_unavailable, transaction
from connector.ledger.settling import SETTLE, Settlement, settle_values
from connector.ledger.tables import DocumentState, State, StepState
from connector.ledger.trail import NO_ANSWER, TrailLine, to_json
from connector.throttle.guard import sending_only_if

T = TypeVar("T")
Staged = tuple[Prepared, dict[str, Any]]
"""A statement with its values."""


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


class Journal:
    """Everything one run writes to the ledger.

    What came back from the other side is staged in memory and goes to the database together with the next intent, the next
    commit or the settlement: one round trip for all of it. So no transaction is open over a remote call, and what a killed
    process had staged is found out again from the step that still stands as intended.
    """

    def __init__(self, engine: Engine, held: Claim, *, connection: Connection | None = None) -> None:
        """Continues the transaction of the claim if `connection` is given, else opens one when first needed."""
        self.claim = held
        self.lease = Lease()
        self.engine = engine
        self._connection = connection
        self._staged: list[Staged] = []
        self._sent: list[Staged] = []
        self._owed: list[Staged] = []  # to be written if the lease turns out lost: a write left since the last commit
        self._has_renewed = False
        self._untold: dict[int, Intent] = {}  # intents of this run of whose end nothing is known yet
        self._left: set[int] = set()  # those that were sent

    @property
    def connection(self) -> Connection:
        """The open transaction, for reading and for writes of other modules; opened when first needed after a commit."""
        if self._connection is None:
            try:
                self._connection = self.engine.connect()
            except DBAPIError as error:
                raise_if_unavailable(error)
                raise
        return self._connection

    def stage(self, statement: Prepared, **values: Any) -> None:
        """Stages a statement with its values."""
        self._staged.append((statement, values))

    def commit(self) -> None:
        """Commits what is staged and renews the lease in the same transaction.

        Raises:
            LeaseLostError: The exchange belongs to another worker; nothing staged was kept.
            LedgerUnavailableError: The database is away.
        """
        try:
            if not self._has_renewed and self._run(RENEW, self._lease_values()) is None:
                raise self._lost()
            self.connection.commit()
        except DBAPIError as error:
            self.rollback()
            raise_if_unavailable(error)
            raise
        self.lease.renewed_at_s = time.monotonic()
        self._owed.clear()
        self._close()

    def pause(self) -> None:
        """Commits if a transaction is open; to be called before a remote read, so that none waits for it."""
        if self._connection is not None:
            self.commit()

    def rollback(self) -> None:
        """Drops what is staged."""
        self._staged.clear()
        if self._connection is not None:
            self._connection.invalidate() if self._connection.invalidated else self._connection.rollback()
            self._close()

    def rollback_if_broken(self) -> None:
        """Closes a transaction the database refuses to go on with; what is staged in memory is kept."""
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
            except DBAPIError:
                staged = list(self._staged)
                self.rollback()
                self._staged = staged

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
            **self._lease_values(),
            "document_id": document_id,
            "revision": self.claim.revision,
            "name": name,
            "part": part,
            "digest": digest,
            "told": to_json(lines),
        }
        row = self._run(INTEND, values)
        if row is None:
            raise self._lost()
        self._has_renewed = True
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

    def audit(
        self,
        action: str,
        *,
        system: str,
        key: str,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        why: str = "",
    ) -> None:
        """Stages one line of the audit trail, of what is no remote write or was none of this run."""
        self.tell([TrailLine(action=action, system=system, key=key, before=before or {}, after=after or {}, why=why)])

    def tell(self, lines: Iterable[TrailLine]) -> None:
        """Stages lines of the audit trail."""
        told = list(lines)
        if told:
            self.stage(
                AUDIT,
                store=self.claim.store,
                exchange_id=self.claim.exchange_id,
                claim_no=self.claim.claim_no,
                lines=to_json(told),
            )

    def settle(self, settlement: Settlement) -> State | None:
        """Ends the run together with whatever is staged; None if it is no longer ours (then nothing staged is kept)."""
        self._tell_left_open()
        try:
            row = self._run(SETTLE, settle_values(self.claim, settlement))
            if row is None:
                self.rollback()
                return None
            self.connection.commit()
        except DBAPIError as error:
            self.rollback()
            raise_if_unavailable(error)
            raise
        self._owed.clear()
        self._close()
        return State(row.state)

    def note_unfenced(self, action: str, *, key: str, after: Mapping[str, object]) -> None:
        """Writes down what a run learnt although its lease is lost, and has looked at again what it may have done late."""
        self.rollback()
        self.audit(action, system="ledger", key=key, after=after, why="learnt after the lease was lost")
        told, self._staged, self._owed = [*self._owed, *self._staged], [], []
        with transaction(self.engine) as connection:
            run_together(connection, told)

    def _run(self, statement: Prepared, values: dict[str, Any]) -> Row[Any] | None:
        """Runs what is staged and then `statement`, in one round trip; returns the row of the last."""
        try:
            row = run_together(self.connection, [*self._staged, (statement, values)])
        except DBAPIError as error:
            self._sent = self._staged.copy()
            self.rollback()  # what was staged is found out again from the steps that still stand as intended
            raise_if_unavailable(error)
            if not renew(self.engine, self.claim.exchange_id, claim_no=self.claim.claim_no):
                raise self._lost() from error  # what another worker wrote since does not go with what we learnt
            raise
        self._sent, self._staged = self._staged, []
        return row

    def _tell_left_open(self) -> None:
        """Tells of a write that left and of whose end the run learnt nothing (a bug ended it); what never left, nobody tells."""
        for intent in self._untold.values():
            self.stage(NOT_SENT, id=intent.id)
            if intent.id in self._left:
                self.tell(one.because(NO_ANSWER) for one in intent.told)
        self._untold.clear()

    def _lease_values(self) -> dict[str, Any]:
        return {
            "exchange_id": self.claim.exchange_id,
            "claim_no": self.claim.claim_no,
            "lease_s": LEASE_S,
        }

    def _lost(self) -> LeaseLostError:
        """Drops what was to be written, but leaves a note of what came back: a number M3 gave is known to nobody else."""
        self.lease.is_lost = True
        learnt = [values for statement, values in self._sent if statement in (MARK, CHANGE)]
        self.rollback()
        if learnt or self._owed:
            self.note_unfenced("lease_lost", key=str(self.claim.exchange_id), after={"learnt": learnt})
        return LeaseLostError(f"Exchange {self.claim.exchange_id} was taken over; this run stops.")

    def _close(self) -> None:
        self._has_renewed = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
