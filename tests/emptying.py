"""Empties the ledger between tests: in 5 ms, where TRUNCATE takes 80 and makes a file anew for each table and index."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

from connector.ledger.metadata import METADATA

_START_ANEW = text("""
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
""")


def empty(connection: Connection, *, but: Collection[str] = ()) -> None:
    """Deletes all rows and lets numbers begin at one again.

    Args:
        connection: The transaction.
        but: Tables that are left as they are; no row of another table may hang on theirs.
    """
    tables = [one.name for one in reversed(METADATA.sorted_tables) if one.name not in but]
    connection.execute(text("; ".join(f"DELETE FROM {name}" for name in tables)))
    connection.execute(_START_ANEW)
