"""Keeps what a run read from the shop itself as the newest known of its exchange, like a delivery. Called by the order flow.

So the same content, told later by a webhook or a poll, is no news (what a person discarded stays discarded), and an older body is
not believed again.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from connector.ledger.prepared import Prepared
from connector.ledger.steps import Journal

_FETCHED = Prepared(
    "exchange_fetched",
    """
WITH next AS (SELECT nextval('delivery_id_seq') AS id), known AS (
    -- What was told since this run began may be newer: that run asks or reads for itself.
    UPDATE exchange e SET newest_delivery_id = next.id, newest_hash = :content_hash, newest_modified_at = :modified_at
    FROM next
    WHERE e.id = :exchange_id AND e.claim_no = :claim_no AND e.wanted_rev = :revision
      AND e.newest_hash IS DISTINCT FROM :content_hash
    RETURNING next.id, e.store
)
INSERT INTO delivery (id, store, exchange_id, source, topic, kind, resource_id, body, body_size, body_sha256, content_hash,
                      modified_at, is_full, received_at)
SELECT known.id, known.store, :exchange_id, 'fetch', 'order.fetched', 'order', :order_id, :body, :body_size, :body_sha256,
       :content_hash, :modified_at, true, ledger_now()
FROM known
""",
    types={
        "modified_at": "timestamptz",
        "exchange_id": "bigint",
        "claim_no": "bigint",
        "revision": "bigint",
        "body": "bytea",
        "body_size": "bigint",
    },
)


def keep_fetched(journal: Journal, body: bytes, *, content_hash: str, modified_at: datetime | None) -> None:
    """Stages an order as it was read, if it differs from the newest known one.

    Args:
        journal: Of the run that read it.
        body: As it came.
        content_hash: As of every delivery.
        modified_at: By the shop's clock.
    """
    journal.stage(
        _FETCHED,
        exchange_id=journal.claim.exchange_id,
        claim_no=journal.claim.claim_no,
        revision=journal.claim.revision,
        order_id=journal.claim.business_key,
        body=body,
        body_size=len(body),
        body_sha256=hashlib.sha256(body).hexdigest(),
        content_hash=content_hash,
        modified_at=modified_at,
    )
