"""What M3's ledger must show of paid orders when nothing is left to do, held against the shop alone. Used by books.py."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from tests.acceptance.simulation.history import History
from tests.acceptance.simulation.invoices_books import (
    FLOWS,
    PAYMENT,
    REPAYMENT,
    SETTLEMENT,
    Book,
    Vouchers,
    vouchers_of,
)
from tests.acceptance.simulation.invoices_history import PREPAYMENT, RECEIVABLE, Stated, Sums
from tests.acceptance.simulation.orders_history import shop_id_of
from tests.acceptance.simulation.payments_books import CLEARING_ACCOUNTS, PaidBooks, added
from tests.acceptance.simulation.returns_books import INVOICED, MOST_ROUNDING, refund_of
from tests.acceptance.simulation.world import World
from tests.integration.flows.books.counting_house import sums_of

ZERO = Decimal(0)
OF_ORDERS = ("orders_to_m3", "refunds_to_m3", *FLOWS)


def of_payments_at_rest(world: World, m3: Book, history: History, dead: Collection[Book]) -> Iterator[str]:
    """Says what is wrong; see `require_complete`. What of an order waits for a person, or is of a refund that was deleted, nobody
    can say.
    """
    if not world.sort.pays_orders:
        return
    unclear = {int(row["business_key"].split("-")[0]) for row in dead if row["flow"] in OF_ORDERS}
    unclear |= {history.money.refunds[one].order_id for one in history.money.deleted} | history.deleted
    rest = _Rest(world, m3, history, vouchers_of(m3))
    for number, stated in history.money.orders.items():
        if number not in unclear and number in world.shop.orders and stated[-1].is_paid:
            yield from rest.of_order(number, stated[-1])


@dataclass(frozen=True)
class _Rest:
    """Both sides at rest."""

    world: World
    m3: Book
    history: History
    vouchers: Vouchers

    def of_order(self, number: int, now: Stated) -> Iterator[str]:
        """Its payment is there, and what the accounts of it come to, or, where those are converted, what was paid back."""
        has_prepayments, total = self.world.sort.has_prepayments, now.invoice.get(RECEIVABLE, ZERO)
        due = PaidBooks(self.history.money, has_prepayments=has_prepayments).payment_of(now)
        if total and due and not self.vouchers[(PAYMENT, number)]:
            yield f"lost: the payment of order {number} is not in M3"
        elif self.world.sort.converts:
            yield from self._of_repayments(number)
        else:
            yield from self._of_accounts(number, now)

    def _of_repayments(self, number: int) -> Iterator[str]:
        """What was converted is held against the rate of its day at every moment; here it has to be there."""
        for one, refund in self.history.money.refunds_of(number).items():
            is_due = one in self.world.shop.refunds and refund.is_paid_back
            if is_due and refund.amount and not self.vouchers[(REPAYMENT, one)]:
                yield f"lost: what was paid back with refund {one} is not in M3"

    def _of_accounts(self, number: int, now: Stated) -> Iterator[str]:
        """What the gateway owes is what was paid less its fee and what it gave back."""
        has_prepayments, total = self.world.sort.has_prepayments, now.invoice.get(RECEIVABLE, ZERO)
        posted = self._of_vouchers(number)
        order = next((one for one in self.m3["orders"] if shop_id_of(one) == number), None)
        is_invoiced = bool(order and order["lines"] and order["lowest_stat"] == INVOICED)
        if has_prepayments:
            total = -added(self._sums(PAYMENT, number)).get(PREPAYMENT, ZERO)
        elif not is_invoiced:
            return
        owed = (
            total
            + sum((now.fee.get(one, ZERO) for one in CLEARING_ACCOUNTS), ZERO)
            - self._given_back(number, by_gateway=True)
        )
        found = sum((posted.get(one, ZERO) for one in CLEARING_ACCOUNTS), ZERO)
        if found != owed:
            yield f"wrong money: the gateway owes {owed} of order {number}, in M3 {found}"
        if order is not None and is_invoiced and not self.history.money.is_edited(number):
            yield from self._of_invoices(number, order, posted)

    def _of_invoices(self, number: int, order: Book, posted: Sums) -> Iterator[str]:
        """What stands between the gateway and what was sold is what people have to pay back by hand."""
        site = self.world.site.state
        mine = {one.exin for one in site.dispatch.invoices_of(order["orno"])}
        open_ = sum(
            (Decimal(one["amount"]) - Decimal(one["paid"]) for one in self.m3["invoices"] if one["cino"] in mine), ZERO
        )
        refunds = self.history.money.refunds_of(number)
        returned = sum((Decimal(one["total"]) for one in self.m3["returns"] if refund_of(one) in refunds), ZERO)
        between = posted.get(PREPAYMENT, ZERO) + open_ + returned
        by_hand = -self._given_back(number, by_gateway=False)
        if abs(between - by_hand) > MOST_ROUNDING * max(len(refunds), 1):
            yield f"wrong money: {between} are left between payment and sale of order {number}, {by_hand} should be"

    def _of_vouchers(self, number: int) -> Sums:
        refunds = self.history.money.refunds_of(number)
        facts = [(PAYMENT, number), (SETTLEMENT, number), *((REPAYMENT, one) for one in refunds)]
        return added(one for kind, key in facts for one in self._sums(kind, key))

    def _sums(self, kind: str, number: int) -> list[Sums]:
        return [sums_of(dict(one)) for one in self.vouchers[(kind, number)]]

    def _given_back(self, number: int, *, by_gateway: bool) -> Decimal:
        refunds = self.history.money.refunds_of(number)
        there = [one for refund_id, one in refunds.items() if refund_id in self.world.shop.refunds]
        return sum((one.amount for one in there if one.is_paid_back is by_gateway), ZERO)
