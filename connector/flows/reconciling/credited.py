"""What M3 credits of the shop's refunds, which says what their repayments have to be where payments go onto invoices alone.

Learnt by compare.py from M3 itself, asked by dues.py; what the connector posts follows from the same rule (books/repaid.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal

from connector.money.rounding import ZERO
from connector.woocommerce.models import Order, Refund


@dataclass(frozen=True)
class Credited:
    """By the id of a refund what M3's returns take back of it, and the orders that M3 has."""

    returned: Mapping[int, Decimal] = field(default_factory=dict)
    in_m3: Set[int] = frozenset()

    def repayment_of(self, order: Order, refund: Refund) -> Decimal:
        """Returns what the gateway owes us less because of a refund; negative: more.

        What M3 does not credit its invoice leaves out, so nothing of it was paid onto one.
        """
        returned = self.returned.get(refund.id, ZERO)
        if refund.refunded_payment:
            return returned
        return ZERO if order.date_paid_gmt is None else returned - refund.amount

    @classmethod
    def some_of(cls, order: Order, refund: Refund) -> Credited:
        """Returns what gives a repayment in any case, where only its day is asked for."""
        return cls({refund.id: refund.amount if refund.refunded_payment else ZERO}, frozenset({order.id}))
