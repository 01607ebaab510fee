"""The whole story of one exchange, read for a person; called by `exchanges show` and `dead-letters show`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.listing import AuditRow, ExchangeRow, audit_of, exchanges_by_id


@dataclass(frozen=True)
class DeliveryRow:
    """One delivery, without its body."""

    id: int
    received_at: datetime
    source: str
    topic: str
    is_full: bool
    body_size: int
    modified_at: datetime | None
    is_newest: bool
    note: str


@dataclass(frozen=True)
class AttemptRow:
    """One run by a worker."""

    claim_no: int
    revision: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    code: str | None
    message: str | None
    detail: str | None


@dataclass(frozen=True)
class DocumentRow:
    """One document begun on the other side, with its references as sent."""

    id: int
    kind: str
    state: str
    temporary_number: str | None
    final_number: str | None
    cuno: str | None
    yref: str | None
    cuor: str | None
    ordt: date | None
    begun_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class StepRow:
    """One remote write."""

    document_id: int
    revision: int
    name: str
    part: int
    state: str
    claim_no: int
    intended_at: datetime
    finished_at: datetime | None
    result: dict[str, Any]


@dataclass(frozen=True)
class BindingRow:
    """One stored pair of ids."""

    kind: str
    shop_scope: str
    shop_key: str
    m3_scope: str
    m3_key: str
    bound_at: datetime


@dataclass(frozen=True)
class SideRow:
    """A part of what a person is shown: as the other side was brought to it, and as the shop has it. May be a buyer's."""

    part: str
    carried: Any
    in_shop: Any


@dataclass(frozen=True)
class Story:
    """Everything the ledger knows of one exchange but the bodies."""

    exchange: ExchangeRow
    deliveries: tuple[DeliveryRow, ...]
    attempts: tuple[AttemptRow, ...]
    documents: tuple[DocumentRow, ...]
    steps: tuple[StepRow, ...]
    bindings: tuple[BindingRow, ...]
    sides: tuple[SideRow, ...]
    audit: tuple[AuditRow, ...]


_DELIVERIES = text("""
SELECT d.id, d.received_at, d.source, d.topic, d.is_full, d.body_size, d.modified_at,
       d.id IS NOT DISTINCT FROM e.newest_delivery_id AS is_newest, d.note
FROM delivery d JOIN exchange e ON e.id = d.exchange_id WHERE e.id = :id ORDER BY d.id
""")
_ATTEMPTS = text("""
SELECT claim_no, revision, worker, started_at, ended_at, outcome, code, message, detail
FROM attempt WHERE exchange_id = :id ORDER BY claim_no
""")
_DOCUMENTS = text("""
SELECT id, kind, state, temporary_number, final_number, cuno, yref, cuor, ordt, begun_at, ended_at
FROM document WHERE exchange_id = :id ORDER BY id
""")
_STEPS = text("""
SELECT t.document_id, t.revision, t.name, t.part, t.state, t.claim_no, t.intended_at, t.finished_at, t.result
FROM step t JOIN document d ON d.id = t.document_id WHERE d.exchange_id = :id ORDER BY t.id
""")
_BINDINGS = text("""
SELECT kind, shop_scope, shop_key, m3_scope, m3_key, bound_at FROM binding WHERE exchange_id = :id ORDER BY id
""")
_PLAN = text("SELECT plan FROM document WHERE exchange_id = :id AND state <> 'abandoned' AND plan ? 'shown'")
_BODY = text("""
SELECT d.body FROM exchange e JOIN delivery d ON d.id = e.newest_delivery_id WHERE e.id = :id
""")


def tell_story(connection: Connection, exchange_id: int) -> Story | None:
    """Returns everything about one exchange in the order it happened, or None if there is no such exchange."""
    found = exchanges_by_id(connection, [exchange_id])
    if not found:
        return None
    values = {"id": exchange_id}
    return Story(
        exchange=found[0],
        deliveries=tuple(DeliveryRow(**row) for row in connection.execute(_DELIVERIES, values).mappings()),
        attempts=tuple(AttemptRow(**row) for row in connection.execute(_ATTEMPTS, values).mappings()),
        documents=tuple(DocumentRow(**row) for row in connection.execute(_DOCUMENTS, values).mappings()),
        steps=tuple(StepRow(**row) for row in connection.execute(_STEPS, values).mappings()),
        bindings=tuple(BindingRow(**row) for row in connection.execute(_BINDINGS, values).mappings()),
        sides=tuple(_sides_of(connection.execute(_PLAN, values).scalar_one_or_none())),
        audit=tuple(audit_of(connection, exchange_id)),
    )


def _sides_of(plan: dict[str, Any] | None) -> Iterator[SideRow]:
    """Yields what differs between what was carried, or settled since, and what a person is shown (flows/acceptance.py)."""
    if plan is None:
        return
    carried, shown = plan.get("accepted", plan)["content"], plan["shown"]["content"]
    for part in sorted(carried.keys() & shown.keys()):
        if carried[part] != shown[part]:
            yield SideRow(part, carried[part], shown[part])


def newest_body(connection: Connection, exchange_id: int) -> bytes | None:
    """Returns the newest stored body of an exchange as it was received; it holds a person's data."""
    body = connection.execute(_BODY, {"id": exchange_id}).scalar_one_or_none()
    return None if body is None else bytes(body)
