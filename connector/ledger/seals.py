"""Chains the audit trail: seals over its lines, each over the one before. Called by a job of workers and `connector audit verify`.

A chain inside each commit would make all workers wait for one another; so lines are sealed some minutes later, in order. Who can
write to the database can still write a whole new chain: the newest digest is logged with each seal, and `verify` takes one from
there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Result, text

from connector.ledger.listing import AuditRow
from connector.ledger.session import transaction

AFTER = "10 minutes"
"""A transaction that has drawn an earlier number and is not committed yet has ended long before (session.py)."""
LINES = 5000
BEGINNING = "0" * 64
REMOVED = "audit_removed"
"""The line that tells of a removal: its key is the last id that went, `after` names the digest of that seal."""

_LAST = text("SELECT last_id, digest FROM audit_seal ORDER BY last_id DESC LIMIT 1")
_COLUMNS = "id, at, store, exchange_id, claim_no, who, system, action, key, before, after, why"
_RIPE = text(f"""
SELECT {_COLUMNS} FROM audit WHERE id > :after AND id <= coalesce(
    (SELECT max(id) FROM audit WHERE id > :after AND at < ledger_now() - CAST(:age AS interval)), 0)
ORDER BY id LIMIT :most
""")
_SEALED = text(f"SELECT {_COLUMNS} FROM audit WHERE id BETWEEN :first AND :last ORDER BY id")
_SEALS = text("""
SELECT first_id, last_id, lines, digest, sealed_at, removed_at FROM audit_seal WHERE last_id > :after ORDER BY last_id LIMIT 100
""")
_ADD = text("INSERT INTO audit_seal (last_id, first_id, lines, digest) VALUES (:last, :first, :lines, :digest)")
_TOLD = text("SELECT EXISTS (SELECT FROM audit WHERE action = :action AND key = :key AND after ->> 'digest' = :digest)")
_TAIL = text("SELECT count(*) FROM audit WHERE id > :after")


@dataclass(frozen=True)
class Seal:
    """One link of the chain."""

    first_id: int
    last_id: int
    lines: int
    digest: str
    sealed_at: datetime
    removed_at: datetime | None = None  # its lines were removed by age (audit_removal.py)


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold: lines of a range are not those that were sealed, or went and nothing tells why."""

    first_id: int
    last_id: int
    sealed_at: datetime
    lines_sealed: int
    lines_found: int


@dataclass(frozen=True)
class Verified:
    """What a look at the whole chain found."""

    seals: int
    lines: int
    unsealed: int  # lines of the last minutes: nothing can be said of them yet
    newest: str  # digest
    breaks: tuple[Break, ...]
    has_anchor: bool  # the digest asked for is in the chain; True if none was
    removed: int = 0  # lines at the beginning that were removed by age, as the trail itself tells

    @property
    def is_whole(self) -> bool:
        """Whether every sealed line is there as it was written."""
        return not self.breaks and self.has_anchor


def seal(engine: Engine) -> Seal | None:
    """Seals the next lines that are old enough; None if there are none.

    One worker at a time does it (the job's turn); should two meet all the same, the second breaks off at a unique key.

    Raises:
        LedgerUnavailableError: The database is away.
    """
    with transaction(engine) as connection:
        last = connection.execute(_LAST).one_or_none()
        after, before = (last.last_id, last.digest) if last else (0, BEGINNING)
        rows = _rows(connection.execute(_RIPE, {"after": after, "age": AFTER, "most": LINES}))
        if not rows:
            return None
        digest = digest_of(before, rows)
        made = {"first": after + 1, "last": rows[-1].id, "lines": len(rows), "digest": digest}
        connection.execute(_ADD, made)
    return Seal(after + 1, rows[-1].id, len(rows), digest, rows[-1].at)


def verify(engine: Engine, *, anchor: str | None = None, progress: Callable[[int], None] | None = None) -> Verified:
    """Computes the whole chain anew and compares; a seal a transaction, so that it holds nothing up.

    Of lines that were removed by age the seals are left: they must be the first ones, and the trail must tell of it. The digest
    of the last of them is proved by the first seal whose lines are there.

    Args:
        engine: The ledger.
        anchor: A digest that was noted elsewhere; it must be in the chain.
        progress: Told how many lines were read so far.
    """
    before, seals, lines, after, removed = BEGINNING, 0, 0, 0, 0
    breaks: list[Break] = []
    has_anchor, last_removed = anchor is None, None
    for one in seals_in_order(engine):
        if one.removed_at is not None and lines == 0 and one.first_id == after + 1:
            removed, last_removed = removed + one.lines, one
        else:
            with transaction(engine) as connection:
                rows = sealed_rows(connection, one)
            if digest_of(before, rows) != one.digest or one.first_id != after + 1:
                breaks.append(Break(one.first_id, one.last_id, one.sealed_at, one.lines, len(rows)))
            lines += len(rows)
        before, after, seals = one.digest, one.last_id, seals + 1
        has_anchor = has_anchor or one.digest == anchor
        if progress:
            progress(lines)
    with transaction(engine) as connection:
        unsealed = connection.execute(_TAIL, {"after": after}).scalar_one()
        if last_removed is not None and not _is_told(connection, last_removed):
            breaks.insert(0, Break(1, last_removed.last_id, last_removed.sealed_at, removed, 0))
    return Verified(seals, lines, unsealed, before, tuple(breaks), has_anchor, removed)


def _is_told(connection: Connection, removed: Seal) -> bool:
    values = {"action": REMOVED, "key": str(removed.last_id), "digest": removed.digest}
    return bool(connection.execute(_TOLD, values).scalar_one())


def seals_in_order(engine: Engine) -> Iterator[Seal]:
    """Yields the links of the chain, oldest first."""
    after = 0
    while True:
        with transaction(engine) as connection:
            page = [Seal(**row) for row in connection.execute(_SEALS, {"after": after}).mappings()]
        yield from page
        if not page:
            return
        after = page[-1].last_id


def sealed_rows(connection: Connection, one: Seal) -> list[AuditRow]:
    """Returns the lines of a seal as they are now."""
    return _rows(connection.execute(_SEALED, {"first": one.first_id, "last": one.last_id}))


def _rows(result: Result[Any]) -> list[AuditRow]:
    return [AuditRow(**row) for row in result.mappings()]


def _in_utc(at: datetime) -> str:
    """Tells a moment in one zone, whatever the session's is."""
    return at.astimezone(UTC).isoformat()


def digest_of(before: str, rows: list[AuditRow]) -> str:
    """Returns the digest over some lines and the seal before."""
    chained = hashlib.sha256(before.encode())
    for row in rows:
        told = json.dumps(astuple(row), sort_keys=True, default=_in_utc)
        chained.update(told.encode() + b"\n")
    return chained.hexdigest()
