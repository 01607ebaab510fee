"""Says why M3 has booked other units out of stock than an order holds, by what the ledger knows. Pure; called by issues.py."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connector.flows.reconciling.reasons import NOT_HEARD_OF, standing_of
from connector.flows.reconciling.result import Reason, Why
from connector.ledger.carried import Carried


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A line on both sides, in units of the shop; `by_hand` and `proven` are the ledger's."""

    wanted: Decimal  # what the order holds
    booked: Decimal  # by executed messages
    by_hand: Decimal  # what people answered for
    proven: Decimal | None  # what the connector saw executed; None: it knows nothing of the line
    waiting: tuple[str, ...]  # messages that were not executed

    @property
    def is_otherwise(self) -> bool:
        """Whether there is anything to explain: units, or a message that may still move some."""
        return self.booked != self.wanted or bool(self.by_hand) or bool(self.waiting)


def why_booked_otherwise(known: Carried | None, sale: Carried | None, seen: Seen, *, sync: str) -> Why:
    """Says why M3 has booked something else than the order holds.

    Args:
        known: What the ledger knows of the booking.
        sale: What it knows of the order, whose run leaves the booking.
        seen: The line.
        sync: The command that has the order looked at.
    """
    standing = None if known is None else standing_of(known, is_in_m3=known.is_written)
    if standing is not None and standing.reason is not Reason.SETTLED:
        return standing
    if standing is not None and seen.proven is None and not seen.booked:
        return standing  # discarded before anything was known of its lines
    if seen.waiting:
        return Why(
            Reason.UNKNOWN,
            f"{'; '.join(seen.waiting)}, and nobody waits for it: run later, it books its units once more",
            "Delete the message in MMS850 if its units were booked by hand or are not to move; else run it there.",
        )
    if seen.proven is None or seen.booked == seen.proven:
        return _why_behind(known, sale, seen, sync=sync)
    if seen.booked < seen.proven:
        return Why(
            Reason.DELETED_IN_M3,
            f"M3 had executed messages of {seen.proven:f}, and does not show all of them any more",
            "Look in MWS070 whether the units are out of stock; messages that were archived move nothing.",
        )
    return Why(
        Reason.UNKNOWN,
        f"M3 has executed messages of {seen.booked:f}, the connector knows of {seen.proven:f}"
        + (f", and a person answered for {seen.by_hand:f}: they may be booked twice" if seen.by_hand else ""),
        f"Look in MMS850 and MWS070; book in again what left twice (MMS310). Else: {sync}",
    )


def _why_behind(known: Carried | None, sale: Carried | None, seen: Seen, *, sync: str) -> Why:
    """Says it of what M3 holds as the connector saw it: the shop's side is another one, or a person made up for it."""
    if known is not None and seen.by_hand and seen.booked + seen.by_hand == seen.wanted:
        return Why(Reason.SETTLED, f"exchange {known.exchange_id}: a person answered for {seen.by_hand:f}")
    of_sale = None if sale is None else standing_of(sale, is_in_m3=False)
    if of_sale is not None:
        return of_sale
    if known is None:
        return Why(Reason.UNKNOWN, NOT_HEARD_OF, sync)
    return Why(Reason.UNKNOWN, "M3 has booked what the order held; it was changed in the shop since, unheard", sync)
