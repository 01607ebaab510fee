"""Tells a quantity somebody changed in the shop from sales and from our own writes. Used by both stock flows."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connector.errors import InvalidPayloadError
from connector.flows.context import Run
from connector.flows.stock.assessing import Assessed
from connector.ledger.kept import known
from connector.ledger.leaving import Target, told
from connector.ledger.offers import Offer
from connector.ledger.stock_offers import is_correction_under_way

FLOW, POOL = "stock_to_m3", "inventory"
PENDING = "by_hand"
WAITS_FOR = timedelta(minutes=15)
"""So long a correction is left standing in the shop, and again while it is on its way to M3; then M3's figure holds again."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A quantity found in the shop that neither an order nor a write of ours explains; in units of the shop."""

    item_number: str
    sku: str
    product_id: int
    expected: str
    seen: str
    factor: str  # basic units of M3 in one unit of the shop
    sold: str  # what orders had taken in all when it was found
    found_at: str

    @property
    def difference(self) -> Decimal:
        """What was added by hand (negative: taken away), in basic units of M3."""
        return (Decimal(self.seen) - Decimal(self.expected)) * Decimal(self.factor)


def expected_quantity(written: dict[str, Any], sold: Decimal) -> Decimal | None:
    """Returns what the shop should hold by our last write and what orders took since; None before the first write."""
    if "quantity" not in written:
        return None
    return Decimal(str(written["quantity"])) - (sold - Decimal(str(written.get("sold", 0))))


def is_unexplained(offer: Offer, assessed: Assessed) -> bool:
    """Tells whether the shop holds something else than our last write and the known sales since leave."""
    expected = expected_quantity(offer.written, assessed.sold)
    seen = assessed.product.stock_quantity if assessed.product else None
    return expected is not None and seen is not None and seen != expected


def find_correction(offer: Offer, assessed: Assessed, *, at: datetime) -> Correction | None:
    """Returns what was changed by hand, if that is certain.

    It is not while an order took or gave back something since our last write: that may have happened while we wrote.
    """
    product = assessed.product
    if product is None or product.stock_quantity is None or not product.has_own_stock:
        return None
    is_quiet = Decimal(str(offer.written.get("sold", 0))) == assessed.sold
    if not is_quiet or not is_unexplained(offer, assessed):
        return None
    return Correction(
        item_number=offer.item_number,
        sku=product.sku,
        product_id=product.id,
        expected=str(offer.written["quantity"]),
        seen=f"{product.stock_quantity:f}",
        factor=f"{assessed.factor:f}",
        sold=f"{assessed.sold:f}",
        found_at=at.isoformat(),
    )


def is_pending(offer: Offer) -> bool:
    """Tells whether a correction of the item was left to be brought to M3, and nothing was written to the shop since."""
    return PENDING in offer.written


def waits_for_s(run: Run, offer: Offer, *, now: datetime) -> float:
    """Returns for how many seconds a pending correction is left standing in the shop yet; 0: M3's figure holds again."""
    left_s = (datetime.fromisoformat(offer.written[PENDING]) + WAITS_FOR - now).total_seconds()
    if left_s > 0:
        return left_s
    is_under_way = is_correction_under_way(run.journal.connection, run.store.name, item_number=offer.item_number)
    return WAITS_FOR.total_seconds() if is_under_way else 0.0


def leave(run: Run, correction: Correction) -> None:
    """Stages the exchange that brings a correction to M3, or to a person."""
    body = json.dumps(asdict(correction), sort_keys=True).encode()
    product = str(correction.product_id)
    target = Target(flow=FLOW, pool=POOL, key=correction.item_number, kind="product", resource_id=product)
    run.leave(told(run.store.name, target, topic="stock.corrected", source="stock", body=body))


def read_correction(body: bytes | None) -> Correction:
    """Reads what `leave` has written.

    Raises:
        InvalidPayloadError: It is something else.
    """
    try:
        return Correction(**known(Correction, json.loads(body or b"")))
    except (ValueError, TypeError):
        raise InvalidPayloadError(
            "What was kept of a stock correction cannot be read.",
            resolution="Discard this exchange; the correction is found again at the next comparison.",
        ) from None
