"""The exchange rates read from M3; used by connector/ledger/rates.py."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import NOW, Base


class ExchangeRate(Base):
    """What M3 says a currency is worth in a division's own from a day on; the newest reading of it."""

    __tablename__ = "exchange_rate"
    __table_args__ = (CheckConstraint("value > 0", name="is_positive"),)

    m3_scope: Mapped[str] = mapped_column(primary_key=True)
    division: Mapped[str] = mapped_column(String(3), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    local_currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    rate_type: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[Decimal]
    method: Mapped[int]  # DMCU, as M3 states it
    factor: Mapped[int]  # RAFA, as M3 states it
    read_at: Mapped[datetime] = mapped_column(server_default=NOW)
