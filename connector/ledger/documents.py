"""Questions about documents across exchanges. Called by the order flow when it looks for what M3 may hold."""

from __future__ import annotations

from sqlalchemy import Connection, text

_LIVE = text("""
SELECT temporary_number FROM document
WHERE m3_scope = :m3_scope AND state <> 'abandoned' AND temporary_number IS NOT NULL
  AND begun_at > ledger_now() - interval '60 days'
""")


def live_temporary_numbers(connection: Connection, m3_scope: str) -> set[str]:
    """Returns the temporary numbers that belong to a document which was not abandoned."""
    return set(connection.execute(_LIVE, {"m3_scope": m3_scope}).scalars())


_HUNT = text("""
UPDATE exchange SET state = 'ready', next_attempt_at = ledger_now(), sent_at = NULL
WHERE (state = 'done' OR state = 'dead_letter' AND reason_code NOT IN ('bug', 'crashed')) AND id IN (
    SELECT m.exchange_id FROM document m JOIN step t ON t.document_id = m.id
    WHERE m.state = 'abandoned' AND t.name = 'head' AND t.state = 'unknown'
      AND CAST(t.result ->> 'look_at' AS timestamptz) <= ledger_now()
) RETURNING id
""")


def wake_for_hunt(connection: Connection) -> list[int]:
    """Makes settled exchanges due whose abandoned batch heads have to be looked for once more."""
    return list(connection.execute(_HUNT).scalars())


_ACCEPTED = text("SELECT body FROM delivery WHERE id = CAST(:id AS bigint)")


def accepted_body(connection: Connection, fingerprint: str | None) -> bytes | None:
    """Returns the body a person accepted by discarding a dead letter of a posted order, or None.

    Args:
        connection: The run's transaction.
        fingerprint: Of the exchange; `accepted:<delivery id>` after a discard.
    """
    if fingerprint is None or not fingerprint.startswith("accepted:"):
        return None
    body = connection.execute(_ACCEPTED, {"id": fingerprint.removeprefix("accepted:")}).scalar_one_or_none()
    return None if body is None else bytes(body)
