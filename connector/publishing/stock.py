"""What quantity the shop shows: `publish.stock` of a store file."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from connector.publishing.strict import Strict, Text


class StockPublishing(Strict):
    """How M3's balances become the shop's stock."""

    warehouses: tuple[Text, ...] = ()  # summed; empty: the store's own
    buffer: Decimal = Field(default=Decimal(0), ge=0)  # kept back of every item, in selling units
