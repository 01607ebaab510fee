"""What is seen of a posting whose voucher has other amounts than the shop asks for now. Pure; called by postings.py."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connector.flows.reconciling.dues import Due
from connector.flows.reconciling.proofs import Figures, asks_for, is_same
from connector.flows.reconciling.reasons import Proof, why_changed
from connector.flows.reconciling.result import Fact
from connector.ledger.carried import Carried


@dataclass(frozen=True, kw_only=True)
class KnownPosting:
    """What the ledger knows of a posting, and of the sale it follows from.

    Attributes:
        due: What the shop asks for.
        known: The posting.
        sale: Of a payment the order or its invoice, of a repayment the payment, of a credit the invoice.
        taken_off: What refunds have made M3's order smaller by.
    """

    due: Due
    known: Carried | None
    sale: Carried | None
    taken_off: Decimal

    def proof(self, *, is_as_sent: bool) -> Proof:
        """Returns what is seen of it."""
        is_carried, is_accepted = (self._is_sale(figures) for figures in self._of_sale)
        return Proof(
            is_as_sent=is_as_sent,
            is_as_asked=self._asks_for(None if self.known is None else self.known.asked, of_sale=is_carried),
            is_accepted=self.known is not None and self._is_own(self.known.accepted),
            change=why_changed(self.sale, is_carried=is_carried, is_accepted=is_accepted),
        )

    @property
    def _of_sale(self) -> tuple[Figures | None, Figures | None]:
        return (None, None) if self.sale is None else (self.sale.asked, self.sale.accepted)

    def _asks_for(self, figures: Figures | None, *, of_sale: bool) -> bool:
        """Tells whether the shop states the figures it was made of: a refund never changes, but what it follows from may.

        Where a payment goes onto invoices alone nothing of it is kept that a repayment could follow from.
        """
        if self.due.fact is Fact.REPAYMENT and self.sale is not None and self.sale.expected is None:
            return figures is not None
        return of_sale if self.due.fact in (Fact.REPAYMENT, Fact.CREDIT) else self._is_own(figures)

    def _is_own(self, figures: Figures | None) -> bool:
        if self.due.fact is Fact.PAYMENT:
            return is_same(figures, self.due.paid_as)
        return asks_for(figures, self.due.sale)

    def _is_sale(self, figures: Figures | None) -> bool:
        if self.due.fact is Fact.REPAYMENT:
            return is_same(figures, {name: value for name, value in self.due.paid_as.items() if name != "total"})
        return asks_for(figures, self.due.sale, taken_off=self.taken_off)
