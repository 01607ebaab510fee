"""The tables of the ledger (design section 5); read by every module of connector/ledger and by the migrations.

Rules that must hold are constraints here, not code elsewhere. All times are aware UTC and come from the SQL
function `ledger_now()` (clock_timestamp plus an offset that only tests set), never from a worker's clock.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NOW = text("ledger_now()")


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


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this attribute by name
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        bytes: LargeBinary,
        int: BigInteger,
    }


def _one_of(column: str, members: type[StrEnum], name: str) -> CheckConstraint:
    values = ", ".join(f"'{member}'" for member in members)
    return CheckConstraint(f"{column} IN ({values})", name=name)


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
        _one_of("state", State, "state"),
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
    blocked_kind: Mapped[str | None]
    blocked_key: Mapped[str | None]
    reason_code: Mapped[str] = mapped_column(server_default=text("''"))
    reason: Mapped[str] = mapped_column(server_default=text("''"))
    resolution: Mapped[str] = mapped_column(server_default=text("''"))
    rebuild: Mapped[bool] = mapped_column(server_default=text("false"))  # a person allowed a second document
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
        _one_of("state", DocumentState, "state"),
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
        _one_of("state", StepState, "state"),
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


class Item(Base):
    """What M3 said about the item behind a shop SKU, or the item a person mapped it to."""

    __tablename__ = "item"

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    sku: Mapped[str] = mapped_column(primary_key=True)
    item_number: Mapped[str] = mapped_column(String(15))
    mapped_by_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # empty = to be read from M3
    read_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Offer(Base):
    """What is to be carried to the shop of one M3 item by one batch flow, and what was written there last."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("problem_code IS NULL OR problem <> ''", name="problem_has_words"),
        Index("ix_offer_due", "store", "flow", "due_at", "item_number", postgresql_where=text("wanted_rev > done_rev")),
        Index("ix_offer_problem", "store", "flow", "item_number", postgresql_where=text("problem_code IS NOT NULL")),
    )

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    flow: Mapped[str] = mapped_column(primary_key=True)
    item_number: Mapped[str] = mapped_column(primary_key=True)
    wanted_rev: Mapped[int] = mapped_column(server_default=text("1"))
    done_rev: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(server_default=NOW)  # since when it is due
    marked_at: Mapped[datetime] = mapped_column(server_default=NOW)  # when something was last heard of it
    retry_at: Mapped[datetime | None]  # due, but not to be taken before
    unsure_until: Mapped[datetime | None]  # until then a write whose answer was lost may still arrive
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    source: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # what M3 said, where that is kept
    source_hash: Mapped[str | None]
    read_at: Mapped[datetime | None]  # when M3 was read for what was written
    written: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # the values last written to the shop
    written_at: Mapped[datetime | None]
    problem_code: Mapped[str | None]
    problem: Mapped[str | None]
    remedy: Mapped[str | None]
    problem_since: Mapped[datetime | None]


class Product(Base):
    """Which product of the shop an M3 item is."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("store", "product_id", name="uq_product_shop"),
        CheckConstraint("kind IN ('simple', 'variable', 'variation')", name="kind"),
        CheckConstraint("(kind = 'variation') = (parent_id IS NOT NULL)", name="variation_has_parent"),
        Index("ix_product_sku", "store", text("lower(sku)")),
        Index("ix_product_parent", "store", "parent_id"),
    )

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    item_number: Mapped[str] = mapped_column(primary_key=True)
    sku: Mapped[str]
    product_id: Mapped[int]
    parent_id: Mapped[int | None]  # of a variation
    kind: Mapped[str]
    bound_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Sale(Base):
    """What one order of the shop took from its stock, as its newest body says; open while M3 may not have allocated it."""

    __tablename__ = "sale"
    __table_args__ = (Index("ix_sale_open", "store", "order_id", postgresql_where=text("is_open")),)

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    delivery_id: Mapped[int]  # the newest delivery that was stored when the order was read; -1: not read yet
    holds: Mapped[bool]  # in its status M3 is to get it
    is_open: Mapped[bool]
    lines: Mapped[list[Any]]  # product_id, sku, units
    seen_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Sold(Base):
    """How much of a product orders took from the shop's stock in all that is known."""

    __tablename__ = "sold"

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    units: Mapped[Decimal] = mapped_column(Numeric)


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


class Token(Base):
    """The sealed access token of one M3 client, shared by all workers and renewed by one of them at a time."""

    __tablename__ = "token"

    client: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes | None]
    expires_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("0"))
    renewing_until: Mapped[datetime | None]


class Message(Base):
    """A message of ION that was taken and was well: the same id and content again call for nothing."""

    __tablename__ = "message"

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Watermark(Base):
    """The newest version taken of one document of M3; a deleted one keeps its number, so that nothing older revives it."""

    __tablename__ = "watermark"

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    tenant: Mapped[str] = mapped_column(primary_key=True)
    noun: Mapped[str] = mapped_column(primary_key=True)
    accounting_entity: Mapped[str] = mapped_column(primary_key=True)
    location: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(primary_key=True)
    variation_id: Mapped[int]
    is_deleted: Mapped[bool] = mapped_column(server_default=text("false"))
    seen_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Tenure(Base):
    """Whether this installation writes for a store: what M3 was last seen to say, and what this ledger may have forgotten."""

    __tablename__ = "tenure"

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    installation: Mapped[str] = mapped_column(String(12))  # drawn by this ledger; a copy of the ledger has it too
    stamp: Mapped[str | None] = mapped_column(String(12))  # what M3's row said when last seen, behind the installation
    next_stamp: Mapped[str | None] = mapped_column(String(12))  # being written; M3 may have it or not
    held_at: Mapped[datetime | None]  # when M3's row was last seen to be ours
    looking_until: Mapped[datetime | None]  # one worker at a time looks; none before this moment
    contested_at: Mapped[datetime | None]  # since when we wait whether another installation is at work
    known_since: Mapped[datetime | None]  # M3 may hold orders from before of which this ledger knows nothing
    takes_over: Mapped[bool] = mapped_column(server_default=text("false"))  # a person said that the other is gone


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
