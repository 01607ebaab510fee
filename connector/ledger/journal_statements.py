"""What a run's journal says to the database; each is planned once per connection. Used by steps.py and fenced.py alone."""

from __future__ import annotations

from connector.ledger.prepared import Prepared

RENEW = Prepared(
    "journal_renew",
    """
UPDATE exchange SET lease_until = ledger_now() + make_interval(secs => :lease_s)
WHERE id = :exchange_id AND claim_no = :claim_no AND state = 'running' RETURNING id
""",
    types={"lease_s": "float8", "exchange_id": "bigint", "claim_no": "bigint"},
)
BEGIN = Prepared(
    "journal_begin",
    """
INSERT INTO document (exchange_id, kind, m3_scope, cuno, yref, cuor, ordt, plan)
VALUES (:exchange_id, :kind, :m3_scope, :cuno, :yref, :cuor, :ordt, CAST(:plan AS jsonb)) RETURNING id
""",
    types={"exchange_id": "bigint", "ordt": "date"},
)
CHANGE = Prepared(
    "journal_change",
    """
UPDATE document SET state = :state, temporary_number = coalesce(temporary_number, :temporary),
    final_number = coalesce(final_number, :final),
    ended_at = CASE WHEN :state IN ('confirmed', 'abandoned') THEN ledger_now() END
WHERE id = :id
""",
    types={"id": "bigint"},
)
INTEND = Prepared(
    "journal_intend",
    """
WITH lease AS (
    UPDATE exchange SET lease_until = ledger_now() + make_interval(secs => :lease_s)
    WHERE id = :exchange_id AND claim_no = :claim_no AND state = 'running' RETURNING claim_no
)
INSERT INTO step AS t (document_id, revision, name, part, claim_no, request_digest, told)
SELECT :document_id, :revision, :name, coalesce(:part, (
    SELECT coalesce(max(part) + 1, 0) FROM step
    WHERE document_id = :document_id AND revision = :revision AND name = :name)), claim_no, :digest, CAST(:told AS jsonb)
FROM lease
ON CONFLICT (document_id, revision, name, part) DO UPDATE SET
    state = 'intended', claim_no = excluded.claim_no, request_digest = excluded.request_digest,
    told = excluded.told, result = '{}', intended_at = ledger_now(), finished_at = NULL
WHERE t.state = 'refused'
RETURNING id, part
""",
    types={
        "lease_s": "float8",
        "exchange_id": "bigint",
        "claim_no": "bigint",
        "document_id": "bigint",
        "revision": "bigint",
        "part": "bigint",
    },
)
LOOK_AGAIN = Prepared(
    "journal_look_again",
    """
UPDATE exchange SET
    wanted_rev = wanted_rev + 1, doubt_rev = wanted_rev + 1,
    state = CASE WHEN state = 'running' THEN state ELSE 'ready' END,
    next_attempt_at = CASE WHEN state IN ('running', 'ready') THEN next_attempt_at ELSE ledger_now() END,
    sent_at = CASE WHEN state IN ('running', 'ready') THEN sent_at END,
    tries = CASE WHEN state = 'done' THEN 0 ELSE tries END,
    crashes = CASE WHEN state = 'done' THEN 0 ELSE crashes END,
    waiting_since = CASE WHEN state = 'done' THEN NULL ELSE waiting_since END,
    blocked_kind = NULL, blocked_key = NULL
WHERE id = :exchange_id AND state <> 'dead_letter'
""",
    types={"exchange_id": "bigint"},
)
"""A write left after the lease was lost: whoever has the exchange now, or had it last, looks at what came of that."""
MARK = Prepared(
    "journal_mark",
    """
UPDATE step SET state = :state, result = CAST(:result AS jsonb), told = '[]', finished_at = ledger_now() WHERE id = :id
""",
    types={"id": "bigint"},
)
REPLAN = Prepared(
    "journal_replan",
    "UPDATE document SET plan = CAST(:plan AS jsonb) WHERE id = :id",
    types={"id": "bigint"},
)
FORGET = Prepared(
    "journal_forget",
    "WITH steps AS (DELETE FROM step WHERE document_id = :id) DELETE FROM document WHERE id = :id",
    types={"id": "bigint"},
)
NOT_SENT = Prepared(
    "journal_not_sent",
    "UPDATE step SET told = '[]' WHERE id = :id",
    types={"id": "bigint"},
)
"""The run ended before it came to this write, so there is nothing to tell of it."""
AUDIT = Prepared(
    "journal_audit",
    """
INSERT INTO audit (store, exchange_id, claim_no, who, system, action, key, before, after, why)
SELECT :store, :exchange_id, :claim_no, 'connector', r.system, r.action, r.key, r.before, r.after, r.why
FROM jsonb_to_recordset(CAST(:lines AS jsonb))
    AS r (system varchar, action varchar, key varchar, before jsonb, after jsonb, why varchar)
RETURNING id
""",
    types={"exchange_id": "bigint", "claim_no": "bigint"},
)
