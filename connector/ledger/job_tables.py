"""What periodic jobs leave in the ledger: which fail (job_troubles.py), and where one stopped (purging.py)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Computed, ForeignKey, String, text
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import NOW, Base


class PurgePlace(Base):
    """Where a purge stopped that had no time left; one row at most."""

    __tablename__ = "purge_place"

    kind: Mapped[str] = mapped_column(primary_key=True)
    after_id: Mapped[int]


class JobTrouble(Base):
    """A periodic job that fails for a store or as a whole, or did: since when, how often, why, and when it is tried again."""

    __tablename__ = "job_trouble"
    __table_args__ = (CheckConstraint("reason <> ''", name="has_reason"),)

    store: Mapped[str] = mapped_column(String(8), primary_key=True)  # empty: the job itself, whatever the store
    named_store: Mapped[str | None] = mapped_column(
        String(8), Computed("nullif(store, '')", persisted=True), ForeignKey("store.name")
    )
    job: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(server_default=NOW)
    last_at: Mapped[datetime] = mapped_column(server_default=NOW)
    count: Mapped[int] = mapped_column(server_default=text("1"))  # in a row
    code: Mapped[str]
    reason: Mapped[str]
    resolution: Mapped[str]
    needs_person: Mapped[bool]  # it does not go away by itself
    next_at: Mapped[datetime]  # not tried before
    told_at: Mapped[datetime | None]
    well_at: Mapped[datetime | None]  # null = it fails
