"""Where the exchanges of some facts stand and what they have done so far, read without claiming them.

Called by the flows and the comparison where a fact may be seen to by another flow, by another exchange or by a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from connector.ledger.tables import State


@dataclass(frozen=True)
class Standing:
    """What became of a fact in one flow so far."""

    flow: str
    key: str  # the business key
    state: State
    is_posted: bool  # a document of it is confirmed
    is_begun: bool  # one is being built or confirmed
    is_spared: bool  # a person discarded it: it shall not be carried, or was settled by hand
    is_left: bool  # a batch that M3 refused may still stand there: nobody has released the exchange since

    @property
    def is_seen_to(self) -> bool:
        """Whether the flow has posted it, or was spared it by a person who settled it by hand."""
        return self.is_posted or self.is_spared

    @property
    def is_under_way(self) -> bool:
        """Whether the flow is at it."""
        return self.state not in (State.DONE, State.DEAD_LETTER)

    @property
    def is_taken_up(self) -> bool:
        """Whether the flow has posted it, is at it, has begun it or was spared it.

        Also where it gave it up, while a batch M3 refused may still stand there, where a person could update it.
        """
        return self.is_seen_to or self.is_under_way or self.is_begun or self.is_left

    @property
    def is_minded(self) -> bool:
        """Whether the flow has posted it, is at it, asks a person about it or was spared it: nobody else has to see to it."""
        return self.is_seen_to or self.state is not State.DONE


_STANDINGS = text("""
SELECT e.flow, e.business_key, e.state,
    EXISTS (SELECT FROM document m WHERE m.exchange_id = e.id AND m.state = 'confirmed') AS is_posted,
    EXISTS (SELECT FROM document m WHERE m.exchange_id = e.id AND m.state IN ('building', 'confirming')) AS is_begun,
    EXISTS (SELECT FROM discard k WHERE k.exchange_id = e.id) AS is_spared,
    EXISTS (
        SELECT FROM document m WHERE m.exchange_id = e.id AND m.state = 'abandoned'
            AND EXISTS (SELECT FROM step h WHERE h.document_id = m.id AND h.name = 'book_head' AND h.state = 'done')
            AND NOT EXISTS (
                SELECT FROM audit a WHERE a.exchange_id = e.id AND a.action IN ('release', 'release_rebuild')
                    AND a.at > (SELECT max(t.intended_at) FROM step t WHERE t.document_id = m.id))
    ) AS is_left
FROM exchange e WHERE e.scope = :scope AND e.flow = ANY(:flows) AND e.business_key = ANY(:keys)
""")


def standings(connection: Connection, scope: str, *, flows: Sequence[str], keys: Sequence[str]) -> list[Standing]:
    """Returns where some facts stand in some flows; a fact that a flow was never told of has none."""
    rows = connection.execute(_STANDINGS, {"scope": scope, "flows": list(flows), "keys": list(keys)})
    return [
        Standing(row.flow, row.business_key, State(row.state), row.is_posted, row.is_begun, row.is_spared, row.is_left)
        for row in rows
    ]


def find_standing(connection: Connection, scope: str, *, flow: str, key: str) -> Standing | None:
    """Returns where one fact stands in a flow; None if the flow was never told of it."""
    return next(iter(standings(connection, scope, flows=[flow], keys=[key])), None)


def may_be_posted_yet(connection: Connection, scope: str, *, flow: str, key: str) -> bool:
    """Tells whether a flow is at a fact, or has begun it and waits for a person: it may still be posted."""
    one = find_standing(connection, scope, flow=flow, key=key)
    return one is not None and (one.is_under_way or (one.state is State.DEAD_LETTER and one.is_begun))


_STATE = text("SELECT state FROM exchange WHERE id = :id")


def standing_state(connection: Connection, exchange_id: int) -> State:
    """Returns where an exchange stands."""
    return State(connection.execute(_STATE, {"id": exchange_id}).scalar_one())


_SETTLED_AT = text("""
SELECT settled_at FROM exchange WHERE scope = :scope AND flow = :flow AND business_key = :business_key AND state = 'done'
""")


def settled_at(connection: Connection, scope: str, *, flow: str, business_key: str) -> datetime | None:
    """Returns when an exchange was last done; None if there is none, or it is under way."""
    values = {"scope": scope, "flow": flow, "business_key": business_key}
    moment: datetime | None = connection.execute(_SETTLED_AT, values).scalar_one_or_none()
    return moment
