"""Compares payments and direct invoices of the shop with M3's general ledger, account by account. Called by compare.py.

Each fact is found in M3 by the text of its voucher rows; what an account has to show of it is computed from the shop's order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from connector.accounting.accounts import ClosedPeriod
from connector.flows.context import StoreContext
from connector.flows.reconciling.dues import FLOWS, LETTERS, Due
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.posting_amounts import IN_RECEIVABLES, amount_of
from connector.flows.reconciling.posting_proofs import KnownPosting
from connector.flows.reconciling.posting_strangers import PostingStrangers
from connector.flows.reconciling.proofs import taken_off_of
from connector.flows.reconciling.reasons import why_missing, why_posted_otherwise, why_twice
from connector.flows.reconciling.renamed_accounts import former_names
from connector.flows.reconciling.result import WHOLE, Difference, Fact, Reason, Row, Subject, Why, money
from connector.flows.reconciling.totals import Totals
from connector.flows.reconciling.vouchers import Voucher, VoucherKey, read_vouchers, sums_of
from connector.flows.reconciling.ways import Ways
from connector.ledger import reductions
from connector.ledger.carried import Carried, find_carried
from connector.ledger.session import Ledger, transaction
from connector.ledger.tables import State
from connector.money.rounding import ZERO

ORDERS = "orders_to_m3"
AT_ONCE = 200


@dataclass
class Postings:
    """The postings of a store compared so far."""

    ledger: Ledger
    store: StoreContext
    period: Period
    totals: Totals

    def compare(self, dues: Sequence[Due]) -> Iterator[Row]:
        """Yields the rows of these facts, then of vouchers no fact of the period accounts for."""
        vouchers = read_vouchers(self.store, list(self._days(self.period).days()))
        elsewhere = self._of_other_days(dues, vouchers)
        invoiced = {order_id for letter, order_id, _ in (*vouchers, *elsewhere) if letter == LETTERS[Fact.INVOICE]}
        for fact in FLOWS:
            mine = [due for due in dues if due.fact is fact]
            for start in range(0, len(mine), AT_ONCE):
                some = mine[start : start + AT_ONCE]
                known = self._in_ledger(fact, some)
                for due in some:
                    posted = vouchers.pop(due.key, []) or elsewhere.get(due.key, [])
                    ledger = known[due.business_key]
                    if posted or self._is_missed(due, ledger, invoiced):
                        lacks_invoice = due.needs_invoice and due.order_id not in invoiced
                        yield from self._one(_as_named(due, ledger), posted, ledger, lacks_invoice=lacks_invoice)
        read = frozenset(self._days(self.period).days())
        yield from PostingStrangers(self.ledger, self.store, self.period, self.totals, read).compare(vouchers)

    def _is_missed(self, due: Due, known: KnownPosting, invoiced: Set[int]) -> bool:
        """Tells whether a fact has to be there: also where it depends on M3, and the ledger has posted it or is at it."""
        if due.is_required or (due.needs_invoice and due.order_id in invoiced):
            return True
        own = known.known
        is_begun = own is not None and (own.m3_number is not None or own.state is not State.DONE)
        return due.fact is Fact.REPAYMENT and is_begun

    def _of_other_days(
        self, dues: Sequence[Due], vouchers: Mapping[VoucherKey, object]
    ) -> Mapping[VoucherKey, list[Voucher]]:
        """Returns vouchers of other days: of invoices that are not in these, or which only what follows from them asks for."""
        asking = [due for due in dues if due.needs_invoice or (due.fact is Fact.INVOICE and due.key not in vouchers)]
        days = {day for due in asking for one in due.days_of_invoice for day in self._days_from(one)}
        unread = sorted(days - set(self._days(self.period).days()))
        return read_vouchers(self.store, unread) if unread else {}

    def _days_from(self, day: date) -> Iterator[date]:
        return self._days(replace(self.period, first=day, last=day)).days()

    def _days(self, period: Period) -> Period:
        """The days on which facts of a period may be posted: the first open one too, where closed days are moved there."""
        books = self.store.config.books
        closed = books.closed_through
        if closed is None or closed < period.first or books.closed_period is ClosedPeriod.HOLD:
            return period
        return replace(period, last=max(period.last, closed + timedelta(days=1)))

    def _in_ledger(self, fact: Fact, dues: Sequence[Due]) -> dict[str, KnownPosting]:
        """Returns what the ledger knows of some facts, and of what they follow from, by the key of the fact."""
        own = self._known(FLOWS[fact], [due.business_key for due in dues])
        sales = self._sales(fact, sorted({due.order_id for due in dues}))
        with transaction(self.ledger) as connection:
            kept = reductions.totals_of(connection, self.store.name, order_ids=[due.order_id for due in dues])
        return {
            due.business_key: KnownPosting(
                due=due,
                known=own.get(due.business_key),
                sale=sales.get(str(due.order_id)),
                taken_off=taken_off_of(due.sale, kept),
            )
            for due in dues
        }

    def _sales(self, fact: Fact, order_ids: Sequence[int]) -> dict[str, Carried]:
        """Returns what the ledger knows of what some facts follow from, by order."""
        keys = [str(one) for one in order_ids]
        if fact is not Fact.PAYMENT:
            return self._known(FLOWS[Fact.PAYMENT if fact is Fact.REPAYMENT else Fact.INVOICE], keys)
        ways = Ways(self.ledger, self.store)
        ways.learn(order_ids)
        direct = {key for one, key in zip(order_ids, keys, strict=True) if ways.is_direct(one)}
        others = [key for key in keys if key not in direct]
        return self._known(FLOWS[Fact.INVOICE], sorted(direct)) | self._known(ORDERS, others)

    def _known(self, flow: str, keys: Sequence[str]) -> dict[str, Carried]:
        with transaction(self.ledger) as connection:
            return find_carried(connection, self.store.name, flow=flow, keys=keys)

    def _one(self, due: Due, vouchers: list[Voucher], known: KnownPosting, *, lacks_invoice: bool) -> Iterator[Row]:
        held = sums_of(vouchers)
        whys = self._judge(due, vouchers, held, known)
        if lacks_invoice:
            whys.append((Difference("invoice", "credited", None), _without_invoice(due.fact)))
        posted = amount_of(self.store, due.fact, held, worth_on=due.worth_on) if vouchers else None
        worth = amount_of(self.store, due.fact, due.sums, worth_on=due.worth_on)
        shop = worth if due.sums else due.total  # converted, where the books are
        yield from self.totals.add(_subject(due, vouchers), whys, shop=shop, m3=posted)
        for account in sorted({*due.sums, *held}):
            there = held.get(account, ZERO)
            self.totals.add_account(account, due.currency, shop=due.sums.get(account, ZERO), m3=there)

    def _judge(
        self, due: Due, vouchers: Sequence[Voucher], held: Mapping[str, Decimal], ledger: KnownPosting
    ) -> list[tuple[Difference, Why]]:
        sync, known = f"connector sync orders_to_m3 --store {self.store.name} --ids {due.order_id}", ledger.known
        if not vouchers:
            why = why_missing(known, elsewhere=None, sync=sync)
            if due.refusal and why.reason is Reason.UNKNOWN:
                why = replace(why, words=f"{why.words}; it cannot be posted as it is: {due.refusal}", remedy=due.remedy)
            return [(Difference(WHOLE, money(due.total), None), why)]
        numbers = ", ".join(sorted({one.number for one in vouchers}))
        if len(vouchers) > 1:
            amounts = (amount_of(self.store, due.fact, one.sums, worth_on=due.worth_on) for one in vouchers)
            both = ", ".join(money(one) for one in amounts)
            return [(Difference(WHOLE, money(due.total), both), why_twice(numbers))]
        as_sent = known is not None and known.expected is not None and _as_sums(known.expected) == held
        why = why_posted_otherwise(known, ledger.proof(is_as_sent=as_sent), number=numbers, sync=sync)
        return [(one, why) for one in _differences(due, vouchers[0], held)]


def _as_named(due: Due, ledger: KnownPosting) -> Due:
    """Returns a fact on the accounts it was posted on, where nothing but the store file's names of them has changed since.

    An invoice is due on the accounts kept with it. What a former version posted, which kept none, is credited on those of now.
    """
    known = ledger.known
    if due.fact in IN_RECEIVABLES:
        return due
    if known is None or known.m3_number is None or known.expected is None:
        return due
    if not ledger.proof(is_as_sent=True).is_as_asked:
        return due
    names = former_names(due.sums, _as_sums(known.expected))
    sums = {names.get(account, account): amount for account, amount in due.sums.items()}
    return replace(due, sums=sums, worth_on=names.get(due.worth_on, due.worth_on))


def _differences(due: Due, voucher: Voucher, held: Mapping[str, Decimal]) -> Iterator[Difference]:
    if voucher.currencies != {due.currency}:
        yield Difference("currency", due.currency, ", ".join(sorted(voucher.currencies)))
        return
    if due.refusal:
        yield Difference(WHOLE, None, ", ".join(sorted(held)))
        return
    for account in sorted({*due.sums, *held}):
        wanted, there = due.sums.get(account, ZERO), held.get(account, ZERO)
        if wanted != there:
            yield Difference(f"account {account}", money(wanted), money(there))


def _without_invoice(fact: Fact) -> Why:
    return Why(
        Reason.UNKNOWN,
        f"M3 has the {fact.value} of an order, and not its invoice",
        f"Look in GLS200 what became of the invoice; enter it by hand, or take the {fact.value} back.",
    )


def _as_sums(expected: Mapping[str, object]) -> dict[str, Decimal]:
    return {account: Decimal(str(amount)) for account, amount in expected.items()}


def _subject(due: Due, vouchers: Sequence[Voucher]) -> Subject:
    return Subject(
        fact=due.fact,
        shop_id=due.shop_id,
        order_number=due.order_number,
        m3_number=", ".join(sorted({one.number for one in vouchers})) or None,
        day=due.day,
        currency=due.currency,
    )
