"""What the ledger keeps of messages from M3 besides their delivery: whether one was taken before, and those nobody could use.

Called by connector/flows/event_intake.py, m3_news.py and the command line.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from connector.characters import legible

NEWEST = 10_000
"""Deliveries among which a message is looked for."""

_TAKE = text("""
INSERT INTO message (store, message_id, body_sha256) VALUES (:store, :message_id, :sha256)
ON CONFLICT DO NOTHING RETURNING store
""")
_LEAVE = text("DELETE FROM message WHERE store = :store AND message_id = :message_id AND body_sha256 = :sha256")
_HOLD = text("""
UPDATE exchange SET state = 'dead_letter', reason_code = :code, reason = :reason, resolution = :resolution,
    alerted_at = NULL, recheck_at = NULL, sent_at = NULL, settled_at = ledger_now()
WHERE id = :id AND state = 'ready'
""")
_ORDER = text("""
SELECT shop_key FROM binding WHERE kind = 'order' AND m3_scope = :m3_scope AND m3_key = :number AND shop_scope = :store
""")
_FIND = text("""
SELECT d.id, d.topic, d.note, d.exchange_id, e.state, e.reason, e.resolution
FROM delivery d LEFT JOIN exchange e ON e.id = d.exchange_id
WHERE d.id > (SELECT max(id) - :newest FROM delivery) AND d.store = :store AND d.source = 'ion'
  AND d.headers->>'messageId' = :message_id ORDER BY d.id DESC LIMIT 1
""")


def take_message(connection: Connection, store: str, *, message_id: str, sha256: str) -> bool:
    """Takes a message by its id and content; False if it was taken before.

    A second one at the same time waits for the first one's transaction. The content counts too: an id is the sender's word.
    """
    values = {"store": store, "message_id": message_id, "sha256": sha256}
    return connection.execute(_TAKE, values).one_or_none() is not None


def leave_message(connection: Connection, store: str, *, message_id: str, sha256: str) -> None:
    """Stages that a message was not taken after all: sent again, it is looked at anew."""
    connection.execute(_LEAVE, {"store": store, "message_id": message_id, "sha256": sha256})


def hold_for_person(connection: Connection, exchange_id: int, *, code: str, reason: str, resolution: str) -> None:
    """Stages that an exchange waits for a person from the start; one that a worker has already is left to it."""
    values = {"id": exchange_id, "code": code, "reason": legible(reason), "resolution": legible(resolution)}
    connection.execute(_HOLD, values)


def find_shop_order(connection: Connection, store: str, *, m3_scope: str, number: str) -> str | None:
    """Returns the id of the store's order that is bound to an order number of M3, or None."""
    values = {"store": store, "m3_scope": m3_scope, "number": number}
    return connection.execute(_ORDER, values).scalar_one_or_none()


@dataclass(frozen=True)
class Taken:
    """What became of a message: its delivery and, if a person has to look, the exchange that waits."""

    delivery_id: int
    document: str
    note: str
    exchange_id: int | None
    state: str | None
    reason: str | None
    resolution: str | None


def find_message(connection: Connection, store: str, *, message_id: str) -> Taken | None:
    """Returns what became of a message that just came, or None if there is none with this id among the newest."""
    values = {"store": store, "message_id": message_id, "newest": NEWEST}
    row = connection.execute(_FIND, values).one_or_none()
    return None if row is None else Taken(*row)
