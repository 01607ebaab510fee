"""The table of what is known of M3's customers that the connector carries: which company each stands for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, text
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import NOW, Base


class CustomerIdentity(Base):
    """Which company a customer of M3 stands for, as digests; empty where it named none. No name, no number of a person."""

    __tablename__ = "customer_identity"

    m3_scope: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(10), primary_key=True)
    company: Mapped[str] = mapped_column(server_default=text("''"))
    vat_number: Mapped[str] = mapped_column(server_default=text("''"))
    learnt_at: Mapped[datetime] = mapped_column(server_default=NOW)
