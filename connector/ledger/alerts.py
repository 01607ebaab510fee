"""Which dead letters and pauses nobody was told of yet. Called by workers/dead_letters.py and the sweeper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from connector.ledger.job_troubles import untold_troubles


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
_UNTELL = text("UPDATE exchange SET alerted_at = NULL WHERE id = ANY(:ids) AND state = 'dead_letter'")
_TAKE_PAUSED = text("""
UPDATE store SET told_reason = paused_reason
WHERE paused_by = 'connector' AND told_reason IS DISTINCT FROM paused_reason RETURNING name, paused_reason
""")
_UNTELL_PAUSED = text("UPDATE store SET told_reason = NULL WHERE name = ANY(:names)")
_COUNT = text("""
SELECT (SELECT count(*) FROM exchange WHERE state = 'dead_letter' AND alerted_at IS NULL)
     + (SELECT count(*) FROM store WHERE paused_by = 'connector' AND told_reason IS DISTINCT FROM paused_reason)
     + (SELECT count(*) FROM flow_pause WHERE told_at IS NULL)
""")


def take_untold(connection: Connection) -> list[DeadLetterGroup]:
    """Stamps all dead letters not yet told of and returns them in groups; `untell` takes the stamps back."""
    return [
        DeadLetterGroup(row.store, row.flow, row.reason_code, tuple(row.ids), row.reason, row.resolution)
        for row in connection.execute(_TAKE)
    ]


def untell(connection: Connection, groups: Sequence[DeadLetterGroup]) -> None:
    """Takes the stamps back of dead letters nobody could be told of."""
    ids = [one for group in groups for one in group.exchange_ids]
    connection.execute(_UNTELL, {"ids": ids})


def take_paused(connection: Connection) -> list[tuple[str, str]]:
    """Stamps the stores the connector paused for a reason not yet told of; returns name and reason."""
    return [(row.name, row.paused_reason) for row in connection.execute(_TAKE_PAUSED)]


def untell_paused(connection: Connection, names: Sequence[str]) -> None:
    """Takes the stamps back of pauses nobody could be told of."""
    connection.execute(_UNTELL_PAUSED, {"names": list(names)})


def untold_count(connection: Connection) -> int:
    """Returns how many dead letters, paused stores, paused flows and failing jobs nobody was told of."""
    return int(connection.execute(_COUNT).scalar_one()) + untold_troubles(connection)
