"""Removes the oldest lines of the audit trail where a retention is set; their seals stay, so that the rest can still be proved.

Called by workers/purging.py and `connector audit purge`. Whole seals only, oldest first, each proved once more before its lines
go: a removal must not wipe out the traces of a change. The trail itself tells of each removal (`seals.REMOVED`).
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from connector.errors import NeedsPersonError
from connector.ledger.seals import BEGINNING, REMOVED, Seal, digest_of, sealed_rows
from connector.ledger.session import transaction


@dataclass(frozen=True)
class Removed:
    """How many lines went, or would; not finished: the time was over."""

    lines: int
    is_finished: bool = True


_OLDEST = text("""
SELECT s.first_id, s.last_id, s.lines, s.digest, s.sealed_at FROM audit_seal s
WHERE s.removed_at IS NULL AND NOT EXISTS (
    SELECT FROM audit a WHERE a.id BETWEEN s.first_id AND s.last_id AND a.at >= ledger_now() - make_interval(days => :days))
  AND s.last_id = (SELECT min(last_id) FROM audit_seal WHERE removed_at IS NULL)
FOR UPDATE
""")
_BEFORE = text("SELECT digest FROM audit_seal WHERE last_id = :last")
_MARK = text("UPDATE audit_seal SET removed_at = ledger_now() WHERE last_id = :last")
_DELETE = text("DELETE FROM audit WHERE id BETWEEN :first AND :last")
_TELL = text("""
INSERT INTO audit (who, system, action, key, after, why)
VALUES (:who, 'ledger', :action, :key, CAST(:after AS jsonb), :why)
""")
_COUNT = text("""
SELECT coalesce(sum(lines), 0) FROM (
    SELECT s.lines, bool_and(NOT EXISTS (
        SELECT FROM audit a WHERE a.id BETWEEN s.first_id AND s.last_id AND a.at >= ledger_now() - make_interval(days => :days)
    )) OVER (ORDER BY s.last_id) AS is_old
    FROM audit_seal s WHERE s.removed_at IS NULL
) seals WHERE is_old
""")


def count_removable(connection: Connection, *, days: int) -> int:
    """Returns how many lines a removal would take now."""
    return int(connection.execute(_COUNT, {"days": days}).scalar_one())


def remove_audit(engine: Engine, *, days: int, who: str, why: str, for_s: float = math.inf) -> Removed:
    """Removes the lines of the oldest seals, as long as all lines of a seal are older than `days`; a seal a transaction.

    Raises:
        NeedsPersonError: The lines of a seal are not those that were sealed: nothing of it was removed.
    """
    deadline = time.monotonic() + for_s
    lines = 0
    while True:
        if time.monotonic() > deadline:
            return Removed(lines, is_finished=False)
        with transaction(engine) as connection:
            row = connection.execute(_OLDEST, {"days": days}).mappings().one_or_none()
            if row is None:
                return Removed(lines)
            one = Seal(**row)
            _require_whole(connection, one)
            _remove(connection, one, who=who, why=why)
        lines += one.lines


def _require_whole(connection: Connection, one: Seal) -> None:
    before = connection.execute(_BEFORE, {"last": one.first_id - 1}).scalar_one_or_none() or BEGINNING
    if digest_of(before, sealed_rows(connection, one)) != one.digest:
        raise NeedsPersonError(
            f"Lines {one.first_id} to {one.last_id} of the audit trail are not those that were written; they were not removed.",
            resolution="`connector audit verify` shows where; compare the lines with a backup of the database.",
        )


def _remove(connection: Connection, one: Seal, *, who: str, why: str) -> None:
    connection.execute(_DELETE, {"first": one.first_id, "last": one.last_id})
    connection.execute(_MARK, {"last": one.last_id})
    after = json.dumps({"first_id": one.first_id, "lines": one.lines, "digest": one.digest})
    connection.execute(_TELL, {"who": who, "action": REMOVED, "key": str(one.last_id), "after": after, "why": why})
