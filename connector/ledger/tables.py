"""The tables everything rests on (design section 5): stores, exchanges and what they did; read by the modules of connector/ledger.

Rules that must hold are constraints here, not code elsewhere. What items and messages of M3 need stands in item_tables.py and
m3_tables.py; ledger/metadata.py knows them all.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import NOW, Base, one_of


class State(StrEnum):
    """Where an exchange stands; every one is done, waiting with a time, or waiting for a person."""

    READY = "ready"  # due; a message is or will be on its way
    RUNNING = "running"  # claimed by a worker until lease_until
    WAITING = "waiting"  # tried; due again at next_attempt_at, not before not_before
    BLOCKED = "blocked"  # waits for another exchange to settle; looked at again by itself
    DEAD_LETTER = "dead_letter"  # waits for a person
    DONE = "done"


class DocumentState(StrEnum):
    """How far a document of the other side was taken."""

    BUILDING = "building"  # no Confirm was ever intended: may be deleted and built anew
    CONFIRMING = "confirming"  # a Confirm was intended: no machine deletes or replaces it
    CONFIRMED = "confirmed"
    ABANDONED = "abandoned"  # deleted, or never came to be


class StepState(StrEnum):
    """What is known of one remote write."""

    INTENDED = "intended"  # committed before sending; if found later, the outcome is unknown
    DONE = "done"
    REFUSED = "refused"  # the other side answered that it did not execute it
    UNKNOWN = "unknown"  # sent, answer not seen


class Store(Base):
    """One shop bound to one M3 company and division. The configuration text is kept here so that every host has it."""

    __tablename__ = "store"
    __table_args__ = (CheckConstraint("name ~ '^[a-z0-9]{1,8}$'", name="name"),)

    name: Mapped[str] = mapped_column(String(8), primary_key=True)
    shop_url: Mapped[str]
    config: Mapped[str]
    config_source: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    paused_by: Mapped[str | None]  # null = running, "person" or "connector"
    paused_reason: Mapped[str | None]
    told_reason: Mapped[str | None]  # the pause people were last told of
    probe_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Credential(Base):
    """One sealed secret of a store."""

    __tablename__ = "credential"

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    changed_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Exchange(Base):
    """One business fact to carry across. `scope` is the store, or the M3 company for facts that stores share."""

    __tablename__ = "exchange"
    __table_args__ = (
        UniqueConstraint("scope", "flow", "business_key", name="uq_exchange_scope_flow_key"),
        one_of("state", State, "state"),
        CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="running_has_lease"),
        CheckConstraint("(state = 'blocked') = (blocked_kind IS NOT NULL)", name="blocked_on_something"),
        CheckConstraint("state <> 'dead_letter' OR reason <> ''", name="dead_letter_has_reason"),
        Index(
            "ix_exchange_due",
            "pool",
            "next_attempt_at",
            postgresql_where=text("state IN ('ready','waiting','blocked')"),
        ),
        # By id, not by lease_until: a renewal then changes no index and stays a cheap in-page update.
        Index("ix_exchange_running", "id", postgresql_where=text("state = 'running'")),
        Index("ix_exchange_blocked", "blocked_kind", "blocked_key", postgresql_where=text("state = 'blocked'")),
        Index("ix_exchange_listing", "store", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    store: Mapped[str] = mapped_column(ForeignKey("store.name"))
    scope: Mapped[str]
    flow: Mapped[str]
    business_key: Mapped[str]
    pool: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'ready'"))
    wanted_rev: Mapped[int] = mapped_column(server_default=text("1"))
    done_rev: Mapped[int] = mapped_column(server_default=text("0"))
    doubt_rev: Mapped[int] = mapped_column(server_default=text("0"))  # bodies stored up to here are not believed
    due_delivery_id: Mapped[int | None]  # the delivery that last made it due
    newest_delivery_id: Mapped[int | None]
    newest_hash: Mapped[str | None]
    newest_modified_at: Mapped[datetime | None]
    fingerprint: Mapped[str | None]  # of the mapped fields that the other side is known to hold
    claim_no: Mapped[int] = mapped_column(server_default=text("0"))  # the fencing token: rises, never falls
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    crashes: Mapped[int] = mapped_column(server_default=text("0"))  # in a row
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=NOW)
    not_before: Mapped[datetime | None]
    recheck_at: Mapped[datetime | None]  # a dead letter that may cure itself is looked at again then
    waiting_since: Mapped[datetime | None]  # start of a wait that spends no tries, for its deadline
    blocked_since: Mapped[datetime | None]  # on another exchange or M3's invoice, whatever its runs met since
    blocked_kind: Mapped[str | None]
    blocked_key: Mapped[str | None]
    reason_code: Mapped[str] = mapped_column(server_default=text("''"))
    reason: Mapped[str] = mapped_column(server_default=text("''"))
    resolution: Mapped[str] = mapped_column(server_default=text("''"))
    rebuild: Mapped[bool] = mapped_column(server_default=text("false"))  # a person allowed a second document
    replay_rev: Mapped[int | None]  # a person wants it carried once more; until it is done the runs ask M3 first
    tidy_rev: Mapped[int | None]  # at this wanted_rev the next run only clears up in M3: the dead letter stays one
    sent_at: Mapped[datetime | None]
    sends: Mapped[int] = mapped_column(server_default=text("0"))  # messages since the last claim
    alerted_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime] = mapped_column(server_default=NOW)
    settled_at: Mapped[datetime | None]


class Delivery(Base):
    """One thing we were told, as received. Never dropped by a key; bodies above the limit keep only their hash."""

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_exchange", "exchange_id", "id"), Index("ix_delivery_received", "received_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    store: Mapped[str] = mapped_column(ForeignKey("store.name"))
    exchange_id: Mapped[int | None] = mapped_column(ForeignKey("exchange.id"))
    source: Mapped[str]
    topic: Mapped[str]
    kind: Mapped[str]
    resource_id: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(server_default=NOW)
    headers: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    body: Mapped[bytes | None]
    body_size: Mapped[int]
    body_sha256: Mapped[str]
    content_hash: Mapped[str | None]
    modified_at: Mapped[datetime | None]
    is_full: Mapped[bool]
    note: Mapped[str] = mapped_column(server_default=text("''"))  # why nothing was to be done, or what is odd


class Document(Base):
    """One thing begun on the other side (a batch order, a customer, a write-back), with its references as sent."""

    __tablename__ = "document"
    __table_args__ = (
        one_of("state", DocumentState, "state"),
        Index("uq_document_live", "exchange_id", unique=True, postgresql_where=text("state <> 'abandoned'")),
        Index("uq_document_temporary", "m3_scope", "temporary_number", unique=True),
        CheckConstraint("state <> 'confirmed' OR final_number IS NOT NULL", name="confirmed_has_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"), index=True)
    kind: Mapped[str]
    m3_scope: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'building'"))
    temporary_number: Mapped[str | None]
    final_number: Mapped[str | None]
    cuno: Mapped[str | None]
    yref: Mapped[str | None]
    cuor: Mapped[str | None]
    ordt: Mapped[date | None]
    plan: Mapped[dict[str, Any]] = mapped_column(
        server_default=text("'{}'")
    )  # what was meant, for proof and for showing
    begun_at: Mapped[datetime] = mapped_column(server_default=NOW)
    ended_at: Mapped[datetime | None]


class Step(Base):
    """One remote write of a document, committed as intended before it is sent (document + step = idempotency table)."""

    __tablename__ = "step"
    __table_args__ = (
        UniqueConstraint("document_id", "revision", "name", "part", name="uq_step_document_revision_name_part"),
        one_of("state", StepState, "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    revision: Mapped[int]
    name: Mapped[str]
    part: Mapped[int] = mapped_column(server_default=text("0"))
    state: Mapped[str] = mapped_column(server_default=text("'intended'"))
    claim_no: Mapped[int]
    request_digest: Mapped[str]
    result: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    told: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))  # for the audit, till its end
    intended_at: Mapped[datetime] = mapped_column(server_default=NOW)
    finished_at: Mapped[datetime | None]


class Attempt(Base):
    """One run of an exchange by a worker, with how it ended."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("exchange_id", "claim_no", name="uq_attempt_exchange_claim"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"))
    claim_no: Mapped[int]
    revision: Mapped[int]
    worker: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=NOW)
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    code: Mapped[str | None]
    message: Mapped[str | None]
    detail: Mapped[str | None]  # traceback of a bug


