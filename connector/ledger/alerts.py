"""Which dead letters nobody was told of yet, grouped by reason. Called by workers/dead_letters.py and the sweeper."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class DeadLetterGroup:
    """Dead letters of one store and flow with one reason code; `example` is the reason of one of them."""

    store: str
    flow: str
    reason_code: str
    exchange_ids: tuple[int, ...]
    example: str
    resolution: str


_TAKE = text("""
WITH told AS (
    UPDATE exchange SET alerted_at = ledger_now()
    WHERE id IN (SELECT id FROM exchange WHERE state = 'dead_letter' AND alerted_at IS NULL FOR UPDATE SKIP LOCKED)
    RETURNING id, store, flow, reason_code, reason, resolution
)
SELECT store, flow, reason_code, array_agg(id ORDER BY id) AS ids,
       (array_agg(reason ORDER BY id))[1] AS reason, (array_agg(resolution ORDER BY id))[1] AS resolution
FROM told GROUP BY store, flow, reason_code ORDER BY store, flow, reason_code
""")
_COUNT = text("SELECT count(*) FROM exchange WHERE state = 'dead_letter' AND alerted_at IS NULL")


def take_untold(connection: Connection) -> list[DeadLetterGroup]:
    """Stamps all dead letters not yet told of and returns them in groups; rolled back if telling fails."""
    return [
        DeadLetterGroup(row.store, row.flow, row.reason_code, tuple(row.ids), row.reason, row.resolution)
        for row in connection.execute(_TAKE)
    ]


def untold_count(connection: Connection) -> int:
    """Returns how many dead letters nobody was told of."""
    return int(connection.execute(_COUNT).scalar_one())
