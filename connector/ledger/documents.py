"""Questions about documents across exchanges. Called by the order flow when it looks for what M3 may hold."""

from __future__ import annotations

from sqlalchemy import Connection, text

from connector.ledger.purging import LEDGER_BATCH

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
WHERE state = 'done' AND id IN (
    SELECT m.exchange_id FROM document m JOIN step t ON t.document_id = m.id
    WHERE t.state = 'unknown'
      AND (m.state = 'abandoned' AND t.name = 'head' OR m.state = 'confirmed' AND t.name IN ('change', 'lock', 'release'))
      AND CAST(t.result ->> 'look_at' AS timestamptz) <= ledger_now()
) RETURNING id
""")
_TIDY = text("""
UPDATE exchange e SET state = 'ready', next_attempt_at = ledger_now(), sent_at = NULL, tidy_rev = wanted_rev
WHERE e.state = 'dead_letter' AND e.recheck_at IS NULL
  AND e.next_attempt_at <= ledger_now() - make_interval(secs => :every_s)
  AND EXISTS (SELECT FROM store s WHERE s.name = e.store AND s.paused_by IS NULL)
  AND EXISTS (
    SELECT FROM document m LEFT JOIN step t ON t.document_id = m.id AND t.name = 'head' AND t.state = 'unknown'
    WHERE m.exchange_id = e.id AND m.kind = 'batch_order' AND (m.state = 'building' OR m.state = 'abandoned' AND (
        t.result ? 'seen_at' OR CAST(t.result ->> 'look_at' AS timestamptz) <= ledger_now()))
) RETURNING id
""")

_DISCARDED = text("""
UPDATE exchange e SET state = 'ready', next_attempt_at = ledger_now(), sent_at = NULL
FROM discard k
WHERE k.exchange_id = e.id AND e.state = 'done'
  AND k.discarded_at > ledger_now() - interval '60 days'
  AND e.settled_at <= ledger_now() - greatest(interval '15 minutes', (ledger_now() - k.discarded_at) / 10)
  AND EXISTS (SELECT FROM document m WHERE m.exchange_id = e.id AND m.kind IN ('batch_order', :ledger_batch)
              AND m.state IN ('building', 'confirming'))
RETURNING e.id
""")

TIDY_EVERY_S = 120
"""How long after its last run a dead letter is cleared up after (again)."""


def wake_for_hunt(connection: Connection) -> list[int]:
    """Makes exchanges due that may have left something in M3 that nobody waits for.

    A settled one is run as ever and looks once more for its abandoned heads, or at the order one of whose changes lost its
    answer, or was taken by M3 and did not show. A dead letter waits for a person, but what it left
    does not: it is run only to clear up, and stays a dead letter with the reason it has. One that is looked at again by
    itself anyway does so then. What a person discarded after it was begun is looked at ever more seldom for sixty days: somebody
    may finish it in M3 all the same, and the shop has no news then.
    """
    discarded = connection.execute(_DISCARDED, {"ledger_batch": LEDGER_BATCH}).scalars()
    tidied = connection.execute(_TIDY, {"every_s": TIDY_EVERY_S}).scalars()
    return [*connection.execute(_HUNT).scalars(), *tidied, *discarded]
