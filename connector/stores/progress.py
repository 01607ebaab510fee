"""How far an order came in M3, and what the shop makes of it: `orders.progress` of a store file. Read by orders.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from string import Formatter
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from connector.publishing.strict import Strict

ShopStatus = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{0,17}$")]
NEVER_FORWARD = frozenset({"cancelled", "refunded", "failed", "trash", "pending", "checkout-draft"})
"""Statuses that end an order or come before it: M3's progress neither leaves them nor leads to them."""
FIELDS = frozenset({"delivery", "tracking"})


class Stage(StrEnum):
    """How far an order is, from the least and the most progressed part of all its lines (order-rules section 6).

    M3's highest status alone overstates: it tells of the one line that is furthest.
    """

    OPEN = "open"  # nothing allocated (22)
    ALLOCATED = "allocated"  # something is (33)
    PICKING = "picking"  # something is on a picking list (44)
    PART_DELIVERED = "part_delivered"  # something left, something did not (26, 36, 46)
    PART_INVOICED = "part_invoiced"  # something is invoiced, something did not leave (27, 37, 47)
    DELIVERED = "delivered"  # all left (66, 67)
    INVOICED = "invoiced"  # all is invoiced (77)


ORDER = tuple(Stage)
DEFAULT_STATUSES = {Stage.DELIVERED: "completed"}


class DeliveriesBy(StrEnum):
    """How M3 is asked which deliveries an order has."""

    ORDER = "order"  # MWS411MI/LstDelLnByOrd
    LINE = "line"  # OIS100MI/LstDelLineByCO, for each line of which something left
    NONE = "none"  # not at all: no tracking numbers


class ProgressConfig(Strict):
    """What the shop shows of an order's way through M3."""

    carry: bool = True
    statuses: dict[Stage, ShopStatus] = Field(default_factory=dict)
    forwards: tuple[ShopStatus, ...] = ("processing", "completed")
    deliveries: DeliveriesBy = DeliveriesBy.ORDER
    invoices: bool = True
    note: str = Field(default="Delivery {delivery} is on its way. Tracking number: {tracking}", max_length=1000)

    @property
    def mapped(self) -> Mapping[Stage, str]:
        """The shop status of each stage that has one; unnamed ones keep their default."""
        return {stage: status for stage, status in {**DEFAULT_STATUSES, **self.statuses}.items() if status}

    def status_at(self, stage: Stage) -> str | None:
        """Returns the shop status of the furthest mapped stage that an order at `stage` has reached, or None."""
        reached = [one for one in ORDER[: ORDER.index(stage) + 1] if one in self.mapped]
        return self.mapped[reached[-1]] if reached else None

    def is_forward(self, before: str, after: str) -> bool:
        """Tells whether an order of the shop may go from one status to the other."""
        if before not in self.forwards or after not in self.forwards:
            return False
        return self.forwards.index(after) > self.forwards.index(before)

    def note_on(self, delivery: str, tracking: str) -> str:
        """Returns the note that tells the customer of a delivery."""
        return self.note.format(delivery=delivery, tracking=tracking)

    def tells_of(self, delivery: str) -> re.Pattern[str]:
        """Returns what a note on a delivery looks like, whatever its tracking number was then."""
        parts = [
            re.escape(literal) + ("" if name is None else re.escape(delivery) if name == "delivery" else ".*")
            for literal, name, _, _ in Formatter().parse(self.note)
        ]
        return re.compile("".join(parts), re.DOTALL)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        odd = NEVER_FORWARD & {*self.forwards, ""}
        if odd or len(set(self.forwards)) != len(self.forwards) or not all(self.forwards):
            raise ValueError(
                f"forwards: each status once, and none of {', '.join(sorted(NEVER_FORWARD))}: M3's progress leaves "
                "such orders alone"
            )
        named = [self.mapped[stage] for stage in ORDER if stage in self.mapped]
        unknown = sorted({one for one in named if one not in self.forwards})
        if unknown:
            raise ValueError(f"statuses leads to {', '.join(unknown)}, which `forwards` does not name")
        places = [self.forwards.index(one) for one in named]
        if places != sorted(places):
            raise ValueError("statuses: a later stage leads to an earlier status of `forwards`")
        return self

    @model_validator(mode="after")
    def _note_names_its_delivery(self) -> Self:
        try:
            named = [name for _, name, _, _ in Formatter().parse(self.note) if name is not None]
        except ValueError as error:
            raise ValueError(f"note: {error}") from None
        if set(named) != FIELDS:
            raise ValueError(
                "note: needs {delivery} and {tracking}, and nothing else in braces: by them a note is known again"
            )
        return self
