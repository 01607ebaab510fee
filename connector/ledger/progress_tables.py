"""The table of how far orders are in M3; read by connector/ledger/order_progress.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import Base


class OrderProgress(Base):
    """What was last seen of a posted order in M3, and which facts the shop's order was told in notes."""

    __tablename__ = "order_progress"

    binding_id: Mapped[int] = mapped_column(ForeignKey("binding.id", ondelete="CASCADE"), primary_key=True)
    seen: Mapped[str] = mapped_column(server_default=text("''"))  # its lines in short; a poll compares with it
    told: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    moved_at: Mapped[datetime | None]  # when its lines were last seen to move; none: not since the order was posted
    asked_at: Mapped[datetime | None]  # when a poll last asked about it, kept once it stands still for a day
    finished_at: Mapped[datetime | None]  # nothing is to come: polls leave it out
