"""Read-only queries for people: exchanges, dead letters, the audit trail of one. Called by the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, TextClause, text


@dataclass(frozen=True)
class ExchangeRow:
    """One exchange in a listing."""

    id: int
    store: str
    flow: str
    business_key: str
    pool: str
    state: str
    tries: int
    reason_code: str
    reason: str
    resolution: str
    blocked_on: str | None
    due_at: datetime | None
    first_seen_at: datetime
    settled_at: datetime | None
    m3_number: str | None
    store_paused: bool


@dataclass(frozen=True)
class AuditRow:
    """One line of the audit trail."""

    id: int
    at: datetime
    store: str | None
    exchange_id: int | None
    claim_no: int | None
    who: str
    system: str
    action: str
    key: str
    before: dict[str, Any]
    after: dict[str, Any]
    why: str


@dataclass(frozen=True, kw_only=True)
class ExchangeFilter:
    """Which exchanges are wanted; None = all."""

    store: str | None = None
    state: str | None = None
    flow: str | None = None


_EXCHANGE_COLUMNS = """
SELECT e.id, e.store, e.flow, e.business_key, e.pool, e.state, e.tries, e.reason_code, e.reason, e.resolution,
       e.blocked_kind || ' ' || e.blocked_key AS blocked_on,
       CASE WHEN e.state IN ('ready', 'waiting', 'blocked')
            THEN greatest(e.next_attempt_at, e.not_before) END AS due_at,
       e.first_seen_at, e.settled_at,
       (SELECT d.final_number FROM document d
        WHERE d.exchange_id = e.id AND d.final_number IS NOT NULL ORDER BY d.id DESC LIMIT 1) AS m3_number,
       s.paused_by IS NOT NULL AS store_paused
FROM exchange e JOIN store s ON s.name = e.store
"""
_EXCHANGES = text(
    _EXCHANGE_COLUMNS
    + """
WHERE (CAST(:store AS varchar) IS NULL OR e.store = :store) AND (CAST(:state AS varchar) IS NULL OR e.state = :state)
  AND (CAST(:flow AS varchar) IS NULL OR e.flow = :flow)
ORDER BY e.id DESC LIMIT :most
"""
)
_SOME = text(_EXCHANGE_COLUMNS + "WHERE e.id = ANY(:ids) ORDER BY e.id")
_KEYED = text(
    _EXCHANGE_COLUMNS + "WHERE e.store = :store AND e.flow = :flow AND e.business_key = ANY(:keys) ORDER BY e.id"
)
_AUDIT_COLUMNS = "SELECT id, at, store, exchange_id, claim_no, who, system, action, key, before, after, why FROM audit "
_AUDIT_OF = text(_AUDIT_COLUMNS + "WHERE exchange_id = :id ORDER BY id")


def list_exchanges(connection: Connection, wanted: ExchangeFilter, *, most: int) -> list[ExchangeRow]:
    """Returns at most `most` exchanges that fit, newest first."""
    values = {"store": wanted.store, "state": wanted.state, "flow": wanted.flow, "most": most}
    return _exchanges(connection, _EXCHANGES, values)


def exchanges_by_id(connection: Connection, ids: list[int]) -> list[ExchangeRow]:
    """Returns these exchanges; unknown ids are left out."""
    return _exchanges(connection, _SOME, {"ids": ids})


def exchanges_by_key(connection: Connection, *, store: str, flow: str, keys: list[str]) -> list[ExchangeRow]:
    """Returns the exchanges of these business keys, such as shop order ids; unknown ones are left out."""
    return _exchanges(connection, _KEYED, {"store": store, "flow": flow, "keys": keys})


def _exchanges(connection: Connection, query: TextClause, values: dict[str, Any]) -> list[ExchangeRow]:
    return [ExchangeRow(**row) for row in connection.execute(query, values).mappings()]


def audit_of(connection: Connection, exchange_id: int) -> list[AuditRow]:
    """Returns the audit trail of one exchange, oldest first."""
    return [AuditRow(**row) for row in connection.execute(_AUDIT_OF, {"id": exchange_id}).mappings()]
