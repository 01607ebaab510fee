"""What people said shall not be carried across, and what the shop asked for then. Called by people.py, the claim and the flows.

A discard holds whatever the shop says later: only a person takes it back, or a document of the other side that counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.prepared import Prepared

DISCARDED = "discarded"
"""The reason code of an exchange that ended because a person said so."""
FORGOTTEN = "forgotten"
"""What was asked for, of a discard that this ledger had forgotten and found again on the shop's order."""


@dataclass(frozen=True)
class Discard:
    """A person's word, and what it was about; see discard_tables.py."""

    who: str
    why: str
    at: datetime
    delivery_id: int | None = None
    accepted: dict[str, Any] | None = None
    shown: dict[str, Any] | None = None
    entered_as: str | None = None

    @property
    def is_found_again(self) -> bool:
        """Whether the ledger was put back to before it, and nobody has said since what it was about."""
        return self.accepted is not None and self.accepted["asks"] == FORGOTTEN

    @property
    def words(self) -> str:
        """Who said so, when and why, and what it is in M3 by that person's hand."""
        number = "" if self.entered_as is None else f", in M3 as {self.entered_as}"
        return f"Discarded by {self.who} on {self.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC{number}: {self.why}"


@dataclass(frozen=True)
class Told:
    """A delivery as it was kept; its body may be left out, or forgotten with somebody's data."""

    body: bytes | None
    content_hash: str | None


_KEEP = text(f"""
INSERT INTO discard AS k (exchange_id, order_id, delivery_id, who, why, entered_as)
SELECT id, :order_id, newest_delivery_id, :who, :why, :entered_as FROM exchange WHERE id = :id
ON CONFLICT (exchange_id) DO UPDATE SET delivery_id = excluded.delivery_id, who = excluded.who, why = excluded.why,
    entered_as = coalesce(excluded.entered_as, k.entered_as), discarded_at = excluded.discarded_at,
    accepted = coalesce(k.shown, CASE WHEN k.accepted ->> 'asks' <> '{FORGOTTEN}' THEN k.accepted END), shown = NULL
RETURNING discarded_at AS at, entered_as
""")
_WITHDRAW = text("DELETE FROM discard WHERE exchange_id = :id RETURNING exchange_id")
_FIND = text("""
SELECT k.who, k.why, k.discarded_at AS at, k.entered_as
FROM discard k JOIN exchange e ON e.id = k.exchange_id
WHERE e.scope = :scope AND e.flow = :flow AND e.business_key = :business_key
""")
_TOLD = text("SELECT body, content_hash FROM delivery WHERE id = :id")

NOTE = Prepared(
    "discard_note",
    "UPDATE discard SET accepted = CAST(:accepted AS jsonb), shown = CAST(:shown AS jsonb) WHERE exchange_id = :exchange_id",
    types={"exchange_id": "bigint"},
)
"""Keeps what was discarded and what a person is shown now; staged by the journal."""
FORGET = Prepared(
    "discard_forget", "DELETE FROM discard WHERE exchange_id = :exchange_id", types={"exchange_id": "bigint"}
)
"""Ends a discard because the other side has the fact after all; staged by the journal."""


def keep(
    connection: Connection, exchange_id: int, *, order_id: int | None, who: str, why: str, entered_as: str | None = None
) -> str:
    """Stages that a person discarded an exchange as the shop's side is known now; returns that in words."""
    values = {"id": exchange_id, "order_id": order_id, "who": who, "why": why, "entered_as": entered_as}
    row = connection.execute(_KEEP, values).one()
    return Discard(who, why, row.at, entered_as=row.entered_as).words


def withdraw(connection: Connection, exchange_id: int) -> bool:
    """Stages that a person takes a discard back; False if there is none."""
    return connection.execute(_WITHDRAW, {"id": exchange_id}).one_or_none() is not None


def find(connection: Connection, scope: str, *, flow: str, business_key: str) -> Discard | None:
    """Returns what a person said of a fact, if it was discarded and not released since; not what it asked for."""
    values = {"scope": scope, "flow": flow, "business_key": business_key}
    row = connection.execute(_FIND, values).one_or_none()
    return None if row is None else Discard(**row._mapping)


def read_told(connection: Connection, delivery_id: int | None) -> Told:
    """Returns what a delivery told; nothing, if there was none."""
    row = connection.execute(_TOLD, {"id": delivery_id}).one_or_none()
    if row is None:
        return Told(None, None)
    return Told(None if row.body is None else bytes(row.body), row.content_hash)
