"""The transactions of one run: what is staged goes out together, and only while the exchange is ours. The ground of the journal.

Every commit renews the lease, fenced by the claim number.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import DBAPIError

from connector.errors import LeaseLostError
from connector.ledger.claims import Claim
from connector.ledger.journal_statements import AUDIT, CHANGE, MARK, RENEW
from connector.ledger.leases import LEASE_S, Lease, renew
from connector.ledger.prepared import Prepared, run_together
from connector.ledger.session import raise_if_unavailable, transaction
from connector.ledger.trail import TrailLine, to_json

Staged = tuple[Prepared, dict[str, Any]]
"""A statement with its values."""


class FencedTransactions:
    """What one run says to the ledger, one transaction after the other, each good only while the run has its claim.

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
        if not self._has_renewed:
            self._run_renewing(RENEW, {})
        self._end()
        self.lease.renewed_at_s = time.monotonic()

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

    def note_unfenced(self, action: str, *, key: str, after: Mapping[str, object]) -> None:
        """Writes down what a run learnt although its lease is lost, and has looked at again what it may have done late."""
        self.rollback()
        self.audit(action, system="ledger", key=key, after=after, why="learnt after the lease was lost")
        told, self._staged, self._owed = [*self._owed, *self._staged], [], []
        with transaction(self.engine) as connection:
            run_together(connection, told)

    def _run_renewing(self, statement: Prepared, values: dict[str, Any]) -> Row[Any]:
        """Runs what is staged and then a statement that renews the lease besides; returns its row.

        Raises:
            LeaseLostError: The exchange belongs to another worker.
        """
        lease = {"exchange_id": self.claim.exchange_id, "claim_no": self.claim.claim_no, "lease_s": LEASE_S}
        row = self._run(statement, {**lease, **values})
        if row is None:
            raise self._lost()
        self._has_renewed = True
        return row

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

    def _end(self) -> None:
        """Commits the open transaction."""
        try:
            self.connection.commit()
        except DBAPIError as error:
            self.rollback()
            raise_if_unavailable(error)
            raise
        self._owed.clear()
        self._close()

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
