"""What the ledger knows of facts that were, or were to be, carried to M3: asked to explain a difference, never to find one.

Called by connector/flows/reconciling.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.tables import State


@dataclass(frozen=True)
class Carried:
    """An exchange and its document, if one is live; `expected` is what M3 was to hold, as the document keeps it."""

    flow: str
    key: str
    exchange_id: int
    state: State
    reason_code: str
    reason: str
    resolution: str
    due_at: datetime | None
    is_left_lying: (
        bool  # due for an hour or more, and neither carried nor held back by a pause that people were told of
    )
    m3_number: str | None  # of a confirmed document
    is_written: bool  # something of it was begun in M3 and not given up
    expected: dict[str, Any] | None
    asked: dict[str, Any] | None  # the figures the shop stated when `expected` was sent
    accepted: dict[str, Any] | None  # those a person settled since
    is_end_accepted: bool  # a person settled that M3 keeps what the shop has ended
    is_ended_by_us: bool  # the connector ended the order in M3
    sent_on: date | None  # the order date as sent
    entered_as: str | None  # what a person who discarded it entered in M3 by hand
    customer: str | None  # CUNO of the document
    skus: dict[str, str] | None  # of an order's lines when it was sent; none of what a former version sent
    charges: list[dict[str, Any]] | None  # what its charge ids stood for then

    @property
    def is_under_way(self) -> bool:
        """Whether it is carried, or tried again by itself."""
        return self.state in (State.READY, State.RUNNING, State.WAITING, State.BLOCKED)


_COLUMNS = """
SELECT e.flow, e.business_key AS key, e.id AS exchange_id, e.state, e.reason_code, e.reason, e.resolution,
       CASE WHEN e.state IN ('ready', 'waiting', 'blocked') THEN greatest(e.next_attempt_at, e.not_before) END AS due_at,
       CASE WHEN e.state = 'running' THEN e.lease_until ELSE greatest(e.next_attempt_at, e.not_before) END
           < ledger_now() - interval '1 hour' AND s.paused_by IS NULL AND NOT EXISTS (
           SELECT 1 FROM flow_pause p WHERE p.store = e.store AND p.flow = e.flow) AS is_left_lying,
       CASE WHEN d.state = 'confirmed' THEN d.final_number END AS m3_number, d.id IS NOT NULL AS is_written,
       coalesce(d.plan -> 'expected', d.plan -> 'sheet' -> 'expected') AS expected,
       coalesce(d.plan -> 'content' -> 'money', d.plan -> 'content') AS asked,
       coalesce(d.plan -> 'accepted' -> 'content' -> 'money', d.plan -> 'accepted' -> 'content') AS accepted,
       coalesce((d.plan -> 'accepted' ->> 'ends')::boolean, false) AS is_end_accepted,
       coalesce(d.plan ->> 'standing', '') IN ('closed', 'deleted') AS is_ended_by_us, d.ordt AS sent_on, k.entered_as,
       d.cuno AS customer, d.plan -> 'skus' AS skus, d.plan -> 'charges' AS charges
FROM exchange e JOIN store s ON s.name = e.store
LEFT JOIN document d ON d.exchange_id = e.id AND d.state <> 'abandoned'
LEFT JOIN discard k ON k.exchange_id = e.id
WHERE e.scope = :store AND """
_FIND = text(_COLUMNS + "e.flow = :flow AND e.business_key = ANY(:keys)")
_FIND_AS = text(_COLUMNS + "e.flow = ANY(:flows) AND d.state = 'confirmed' AND d.final_number = ANY(:numbers)")
_FIND_BY_HAND = text(_COLUMNS + "e.flow = ANY(:flows) AND k.entered_as = ANY(:numbers)")


def find_carried(connection: Connection, store: str, *, flow: str, keys: Sequence[str]) -> dict[str, Carried]:
    """Returns the exchanges of a flow with these business keys, by key."""
    rows = connection.execute(_FIND, {"store": store, "flow": flow, "keys": list(keys)}).mappings()
    return {row["key"]: Carried(**{**row, "state": State(row["state"])}) for row in rows}


def find_carried_as(
    connection: Connection, store: str, *, flows: Collection[str], m3_numbers: Sequence[str]
) -> dict[str, Carried]:
    """Returns the exchanges of some flows that became these documents of M3, by their numbers."""
    values = {"store": store, "flows": list(flows), "numbers": list(m3_numbers)}
    rows = connection.execute(_FIND_AS, values).mappings()
    return {row["m3_number"]: Carried(**{**row, "state": State(row["state"])}) for row in rows}


def find_entered_by_hand(
    connection: Connection, store: str, *, flows: Collection[str], m3_numbers: Sequence[str]
) -> dict[str, Carried]:
    """Returns the discarded exchanges of some flows that a person says are these documents of M3, by their numbers."""
    values = {"store": store, "flows": list(flows), "numbers": list(m3_numbers)}
    rows = connection.execute(_FIND_BY_HAND, values).mappings()
    return {row["entered_as"]: Carried(**{**row, "state": State(row["state"])}) for row in rows}
