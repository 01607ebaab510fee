"""What becomes of a refund in M3: `refunds` of a store file. Read by config.py and the flow of refunds."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from connector.publishing.strict import Strict, Text


class CreditItem(Strict):
    """A non-stock item of M3 that carries money given back at one VAT rate (percent)."""

    rate: Decimal
    item: Text = Field(min_length=1, max_length=15)


class BeforeInvoice(StrEnum):
    """What becomes of money given back without goods while M3 has picked nothing of the order."""

    WAIT = "wait"  # a credit order, once the order is invoiced
    CHARGE = "charge"  # a negative head charge on the order itself


class RefundsConfig(Strict):
    """What becomes of a refund."""

    return_order_type: Text = Field(max_length=3)
    credit_order_type: Text = Field(max_length=3)
    credit_items: tuple[CreditItem, ...]
    return_reason: Text = Field(default="", max_length=3)
    credit_reason: Text = Field(default="", max_length=3)
    warehouse: Text = Field(default="", max_length=3)
    restocked_location: Text = Field(default="", max_length=10)
    other_location: Text = Field(default="", max_length=10)
    look_back_days: int = Field(default=60, ge=1, le=365)
    before_invoice: BeforeInvoice = BeforeInvoice.WAIT

    def credit_item(self, rate: Decimal) -> str | None:
        """Returns the item for money at VAT `rate`, or None if none is configured."""
        return next((one.item for one in self.credit_items if one.rate == rate), None)
