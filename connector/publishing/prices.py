"""Which price lists the shop shows, and how: `publish.prices` of a store file. Read by the price flow."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from connector.publishing.strict import Strict, Text

STANDARD = "standard"
"""The name of the shop's first tax class, which the shop itself shows as an empty text."""

Rate = Annotated[Decimal, Field(ge=0, lt=100)]


class ZeroPrice(StrEnum):
    """What a price of 0 in M3 means."""

    REFUSE = "refuse"  # that nobody has set it yet: the item is shown to people, the shop's price stays
    PUBLISH = "publish"  # that the item is free


class PricesPublishing(Strict):
    """How M3's price lists become the shop's prices."""

    price_list: Text = Field(min_length=1, max_length=10)  # PRRF; its prices for everybody, not those of a customer
    currency: str = Field(pattern="^[A-Z]{3}$")  # CUCD; the one the shop sells in
    campaign_list: Text = Field(default="", max_length=10)  # PRRF of sale prices; empty: they are the shop's own
    list_includes_tax: bool | None = None  # None: as M3 says of the list (TINC)
    shop_includes_tax: bool = False  # woocommerce_prices_include_tax: are prices entered with tax
    tax_rates: dict[str, Rate] = Field(
        default_factory=dict
    )  # percent by the shop's tax class; only where the two differ
    zero: ZeroPrice = ZeroPrice.REFUSE
    decimals: int | None = Field(default=None, ge=0, le=6)  # None: those of the currency (CRS055)
    timezone: str = ""  # the shop's, in which a sale begins and ends; empty: the division's

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value or "UTC")
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is no time zone; use a name like Europe/Zagreb") from None
        return value

    def tax_rate(self, tax_class: str, *, is_taxed: bool) -> Decimal | None:
        """Returns the tax of a product in percent, 0 for one that is not taxed; None if its class is not in the table."""
        return self.tax_rates.get(tax_class or STANDARD) if is_taxed else Decimal(0)
