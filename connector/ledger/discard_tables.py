"""The table of what people said shall not be carried across; kept by connector/ledger/discards.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from connector.ledger.base import NOW, Base


class Discard(Base):
    """The last word of a person about an exchange: not by the connector. It holds until a person releases it.

    `accepted` and `shown` are what the shop asked for when it was discarded, and what a person is shown now: digests and amounts
    (flows/discarded.py). Until something new is asked for, `delivery_id` says it, whose body is not purged.
    """

    __tablename__ = "discard"

    exchange_id: Mapped[int] = mapped_column(
        ForeignKey("exchange.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    order_id: Mapped[int | None] = mapped_column(index=True)  # of the shop; its mark says what was discarded of it
    delivery_id: Mapped[int | None] = mapped_column(index=True)  # the newest whole resource of then
    who: Mapped[str]
    why: Mapped[str]
    entered_as: Mapped[str | None] = mapped_column(index=True)  # what it is in M3 by that person's hand
    discarded_at: Mapped[datetime] = mapped_column(server_default=NOW)
    accepted: Mapped[dict[str, Any] | None]
    shown: Mapped[dict[str, Any] | None]
