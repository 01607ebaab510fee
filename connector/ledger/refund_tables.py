"""The table of what refunds take off orders that M3 has not picked; read by connector/ledger/reductions.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import NOW, Base


class OrderReduction(Base):
    """What one refund takes off its order in M3 instead of a return; it holds as long as the shop lists the refund."""

    __tablename__ = "order_reduction"

    store: Mapped[str] = mapped_column(ForeignKey("store.name"), primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    refund_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    exchange_id: Mapped[int] = mapped_column(ForeignKey("exchange.id", ondelete="CASCADE"))  # the refund's
    content: Mapped[dict[str, Any]]  # decimals, now, later: see flows/refunds/unpicked.py
    noted_at: Mapped[datetime] = mapped_column(server_default=NOW)
