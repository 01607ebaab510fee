"""What quantity the shop shows: `publish.stock` of a store file."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from connector.publishing.strict import Strict, Text


class Backorders(StrEnum):
    """Whether the shop sells what is not there."""

    KEEP = "keep"  # as each product has it
    NO = "no"
    NOTIFY = "notify"  # yes, and says so to the buyer
    YES = "yes"


class ByHand(StrEnum):
    """What becomes of a quantity somebody changed in the shop, not an order and not we."""

    REPORT = "report"  # M3's figure is put back, and a person is told
    OVERWRITE = "overwrite"  # M3's figure is put back; the audit trail tells of it
    COUNT = "count"  # posted to M3 as a physical count (MMS310MI/Update)
    ADJUST = "adjust"  # posted to M3 as a difference (MMS850MI/AddAdjust)


class NotStocked(StrEnum):
    """What the shop shows of an item that M3 keeps no stock of (STCD 0 of MMS001)."""

    COUNT = "count"  # its balance, as of any other item
    INSTOCK = "instock"  # always to be had: the shop counts nothing
    ONBACKORDER = "onbackorder"
    OUTOFSTOCK = "outofstock"


class StatusRules(Strict):
    """What the shop shows beside a quantity. Of an item it counts, it makes the status itself from quantity and back-orders."""

    not_stocked: NotStocked = NotStocked.COUNT
    sold_out_from: Text = Field(
        default="", pattern=r"^([0-9]{2})?$"
    )  # STAT of the item: from here on none, no back-orders

    @property
    def asks_for_items(self) -> bool:
        """Whether what M3 says of the item itself is needed."""
        return self.not_stocked is not NotStocked.COUNT or bool(self.sold_out_from)


class Corrections(Strict):
    """What is done with corrections made by hand in the shop."""

    by_hand: ByHand = ByHand.REPORT
    location: Text = Field(default="", max_length=10)  # WHSL, where M3 books them
    reason: Text = Field(default="", max_length=3)  # RSCD; empty: M3's own
    partner: Text = Field(default="", max_length=17)  # E0PA of MMS865, for adjust
    most: Decimal = Field(default=Decimal(100), gt=0)  # basic units; a larger correction waits for a person

    @model_validator(mode="after")
    def _can_be_booked(self) -> Self:
        if self.by_hand in (ByHand.COUNT, ByHand.ADJUST) and not self.location:
            raise ValueError(f"by_hand: {self.by_hand} needs `location`, where M3 books the difference")
        if self.by_hand is ByHand.ADJUST and not self.partner:
            raise ValueError("by_hand: adjust needs `partner` (E0PA), as set up in MMS865")
        return self


class StockPublishing(Strict):
    """How M3's balances become the shop's stock."""

    warehouses: tuple[Text, ...] = ()  # summed; empty: the store's own
    buffer: Decimal = Field(default=Decimal(0), ge=0)  # kept back of every item, in units of the shop
    unit: Text = Field(default="", max_length=3)  # ALUN the shop sells in where an item has it; empty: the basic unit
    backorders: Backorders = Backorders.KEEP
    status: StatusRules = StatusRules()
    corrections: Corrections = Corrections()
