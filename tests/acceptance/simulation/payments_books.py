"""What must hold of payments beside customer orders: each is one voucher of the shop's amounts. Used by books.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from tests.acceptance.simulation.invoices_books import PAYMENT, REPAYMENT, SETTLEMENT, Book, vouchers_of
from tests.acceptance.simulation.invoices_history import (
    CLEARING,
    PREPAYMENT,
    RECEIVABLE,
    GivenBack,
    InvoicesHistory,
    Stated,
    Sums,
    without_zeros,
)
from tests.acceptance.simulation.rates_of_m3 import is_worth
from tests.acceptance.simulation.world import World
from tests.integration.flows.books.counting_house import sums_of

CLEARING_ACCOUNTS = frozenset(CLEARING.values())


def of_payments(world: World, m3: Book, history: InvoicesHistory) -> Iterator[str]:
    """Says what is wrong at this moment; see `require_sound`."""
    if not world.sort.pays_orders:
        return
    converts, has_prepayments = world.sort.converts, world.sort.has_prepayments
    books = ConvertedBooks(history) if converts else PaidBooks(history, has_prepayments=has_prepayments)
    for (kind, number), held in vouchers_of(m3).items():
        where = f"{kind} {number}"
        if len(held) > 1:
            yield f"doubled: M3 holds {len(held)} vouchers of {where}: {', '.join(one['key1'] for one in held)}"
        for journal in held:
            sums = without_zeros(sums_of(dict(journal)))
            if sum(sums.values()) or len({line["cucd"] for line in journal["lines"]}) > 1:
                yield f"wrong money: voucher {journal['key1']} does not balance"
            if not books.is_stated(kind, number, sums):
                yield f"wrong money: {where} is {sums} in M3, which the shop never said"
    for invoice in m3["invoices"]:
        if not 0 <= abs(Decimal(invoice["paid"])) <= abs(Decimal(invoice["amount"])):
            yield f"doubled: {invoice['paid']} are paid of invoice {invoice['cino']}, which is of {invoice['amount']}"


class PaidBooks:
    """What the shop ever stated of payments, as vouchers of M3 have to say it."""

    def __init__(self, history: InvoicesHistory, *, has_prepayments: bool) -> None:
        self._history = history
        self._has_prepayments = has_prepayments

    def is_stated(self, kind: str, number: int, sums: Sums) -> bool:
        """Tells whether the shop has ever said what a voucher says."""
        paid = [one for one in self._history.orders.get(number, []) if one.is_paid]
        if kind == PAYMENT:
            return any(sums == self.payment_of(one) for one in paid)
        if kind == SETTLEMENT:
            return any(self._is_settlement_of(sums, one) for one in paid)
        refund = self._history.refunds.get(number)
        return kind == REPAYMENT and refund is not None and self._is_repayment_of(sums, refund)

    def payment_of(self, stated: Stated) -> Sums:
        """Returns what a payment puts on each account at once."""
        parts = [stated.payment, stated.fee] if self._has_prepayments else [stated.fee]
        return without_zeros(added(parts))

    def _is_settlement_of(self, sums: Sums, stated: Stated) -> bool:
        """Tells whether invoices are paid from the right account, with no more than was paid."""
        account = PREPAYMENT if self._has_prepayments else next(iter(stated.payment.keys() - {PREPAYMENT}))
        amount = sums.get(account, Decimal(0))
        return sums == {account: amount, RECEIVABLE: -amount} and 0 < amount <= stated.invoice[RECEIVABLE]

    def _is_repayment_of(self, sums: Sums, refund: GivenBack) -> bool:
        """Where nothing was prepaid, what M3 credits of it comes off the gateway's account, and what it does not stays there."""
        if self._has_prepayments:
            return refund.is_paid_back and sums == refund.repayment
        amount = sums.get(PREPAYMENT, Decimal(0))
        (account,) = refund.repayment.keys() - {PREPAYMENT}
        is_within = 0 < amount <= refund.amount if refund.is_paid_back else -refund.amount <= amount < 0
        return sums == {account: -amount, PREPAYMENT: amount} and is_within


class ConvertedBooks(PaidBooks):
    """The same in books of one currency."""

    def __init__(self, history: InvoicesHistory) -> None:
        super().__init__(history, has_prepayments=True)

    def is_stated(self, kind: str, number: int, sums: Sums) -> bool:
        """Tells whether a voucher is what the shop has said, by the rate of the very day it said it of."""
        if kind == PAYMENT:
            paid = [(one, one.paid_at) for one in self._history.orders.get(number, []) if one.paid_at is not None]
            return any(is_worth(sums, self.payment_of(one), one.currency, at=paid_at) for one, paid_at in paid)
        refund = self._history.refunds.get(number)
        is_repayment = kind == REPAYMENT and refund is not None and refund.is_paid_back
        return is_repayment and is_worth(sums, refund.repayment, refund.currency, at=refund.made_at)


def added(vouchers: Iterable[Sums]) -> Sums:
    """Returns what several vouchers do to each account together."""
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in vouchers:
        for account, amount in one.items():
            total[account] += amount
    return dict(total)