class Binding(Base):
    """The stored pair of a shop id and an M3 key, unique both ways."""

    __tablename__ = "binding"
    __table_args__ = (
        UniqueConstraint("kind", "shop_scope", "shop_key", name="uq_binding_shop"),
        UniqueConstraint("kind", "m3_scope", "m3_key", name="uq_binding_m3"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    shop_scope: Mapped[str]
    shop_key: Mapped[str]
    m3_scope: Mapped[str]
    m3_key: Mapped[str]
    exchange_id: Mapped[int | None] = mapped_column(ForeignKey("exchange.id"))
    bound_at: Mapped[datetime] = mapped_column(server_default=NOW)


class OrderLine(Base):
    """The line number (CUPO) given once to a line of an order, with the shop lines it stands for. Never reused."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("exchange_id", "line_key", name="uq_order_line_key"),
        CheckConstraint("cupo BETWEEN 1 AND 9999999", name="cupo_fits_seven_digits"),
    )

    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id"), primary_key=True)
    cupo: Mapped[int] = mapped_column(primary_key=True)
    line_key: Mapped[str]
    shares: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))


class FlowPause(Base):
    """A flow of a store that stands still until a person looked; everything else of the store goes on."""

    __tablename__ = "flow_pause"

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    flow: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    resolution: Mapped[str]
    missing_ids: Mapped[list[Any]]  # resources of the shop whose absence is believed when the flow is resumed
    paused_at: Mapped[datetime] = mapped_column(server_default=NOW)
    told_at: Mapped[datetime | None]


class Cursor(Base):
    """How far a poll has surely read, and how far one under way has come."""

    __tablename__ = "cursor"

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    progress: Mapped[dict[str, Any] | None]  # of the poll under way: where the next run goes on
    moved_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Slot(Base):
    """One turn of a periodic job: taken over when its worker dies, never run twice."""

    __tablename__ = "slot"

    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[datetime] = mapped_column(primary_key=True)
    worker: Mapped[str]
    lease_until: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Audit(Base):
    """Every write to either system: who, what, before, after, when, why, which attempt."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_exchange", "exchange_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    store: Mapped[str | None]
    exchange_id: Mapped[int | None] = mapped_column(ForeignKey("exchange.id"))
    claim_no: Mapped[int | None]
    who: Mapped[str]
    system: Mapped[str]  # "m3", "shop" or "ledger"
    action: Mapped[str]
    key: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    after: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    why: Mapped[str] = mapped_column(server_default=text("''"))


class ClockOffset(Base):
    """Empty in every deployment; a test puts one row here to move the ledger's clock."""

    __tablename__ = "clock_offset"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, server_default=text("1"))
    seconds: Mapped[float]
