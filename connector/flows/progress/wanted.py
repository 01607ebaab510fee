"""What the shop's order should say, from what M3 says of it; pure. Called by telling.py and the preview."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connector.flows.progress.reading import Seen
from connector.stores.progress import ORDER, ProgressConfig, Stage
from connector.woocommerce.models import Order

DELIVERY_KEY, TRACKING_KEY, INVOICES_KEY = "_m3_delivery", "_m3_tracking", "_m3_invoices"
PART, ALL = "part", "all"
TRASH = "trash"


@dataclass(frozen=True)
class Note:
    """One fact that is told once. `looks_like` finds it among the order's notes."""

    fact: str
    text: str
    looks_like: re.Pattern[str]
    for_customer: bool


@dataclass(frozen=True)
class Wanted:
    """What differs in the shop's order: its status, meta rows; and the notes it should have."""

    status: str | None
    meta: dict[str, str]
    notes: tuple[Note, ...]

    @property
    def changes(self) -> dict[str, object]:
        """What is sent to the shop; empty if it has everything."""
        status: dict[str, object] = {} if self.status is None else {"status": self.status}
        meta = [{"key": key, "value": value} for key, value in self.meta.items()]
        return {**status, "meta_data": meta} if meta else status


def wanted(config: ProgressConfig, seen: Seen, order: Order, *, number: str) -> Wanted:
    """Returns what is missing in the shop's order; nothing of an order in the trash.

    The status only goes forward, and only from one that `forwards` names: what a person completed, cancelled or refunded
    stays. Facts that M3 does not tell any more stay as they are.
    """
    if order.status == TRASH:
        return Wanted(None, {}, ())
    stage = seen.stage
    status = None if stage is None else config.status_at(stage)
    facts = {
        DELIVERY_KEY: _how_much(stage),
        TRACKING_KEY: ", ".join(one for delivery in seen.deliveries for one in delivery.tracking),
        INVOICES_KEY: ", ".join(seen.invoices),
    }
    return Wanted(
        status if status is not None and config.is_forward(order.status, status) else None,
        {key: value for key, value in facts.items() if value and order.meta(key) != value},
        (*_part_note(config, stage, number), *_delivery_notes(config, seen)),
    )


def _how_much(stage: Stage | None) -> str:
    if stage is None or ORDER.index(stage) < ORDER.index(Stage.PART_DELIVERED):
        return ""
    return ALL if stage in (Stage.DELIVERED, Stage.INVOICED) else PART


def _part_note(config: ProgressConfig, stage: Stage | None, number: str) -> tuple[Note, ...]:
    """Where no status of the shop tells that a part left, a note to the staff does."""
    if stage not in (Stage.PART_DELIVERED, Stage.PART_INVOICED) or Stage.PART_DELIVERED in config.mapped:
        return ()
    text = f"A part was delivered (M3 order {number})"
    return (Note("part", text, re.compile(re.escape(text)), for_customer=False),)


def _delivery_notes(config: ProgressConfig, seen: Seen) -> tuple[Note, ...]:
    return tuple(
        Note(
            f"delivery {one.number}",
            config.note_on(one.number, ", ".join(one.tracking)),
            config.tells_of(one.number),
            for_customer=True,
        )
        for one in seen.deliveries
        if one.tracking
    )
