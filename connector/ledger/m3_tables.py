"""The tables of what M3 gave or told: access tokens, messages, versions of documents, and who writes for a store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import NOW, Base


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
