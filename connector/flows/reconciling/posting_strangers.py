"""Vouchers of a store that no fact of the days accounts for: not the shop's, posted a second time, or on a day not their own.

Called by postings.py, at the end. The shop is asked for each of them by its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from connector.accounting.accounts import ClosedPeriod
from connector.flows.books.keys import epoch_of, epoch_of_refund
from connector.flows.context import StoreContext
from connector.flows.reconciling.credited import Credited
from connector.flows.reconciling.dues import FLOWS, LETTERS, Due, Dues
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.posting_amounts import amount_of
from connector.flows.reconciling.reasons import why_left_over, why_twice
from connector.flows.reconciling.result import WHOLE, Difference, Fact, Reason, Row, Subject, Why, money
from connector.flows.reconciling.shop_side import find_refunds, read_by_id
from connector.flows.reconciling.totals import Totals
from connector.flows.reconciling.vouchers import Voucher, VoucherKey, read_vouchers, sums_of
from connector.ledger.carried import Carried, find_carried_as
from connector.ledger.session import Ledger, transaction
from connector.money.rounding import ZERO
from connector.woocommerce.models import Order, Refund

OF_REFUNDS = (Fact.REPAYMENT, Fact.CREDIT)
FACTS = {letter: fact for fact, letter in LETTERS.items()}
REMEDY = "Look at the voucher in GLS200, and correct it there if it is wrong."

Vouchers = Mapping[VoucherKey, list[Voucher]]


@dataclass(frozen=True)
class _Sale:
    """What the shop has of a voucher's fact: its order, and its refund where it is one of a refund."""

    order: Order
    refund: Refund | None


