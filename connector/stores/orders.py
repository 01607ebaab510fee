"""What becomes of an order in M3: `orders` of a store file. Read by config.py; its names by the flows of orders."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import Field, field_validator, model_validator

from connector.publishing.strict import Strict, Text
from connector.stores.progress import ProgressConfig


class OrderAction(StrEnum):
    """What a shop status makes of an order in M3."""

    NONE = "none"  # nothing to carry across in this status
    BATCH = "batch"  # an unconfirmed batch order that a person or a later status releases
    CONFIRM = "confirm"  # one confirmed customer order
    CLOSE = "close"  # nothing if M3 does not know the order yet, else it has to be closed there


class CarriedAs(StrEnum):
    """What a confirmed order of the shop becomes in M3."""

    ORDER = "order"  # a customer order, which M3 delivers and invoices
    INVOICE = "invoice"  # a customer invoice posted to the ledger; no order, and no delivery by M3


class ChangePolicy(StrEnum):
    """What becomes of an order that is changed in the shop after M3 has it."""

    APPLY = "apply"  # M3 follows as far as it allows; else a person
    PERSON = "person"  # always a person


class CancelPolicy(StrEnum):
    """How an order that M3 has is ended there."""

    CLOSE = "close"  # line by line, which keeps the trace
    DELETE = "delete"  # as a whole if no line is past 22, else line by line


class HoldBy(StrEnum):
    """How an order is held in M3 while it is changed, or because it differs."""

    LOCK = "lock"  # OIS100MI/LockOrder: hold code 9
    STOP = "stop"  # OIS120MI/UpdCOStop with `stop_code`, where jobs of the site go on with locked orders


DEFAULT_STATUSES = {
    "processing": OrderAction.CONFIRM,
    "completed": OrderAction.CONFIRM,
    "on-hold": OrderAction.NONE,
    "cancelled": OrderAction.CLOSE,
    "failed": OrderAction.CLOSE,
    "refunded": OrderAction.NONE,
    "pending": OrderAction.NONE,
    "checkout-draft": OrderAction.NONE,
    "trash": OrderAction.CLOSE,
}


class OrdersConfig(Strict):
    """What becomes of an order."""

    carried_as: CarriedAs = CarriedAs.ORDER
    statuses: dict[str, OrderAction] = Field(default_factory=dict)
    lead_days: int = Field(default=1, ge=0, le=365)
    working_days: tuple[int, ...] = (1, 2, 3, 4, 5)
    merge_equal_lines: bool = False
    price_per_quantity: bool = True
    changes: ChangePolicy = ChangePolicy.APPLY
    cancel: CancelPolicy = CancelPolicy.CLOSE
    close_reason: Text = Field(default="", max_length=3)
    changed_note: str = Field(default="Replaces all earlier notes ({date}):", max_length=60)
    hold_by: HoldBy = HoldBy.LOCK
    stop_code: int = Field(default=9, ge=1, le=9)
    progress: ProgressConfig = ProgressConfig()

    def action(self, status: str) -> OrderAction:
        """Returns what `status` of the shop means here; an unknown status does nothing, and is held (see `knows`)."""
        return {**DEFAULT_STATUSES, **self.statuses}.get(status, OrderAction.NONE)

    def knows(self, status: str) -> bool:
        """Tells whether anybody said what `status` of the shop means, here or by what M3's progress leads to."""
        return status in DEFAULT_STATUSES or status in self.statuses or status in self.progress.forwards

    @field_validator("changed_note")
    @classmethod
    def _names_nothing_but_the_date(cls, words: str) -> str:
        try:
            words.format(date=date.min)
        except (AttributeError, LookupError, ValueError):
            raise ValueError("changed_note: {date} is all that may stand in braces") from None
        return words

    @model_validator(mode="after")
    def _progress_closes_nothing(self) -> Self:
        closing = [one for one in self.progress.forwards if self.action(one) is OrderAction.CLOSE]
        if closing:
            raise ValueError(f"progress.forwards names {', '.join(closing)}, and `statuses` closes such orders in M3")
        return self
