"""Which version of a document of M3 was taken last, so that an older one that comes late changes nothing. Called by
connector/flows/m3_news.py.

ION delivers at least once and in any order; a document carries a number that grows with each of its versions
(reference: ion/bods.md section 3). A deletion leaves its number behind, so that nothing older revives the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, order=True)
class Mark:
    """One version of one document."""

    accounting_entity: str
    location: str
    document_id: str
    variation_id: int


@dataclass(frozen=True)
class Raised:
    """Which versions are new, the same as the last one taken, or older than it."""

    new: frozenset[Mark]
    same: frozenset[Mark]
    older: frozenset[Mark]


_RAISE = text("""
INSERT INTO watermark AS w (store, tenant, noun, accounting_entity, location, document_id, variation_id, is_deleted)
SELECT :store, :tenant, :noun, m.accounting_entity, m.location, m.document_id, m.variation_id, :is_deleted
FROM unnest(CAST(:entities AS text[]), CAST(:locations AS text[]), CAST(:documents AS text[]),
            CAST(:variations AS bigint[])) AS m (accounting_entity, location, document_id, variation_id)
ON CONFLICT (store, tenant, noun, accounting_entity, location, document_id) DO UPDATE
SET variation_id = excluded.variation_id, is_deleted = excluded.is_deleted, seen_at = ledger_now()
WHERE w.variation_id < excluded.variation_id
RETURNING accounting_entity, location, document_id, variation_id
""")
_SAME = text("""
SELECT w.accounting_entity, w.location, w.document_id, w.variation_id
FROM watermark w
JOIN unnest(CAST(:entities AS text[]), CAST(:locations AS text[]), CAST(:documents AS text[]),
            CAST(:variations AS bigint[])) AS m (accounting_entity, location, document_id, variation_id)
  ON w.accounting_entity = m.accounting_entity AND w.location = m.location AND w.document_id = m.document_id
 AND w.variation_id = m.variation_id
WHERE w.store = :store AND w.tenant = :tenant AND w.noun = :noun
""")
_FORGET = text("""
DELETE FROM watermark WHERE store = :store AND noun = :noun
  AND (CAST(:document_id AS varchar) IS NULL OR document_id = :document_id)
""")


def raise_watermarks(
    connection: Connection, store: str, *, tenant: str, noun: str, marks: Sequence[Mark], is_deleted: bool
) -> Raised:
    """Takes the versions that are newer than what was taken before; compared and stored in one statement.

    A second call with the same versions finds them taken. The rows are locked in one order, so that messages with the same
    documents in another order do not wait for each other in a circle.

    Args:
        connection: The transaction that also makes due what the new versions call for.
        store: The store's code.
        tenant: The tenant of ION, empty if not known.
        noun: The kind of document.
        marks: Versions; of one document the greatest counts.
        is_deleted: The documents are gone at the source.
    """
    greatest = _greatest(marks)
    if not greatest:
        return Raised(frozenset(), frozenset(), frozenset())
    scope = {"store": store, "tenant": tenant, "noun": noun}
    new = {Mark(*row) for row in connection.execute(_RAISE, {**scope, **_arrays(greatest), "is_deleted": is_deleted})}
    rest = [mark for mark in greatest if mark not in new]
    same = {Mark(*row) for row in connection.execute(_SAME, {**scope, **_arrays(rest)})} if rest else set()
    return Raised(frozenset(new), frozenset(same), frozenset(set(rest) - same))


def forget_watermarks(connection: Connection, store: str, *, noun: str, document_id: str | None) -> int:
    """Forgets the versions of one document, or of all of a noun (None): after M3 was refreshed its numbers may start anew."""
    values = {"store": store, "noun": noun, "document_id": document_id}
    return int(connection.execute(_FORGET, values).rowcount)


def _greatest(marks: Sequence[Mark]) -> list[Mark]:
    """Returns the greatest version of each document, in the order in which their rows are locked."""
    by_document = {(mark.accounting_entity, mark.location, mark.document_id): mark for mark in sorted(marks)}
    return list(by_document.values())


def _arrays(marks: Sequence[Mark]) -> dict[str, list[object]]:
    return {
        "entities": [mark.accounting_entity for mark in marks],
        "locations": [mark.location for mark in marks],
        "documents": [mark.document_id for mark in marks],
        "variations": [mark.variation_id for mark in marks],
    }
