"""The table that makes the audit trail hard to change unnoticed; the trail itself is `Audit` in tables.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import NOW, Base


class AuditSeal(Base):
    """A digest over some lines of the trail and the seal before: a line that is changed, removed or put in breaks it."""

    __tablename__ = "audit_seal"

    last_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # of the lines it covers
    first_id: Mapped[int] = mapped_column(unique=True)  # follows the last id of the seal before
    lines: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(server_default=NOW)
    removed_at: Mapped[datetime | None]  # its lines were removed by age; the digest stands for them
