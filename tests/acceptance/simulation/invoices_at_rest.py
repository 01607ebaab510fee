"""What M3's ledger must show of invoiced orders when nothing is left to do, held against the shop alone. Used by books.py."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from tests.acceptance.simulation.invoices_books import (
    CONFIRMED,
    CREDIT,
    INVOICE,
    MOST_ROUNDING,
    PAYMENT,
    REPAYMENT,
    SETTLEMENT,
    Book,
    Vouchers,
    folded,
    is_invoice_of,
    vouchers_of,
)
from tests.acceptance.simulation.invoices_history import RECEIVABLE, TAXES, GivenBack, InvoicesHistory, Stated, Sums
from tests.acceptance.simulation.world import World

CLOSED = ("cancelled", "failed", "trash")
Waiting = Collection[tuple[str, int] | None]
"""What waits for a person: kind and id in the shop."""


def of_invoices_at_rest(world: World, m3: Book, history: InvoicesHistory, waiting: Waiting) -> Iterator[str]:
    """Says what is wrong; see `require_complete`."""
    if not world.sort.posts_invoices:
        return
    rest = _Rest(world, m3, history, waiting, vouchers_of(m3))
    for number, stated in history.orders.items():
        yield from rest.of_order(number, stated[-1])
    for number, refund in history.refunds.items():
        yield from rest.of_refund(number, refund)


@dataclass(frozen=True)
class _Rest:
    """Both sides at rest."""

    world: World
    m3: Book
    history: InvoicesHistory
    waiting: Waiting
    vouchers: Vouchers

    def of_order(self, number: int, now: Stated) -> Iterator[str]:
        """Its invoice is as the shop has it now, or somebody is told; it is paid as it is in the shop."""
        order, total = self.world.shop.orders.get(number), now.invoice.get(RECEIVABLE)
        invoice = next((folded(one) for one in self.vouchers[(INVOICE, number)]), None)
        if order is not None and total:
            if invoice is None and order.status in CONFIRMED:
                yield f"lost: order {number} ({order.status}) is not invoiced in M3"
            if now.is_paid and self.world.sort.has_prepayments and not self.vouchers[(PAYMENT, number)]:
                yield f"lost: the payment of order {number} is not in M3"
        if invoice is None:
            return
        is_ended = order is None or order.status in CLOSED
        if (is_ended or not is_invoice_of(invoice, now.invoice)) and (INVOICE, number) not in self.waiting:
            yield f"lost: order {number} was changed or ended after its invoice was posted, and nobody is told"
        if order is not None and now.is_paid and (SETTLEMENT, number) not in self.waiting:
            yield from self._of_settlement(number)
        yield from self._of_credits(number, invoice)

    def of_refund(self, number: int, refund: GivenBack) -> Iterator[str]:
        """What the gateway paid back is booked where its payment is; of one that the shop has deleted since, somebody is told."""
        is_there, is_gone_alone = number in self.world.shop.refunds, refund.order_id in self.world.shop.orders
        is_booked = self.world.sort.has_prepayments or self.vouchers[(INVOICE, refund.order_id)]
        if is_there and refund.is_paid_back and refund.amount and is_booked and not self.vouchers[(REPAYMENT, number)]:
            yield f"lost: what was paid back with refund {number} is not in M3"
        if self.vouchers[(REPAYMENT, number)] and not is_booked:
            yield f"wrong money: refund {number} is paid back in M3 of an order that was never paid there"
        for kind in (CREDIT, REPAYMENT):
            is_told = is_there or not is_gone_alone or (kind, number) in self.waiting
            if self.vouchers[(kind, number)] and not is_told:
                yield f"lost: the shop has deleted refund {number}, M3 has a {kind} of it, and nobody is told"

    def _of_settlement(self, number: int) -> Iterator[str]:
        """The invoice of a paid order is paid, too."""
        for invoice in self.m3["invoices"]:
            is_paid = Decimal(invoice["paid"]) == Decimal(invoice["amount"])
            if invoice["cino"] == f"W1-{number}" and not is_paid:
                yield f"lost: order {number} is paid, and its invoice is open in M3"

    def _of_credits(self, number: int, invoice: Sums) -> Iterator[str]:
        """Each refund of an invoiced order is credited; where all is given back, no tax is left but rounding."""
        left = [invoice]
        for one, refund in self.history.refunds_of(number).items():
            held = [folded(journal) for journal in self.vouchers[(CREDIT, one)]]
            is_due = one in self.world.shop.refunds and refund.amount and (CREDIT, one) not in self.waiting
            if is_due and not held:
                yield f"lost: refund {one} of order {number} is not credited in M3"
            left += held
        if _sum_on(RECEIVABLE, left) < 0:
            yield f"wrong money: more is credited of order {number} than was invoiced"
        if not _sum_on(RECEIVABLE, left) and not self.history.is_edited(number):
            for account in TAXES.values():
                amount = _sum_on(account, left)
                if abs(amount) > MOST_ROUNDING:  # each refund rounds its taxes anew
                    yield f"wrong money: {amount} are left on {account} of order {number}, which was given back whole"


def _sum_on(account: str, vouchers: Collection[Sums]) -> Decimal:
    return sum((one.get(account, Decimal(0)) for one in vouchers), Decimal(0))
