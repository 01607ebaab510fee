"""Lets a settled exchange be carried once more, for a person who doubts that the other side holds it. Called by `exchanges replay`.

Nothing is sent from here: the exchange is made due, in doubt, and its next run looks at ledger, shop and M3 before it writes
anything (`Claim.is_replay`). So what is there is found, and what is lacking is sent; never a second document.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from connector.errors import PermanentError
from connector.ledger.discards import DISCARDED
from connector.ledger.dispatch import DueMessage
from connector.ledger.succession import is_set_aside
from connector.ledger.tables import State


@dataclass(frozen=True)
class Sent:
    """A document of an exchange with what was meant by it: the content carried, amounts expected, or the lines of a batch."""

    kind: str
    state: str
    temporary_number: str | None
    final_number: str | None
    reference: str | None
    plan: dict[str, Any]


_LOCK = text("""
SELECT id, store, flow, business_key, state, reason_code, reason, pool, claim_no FROM exchange WHERE id = :id FOR UPDATE
""")
_REPLAY = text("""
UPDATE exchange SET state = 'ready', wanted_rev = wanted_rev + 1, doubt_rev = wanted_rev + 1, replay_rev = wanted_rev + 1,
    tries = 0, crashes = 0, next_attempt_at = ledger_now(), waiting_since = NULL, blocked_since = NULL,
    sent_at = ledger_now(), sends = 1
WHERE id = :id
""")
_NOTE = text("""
INSERT INTO audit (store, exchange_id, who, system, action, key, before, after, why)
VALUES (:store, :exchange_id, :who, 'ledger', 'replay', :key, CAST(:before AS jsonb), CAST(:after AS jsonb), :why)
""")
_SENT = text("""
SELECT kind, state, temporary_number, final_number, coalesce(yref, cuor) AS reference, plan
FROM document WHERE exchange_id = :id ORDER BY id
""")


def what_was_sent(connection: Connection, exchange_id: int) -> list[Sent]:
    """Returns the documents of an exchange, oldest first."""
    return [Sent(**row) for row in connection.execute(_SENT, {"id": exchange_id}).mappings()]


def replay(connection: Connection, exchange_id: int, *, who: str, why: str) -> DueMessage:
    """Stages that an exchange runs once more.

    Raises:
        PermanentError: It cannot: it is not over yet, waits for a person, or a person has decided about it.
    """
    row = connection.execute(_LOCK, {"id": exchange_id}).one_or_none()
    if row is None:
        raise PermanentError(
            f"There is no exchange {exchange_id}.", resolution="`connector exchanges list` shows the newest ones."
        )
    require_replayable(row)
    connection.execute(_REPLAY, {"id": exchange_id})
    before, after = {"state": row.state, "reason": row.reason}, {"state": State.READY}
    values = {"store": row.store, "exchange_id": row.id, "who": who, "key": row.business_key, "why": why}
    connection.execute(_NOTE, {**values, "before": json.dumps(before), "after": json.dumps(after)})
    return DueMessage(row.id, row.pool, row.claim_no)


def require_replayable(row: Row[Any] | Any) -> None:
    """Refuses what is not settled, and what a person has settled.

    Raises:
        PermanentError: Says why, and what to do instead.
    """
    if row.state == State.DEAD_LETTER:
        raise PermanentError(
            f"Exchange {row.id} waits for a person: {row.reason}",
            resolution=f"Do what its reason asks for, then: connector dead-letters release {row.id}",
        )
    if row.state != State.DONE:
        raise PermanentError(
            f"Exchange {row.id} is {row.state}: it is not over yet, and runs by itself.",
            resolution=f"`connector exchanges show {row.id}` says when and why.",
        )
    if row.reason_code == DISCARDED:
        raise PermanentError(
            f"A person decided that it shall not be carried. {row.reason}",
            resolution=f"To have it carried after all: connector dead-letters release {row.id}",
        )
    if is_set_aside(row.business_key):
        raise PermanentError(
            f"The shop has given the id of {row.business_key} to another order; what M3 holds of this one stays.",
            resolution="Replay the exchange of the order that has the id now, or correct this one in M3 by hand.",
        )