@dataclass
class PostingStrangers:
    """The vouchers that are left; `read` are the days whose vouchers were read."""

    ledger: Ledger
    store: StoreContext
    period: Period
    totals: Totals
    read: frozenset[date]

    def compare(self, vouchers: Vouchers) -> Iterator[Row]:
        """Yields a row for each posting the shop has no reason for in these days."""
        sales = self._sales(vouchers)
        dues = {key: self._due_on_another_day(key, sale) for key, sale in sales.items()}
        days = {due.day for due in dues.values() if due is not None} - self.read
        own_days = read_vouchers(self.store, sorted(days)) if days else {}
        known = self._known_as([one.number for some in vouchers.values() for one in some])
        for key, some in sorted(vouchers.items()):
            due = dues.get(key)
            if due is not None:
                yield from self._misplaced(due, some, own_days.get(key, []))
            else:
                yield from self._stranger(key, some, sales.get(key), known.get(some[0].number))

    def _sales(self, vouchers: Vouchers) -> dict[VoucherKey, _Sale]:
        """Returns what the shop has of each; it may have given the id to another order or refund since."""
        made_at = {id_: _moment(epoch) for letter, id_, epoch in vouchers if FACTS.get(letter) in OF_REFUNDS}
        refunds = find_refunds(self.store, made_at)
        of_orders = {id_ for letter, id_, _ in vouchers if FACTS.get(letter) not in OF_REFUNDS}
        shop = read_by_id(self.store, sorted(of_orders | {one.parent_id for one in refunds.values()}))
        found = {}
        for key in vouchers:
            refund = refunds.get(key[1]) if FACTS.get(key[0]) in OF_REFUNDS else None
            order = shop.get(key[1] if refund is None else refund.parent_id)
            if order is not None and _is_of(key, order, refund):
                found[key] = _Sale(order, refund)
        return found

    def _known_as(self, numbers: list[str]) -> dict[str, Carried]:
        with transaction(self.ledger) as connection:
            return find_carried_as(connection, self.store.name, flows=tuple(FLOWS.values()), m3_numbers=numbers)

    def _due_on_another_day(self, key: VoucherKey, sale: _Sale) -> Due | None:
        """Returns what the shop asks for, if that is of a day that is not compared."""
        dues = Dues(self.ledger, self.store, replace(self.period, first=date.min, last=date.max))
        if sale.refund is None:
            dues.take(sale.order)
        else:
            dues.credited = Credited.some_of(sale.order, sale.refund)
            dues.take_refund(sale.order, sale.refund)
        dues.end()
        mine = (due for due in dues.found if due.fact is FACTS.get(key[0]) and not self.period.has_day(due.day))
        return next(mine, None)

    def _misplaced(self, due: Due, here: list[Voucher], there: list[Voucher]) -> Iterator[Row]:
        """Yields a row for what M3 has on its own day too, or has on a day it cannot have been moved to."""
        posted_on = here[0].day
        numbers = ", ".join(sorted({one.number for one in (*there, *here)}))
        amounts = ", ".join(money(amount_of(self.store, due.fact, one.sums)) for one in (*there, *here))
        if there or len(here) > 1:
            found = Difference(WHOLE, money(due.total), amounts), why_twice(numbers)
        elif not (self._may_be_moved(due.day, posted_on) or _is_before_payment(due, posted_on)):
            words = f"it is of {due.day}, and M3 has it on {posted_on}"
            found = Difference("date", due.day.isoformat(), posted_on.isoformat()), Why(Reason.UNKNOWN, words, REMEDY)
        else:
            return
        subject = Subject(
            fact=due.fact,
            shop_id=due.shop_id,
            order_number=due.order_number,
            m3_number=numbers,
            day=posted_on,
            currency=due.currency,
        )
        yield from self._add(subject, [found], here)

    def _may_be_moved(self, day: date, posted_on: date) -> bool:
        """Tells whether a day was closed when what is of it was posted on a later one."""
        books = self.store.config.books
        is_closed = books.closed_through is not None and day <= books.closed_through
        return is_closed and books.closed_period is not ClosedPeriod.HOLD and day < posted_on

    def _stranger(
        self, key: VoucherKey, vouchers: list[Voucher], sale: _Sale | None, known: Carried | None
    ) -> Iterator[Row]:
        fact = FACTS.get(key[0], Fact.POSTING)
        held = sums_of(vouchers)
        subject = Subject(
            fact=fact,
            shop_id=key[1],
            order_number="" if sale is None else sale.order.number,
            m3_number=", ".join(sorted({one.number for one in vouchers})),
            day=vouchers[0].day,
            currency=", ".join(sorted({code for one in vouchers for code in one.currencies})),
        )
        why = why_left_over(known, what=_words(fact, key[1], sale), remedy=REMEDY)
        yield from self._add(
            subject, [(Difference(WHOLE, None, money(amount_of(self.store, fact, held))), why)], vouchers
        )

    def _add(self, subject: Subject, found: list[tuple[Difference, Why]], vouchers: list[Voucher]) -> Iterator[Row]:
        held = sums_of(vouchers)
        amount: Decimal = amount_of(self.store, subject.fact, held)
        yield from self.totals.add(subject, found, shop=None, m3=amount)
        for account, changed in held.items():
            self.totals.add_account(account, subject.currency, shop=ZERO, m3=changed)


def _is_before_payment(due: Due, posted_on: date) -> bool:
    """Tells whether it is an invoice of an order that was paid after it was posted."""
    return due.fact is Fact.INVOICE and posted_on in due.days_of_invoice


def _words(fact: Fact, shop_id: int, sale: _Sale | None) -> str:
    if sale is None:
        return f"the shop has no {'refund' if fact in OF_REFUNDS else 'order'} {shop_id} for it in these days"
    if sale.refund is not None:
        return f"refund {shop_id} of order {sale.order.number} asks for no {fact.value} in these days"
    return f"the order is {sale.order.status} in the shop, and {'paid' if sale.order.date_paid_gmt else 'not paid'}"


def _is_of(key: VoucherKey, order: Order, refund: Refund | None) -> bool:
    """Tells whether a voucher names this very order or refund; another one may have had its id before."""
    if refund is not None:
        return epoch_of_refund(order, refund) == key[2]
    return FACTS.get(key[0]) not in OF_REFUNDS and epoch_of(order) == key[2]


def _moment(epoch: str) -> datetime:
    return datetime.fromtimestamp(int(epoch), tz=UTC)
