"""By how much M3's order is worth less than the shop states it, held against the refunds that may account for it.

Made by orders.py where the figures of some refunds alone do not show it; asked by refunds.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from connector.flows.context import StoreContext
from connector.flows.reconciling.m3_side import Head, read_held
from connector.flows.reconciling.result import Difference, Reason, Why, money
from connector.flows.reconciling.shop_side import ShopRefund
from connector.money.rounding import ZERO

TAKEN_OFF = Why(Reason.TAKEN_OFF, "refunds took it off M3's order before it was picked")


@dataclass(frozen=True)
class Smaller:
    """What an order is smaller by in M3; `why` is TAKEN_OFF if the ledger says so and its refunds make up for it."""

    by: Decimal
    left: Mapping[int, Decimal]  # of each refund of the order, what M3's returns do not give back
    refunded: Decimal  # what the shop states, all refunds together
    why: Why
    rounding: Decimal = ZERO  # how far the cents of an order that somebody changed in M3 may be off
    rounding_left: Decimal = (
        ZERO  # how far those of the order are off because M3 picked it when refunds took something off it
    )

    @property
    def given_back(self) -> Decimal:
        """What M3 gives back in all: by returns, and by the order that is smaller."""
        return self.by + self.returned

    @property
    def returned(self) -> Decimal:
        """What M3's returns give back."""
        return self.refunded - sum(self.left.values(), ZERO)

    @property
    def is_too_much(self) -> bool:
        """Tells whether M3 gives something back twice: on a return, and off the order."""
        return bool(self.returned) and self.given_back > self.refunded + self._cents

    @property
    def is_by_hand(self) -> bool:
        """Tells whether somebody made the order smaller in M3, or settled what the connector was to do there."""
        return self.why.reason in (Reason.EDITED_IN_M3, Reason.SETTLED)

    @property
    def is_open(self) -> bool:
        """Tells whether the order itself is under way, or waits for a person."""
        return self.why.reason in (Reason.IN_FLIGHT, Reason.WAITING)

    @property
    def _cents(self) -> Decimal:
        return self.rounding if self.is_by_hand or self.is_open else abs(self.rounding_left)

    def accounts_for(self, refund_id: int, *, settled: Collection[int]) -> bool:
        """Tells whether what a refund lacks was taken off the order: those settled lack no more together than that is."""
        return self.why is TAKEN_OFF and self._makes_up_for(refund_id, settled)

    def leaves_nothing_of(self, refund_id: int, *, settled: Collection[int]) -> bool:
        """Tells the same of a refund with nothing to credit, where somebody made the order smaller in M3."""
        return self.is_by_hand and self._makes_up_for(refund_id, settled)

    def waits_with(self, refund_id: int, *, settled: Collection[int]) -> bool:
        """Tells the same where the order, smaller already, is still under way or waits for a person: so does what is left of it."""
        return self.is_open and self._makes_up_for(refund_id, settled)

    def _makes_up_for(self, refund_id: int, settled: Collection[int]) -> bool:
        lacking = sum((self.left[one] for one in settled), ZERO)
        return self.left[refund_id] > 0 and lacking <= self.by + self._cents

    def difference(self) -> tuple[Difference, Why]:
        """Returns what is said of a refund if M3 gives back too much."""
        return Difference("given back in all", money(-self.refunded), money(-self.given_back)), self.why


def read_smaller(
    store: StoreContext,
    *,
    by: Decimal,
    refunds: Sequence[ShopRefund],
    returns: Mapping[int, Sequence[Head]],
    why: Why,
    is_made_up: bool,
    rounding_left: Decimal = ZERO,
) -> Smaller:
    """Returns what M3's order is smaller by, beside what M3's returns give back of its refunds.

    Args:
        store: Whose.
        by: The shop's total less M3's.
        refunds: All refunds of the order.
        returns: M3's returns by refund.
        why: What the ledger says of the order.
        is_made_up: Whether M3 holds what was sent, and that is smaller by what the ledger says refunds took off.
        rounding_left: What M3's order was to come to beyond the shop's.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    heads = [head for one in refunds for head in returns.get(one.id, ())]
    held = read_held(store, heads) if heads else {}
    left = {
        one.id: one.amount
        + sum((held[head.number].value.total for head in returns.get(one.id, ()) if head.number in held), ZERO)
        for one in refunds
    }
    rounding = store.config.money.rounding_limit
    found = Smaller(by, left, sum((one.amount for one in refunds), ZERO), why, rounding, rounding_left)
    if found.is_too_much:  # given back twice: no reason of the order's own makes that right
        return replace(found, why=_too_much(found))
    return replace(found, why=TAKEN_OFF) if is_made_up and why.reason is Reason.UNKNOWN else found


def _too_much(found: Smaller) -> Why:
    return Why(
        Reason.UNKNOWN,
        f"M3's order is smaller by {found.by}, and its returns give back {found.returned}: the shop refunded {found.refunded}",
        "Compare the order with its returns in OIS300; end a return there, or charge the buyer anew if it is invoiced.",
    )
