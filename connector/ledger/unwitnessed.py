"""Finds exchanges that have written and of which the audit trail says nothing. Called by `connector audit verify`.

The chain proves what is sealed. It cannot tell by itself that lines were cut off together with their seals, or that the whole trail
was emptied: what is left is a shorter chain. The ledger's other tables know which exchanges have written, and each of those has a
line.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine, text

from connector.ledger.session import transaction

PAGE_IDS = 5000
"""How many exchanges one statement looks at."""

_BOUNDS = text("""
SELECT (SELECT coalesce(max(id), 0) FROM exchange) AS newest,
       (SELECT max(sealed_at) FROM audit_seal WHERE removed_at IS NOT NULL) AS removed_until
""")
_UNTOLD = text("""
SELECT e.id FROM exchange e
WHERE e.id > :after AND e.id <= :last AND NOT EXISTS (SELECT FROM audit a WHERE a.exchange_id = e.id) AND EXISTS (
    SELECT FROM document d JOIN step s ON s.document_id = d.id
    WHERE d.exchange_id = e.id AND s.state = 'done' AND NOT s.result ? 'by'
      AND (CAST(:removed_until AS timestamptz) IS NULL OR s.finished_at > :removed_until))
ORDER BY e.id
""")
"""A step done by somebody else (`by`) was no write of ours; what is older than the lines removed by age may have lost its own."""


def exchanges_untold(engine: Engine) -> Iterator[int]:
    """Yields the exchanges that have written and have no line, oldest first; a page a transaction."""
    with transaction(engine) as connection:
        newest, removed_until = connection.execute(_BOUNDS).one()
    for after in range(0, newest, PAGE_IDS):
        with transaction(engine) as connection:
            values = {"after": after, "last": after + PAGE_IDS, "removed_until": removed_until}
            yield from list(connection.execute(_UNTOLD, values).scalars())
