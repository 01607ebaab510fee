"""Which posted orders are not finished in M3, what was last seen of them, and what the shop was told in notes.

Called by the status flow, its poll and the command line. `seen` is only a mark: it saves looking, and a wrong one costs a look.
An order that stands still is asked about ever more seldom, and in the end no more: some are never delivered or invoiced.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from connector.ledger.prepared import Prepared

TELL = Prepared(
    "order_progress_tell",
    """
INSERT INTO order_progress AS p (binding_id, told)
SELECT id, CAST(:facts AS jsonb) FROM binding WHERE kind = 'order' AND shop_scope = :store AND shop_key = :shop_key
ON CONFLICT (binding_id) DO UPDATE SET told = p.told || excluded.told
""",
    types={},
)
"""Stages facts (a JSON list) as told; staged together with the end of the step that told them."""
SEE = Prepared(
    "order_progress_see",
    """
INSERT INTO order_progress AS p (binding_id, seen, moved_at, finished_at)
SELECT id, :seen, ledger_now(), CASE WHEN :is_finished THEN ledger_now() END
FROM binding WHERE kind = 'order' AND shop_scope = :store AND shop_key = :shop_key
ON CONFLICT (binding_id) DO UPDATE SET
    seen = excluded.seen,
    moved_at = CASE WHEN p.seen = excluded.seen THEN p.moved_at ELSE excluded.moved_at END,
    finished_at = CASE WHEN excluded.finished_at IS NULL THEN NULL ELSE coalesce(p.finished_at, excluded.finished_at) END
""",
    types={"is_finished": "boolean"},
)
"""Stages what a run saw, and whether anything is to come."""

TIMES_ASKED = 100
"""How often an order is asked about, at most, in the time it has stood still: after a day each quarter of an hour, after a month
three times a day."""
GIVEN_UP_DAYS = 400
"""After so long nothing is expected any more; a message of M3, or a person, has the order looked at all the same."""

_TOLD = text("""
SELECT p.told FROM order_progress p JOIN binding b ON b.id = p.binding_id
WHERE b.kind = 'order' AND b.shop_scope = :store AND b.shop_key = :shop_key
""")
_UNFINISHED = text("""
SELECT b.id, b.shop_key, b.m3_key, coalesce(p.seen, '') AS seen
FROM binding b LEFT JOIN order_progress p ON p.binding_id = b.id
WHERE b.kind = 'order' AND b.shop_scope = :store AND b.id > :after AND b.shop_key NOT LIKE '%@%' AND p.finished_at IS NULL
  AND coalesce(p.moved_at, b.bound_at) > ledger_now() - make_interval(days => :given_up_days)
  AND (p.asked_at IS NULL
       OR ledger_now() - p.asked_at >= (ledger_now() - coalesce(p.moved_at, b.bound_at)) / :times_asked)
ORDER BY b.id LIMIT :most
""")
_MARK = text("""
INSERT INTO order_progress AS p (binding_id, seen, moved_at) VALUES (:binding_id, :seen, ledger_now())
ON CONFLICT (binding_id) DO UPDATE SET seen = excluded.seen, moved_at = excluded.moved_at
""")
_ASKED = text("""
UPDATE order_progress p SET asked_at = ledger_now() FROM binding b
WHERE b.id = p.binding_id AND p.binding_id = ANY(:bindings)
  AND coalesce(p.moved_at, b.bound_at) < ledger_now() - interval '1 day'
""")
_POSTED = text("""
SELECT shop_key FROM binding
WHERE kind = 'order' AND shop_scope = :store AND shop_key NOT LIKE '%@%'
  AND bound_at >= :since AND bound_at <= coalesce(CAST(:until AS timestamptz), bound_at)
ORDER BY id
""")


@dataclass(frozen=True)
class OpenOrder:
    """A posted order that is not finished in M3."""

    binding_id: int
    order_id: str  # of the shop
    number: str  # of M3
    seen: str


def facts_of(facts: Collection[str]) -> str:
    """Returns facts as TELL takes them."""
    return json.dumps(sorted(facts))


def told_facts(connection: Connection, store: str, *, order_id: str) -> frozenset[str]:
    """Returns which facts the shop's order was told in notes."""
    told = connection.execute(_TOLD, {"store": store, "shop_key": order_id}).scalar_one_or_none()
    return frozenset(told or ())


def unfinished(connection: Connection, store: str, *, after: int, most: int) -> list[OpenOrder]:
    """Returns posted orders that are not finished and due to be asked about, as they were posted, from behind `after` on."""
    values = {"given_up_days": GIVEN_UP_DAYS, "times_asked": TIMES_ASKED}
    rows = connection.execute(_UNFINISHED, {"store": store, "after": after, "most": most, **values})
    return [OpenOrder(row.id, row.shop_key, row.m3_key, row.seen) for row in rows]


def mark_asked(connection: Connection, binding_ids: Collection[int]) -> None:
    """Stages that M3 was asked about orders; of those that moved within a day it is not kept, they are always due."""
    connection.execute(_ASKED, {"bindings": list(binding_ids)})


def mark_seen(connection: Connection, binding_id: int, seen: str) -> None:
    """Stages what a poll saw of an order it made due, so that it makes it due once."""
    connection.execute(_MARK, {"binding_id": binding_id, "seen": seen})


def posted_between(connection: Connection, store: str, *, since: datetime, until: datetime | None) -> list[int]:
    """Returns the ids of the orders that were posted in a window."""
    rows = connection.execute(_POSTED, {"store": store, "since": since, "until": until})
    return [int(row.shop_key) for row in rows]
