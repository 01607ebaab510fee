"""The table of what the daily comparisons with M3's books found; read by connector/ledger/reconciliations.py."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import NOW, Base


class Reconciliation(Base):
    """One day of a store as it was last compared: the figures, and the first of the rows that differ."""

    __tablename__ = "reconciliation"
    __table_args__ = (CheckConstraint("unexplained <= facts", name="unexplained_are_facts"),)

    store: Mapped[str] = mapped_column(String(8), ForeignKey("store.name"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    compared_at: Mapped[datetime] = mapped_column(server_default=NOW)
    facts: Mapped[int]
    equal: Mapped[int]
    unexplained: Mapped[int]
    figures: Mapped[dict[str, Any]]
    rows: Mapped[list[Any]]
