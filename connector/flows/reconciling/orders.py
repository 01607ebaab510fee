"""Compares orders of the shop with M3's, some at a time. Called by compare.py.

Whether M3 has to have an order follows from its status and the store's table alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import combinations

from connector.flows.context import StoreContext
from connector.flows.orders.charge_names import as_posted
from connector.flows.reconciling.items import Items
from connector.flows.reconciling.listed import of_this
from connector.flows.reconciling.m3_side import Head, Held, find_by_number, read_held
from connector.flows.reconciling.matching import differences, less_refunds, twins_of
from connector.flows.reconciling.proofs import (
    REDATE,
    InLedger,
    is_order_number,
    number_of,
    proof_of,
    proof_of_date,
    rounding_left_in,
    taken_off_of,
)
from connector.flows.reconciling.reasons import why_differs, why_left_over, why_missing, why_twice
from connector.flows.reconciling.result import WHOLE, Difference, Fact, Reason, Row, Subject, Why, money
from connector.flows.reconciling.shop_side import ShopOrder, ShopRefund, Unreadable
from connector.flows.reconciling.smaller import Smaller, read_smaller
from connector.flows.reconciling.subjects import subject_of
from connector.flows.reconciling.totals import Totals
from connector.flows.reconciling.ways import Ways
from connector.ledger import reductions
from connector.ledger.carried import Carried, find_carried
from connector.ledger.session import Ledger, transaction
from connector.money.comparison import compare_with_m3
from connector.money.expected import Expected
from connector.money.rounding import ZERO
from connector.stores.money import MoneyConfig
from connector.stores.orders import OrderAction

FLOW = "orders_to_m3"
MOST_REFUNDS = 6
"""Of an order with more that M3 holds no return for, no combination is tried."""
ROUNDED = Why(Reason.ROUNDING, "within money.rounding_limit of the store file")


@dataclass
class Orders:
    """The orders of a store compared so far.

    `taken_off` are refunds that M3's order was made smaller for; with `smaller` ones the figures of no refunds alone agree. Of
    `ended` ones M3 holds no line any more.
    """

    ledger: Ledger
    store: StoreContext
    totals: Totals
    refunds: Mapping[int, Sequence[ShopRefund]]  # by order
    returns: Mapping[int, Sequence[Head]]  # what M3 holds of them, by refund
    decimals: Mapping[str, int]  # by currency
    taken_off: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)
    in_m3: set[int] = field(default_factory=set)
    smaller: dict[int, Smaller] = field(default_factory=dict)
    items: Items = field(init=False)
    ways: Ways = field(init=False)

    def __post_init__(self) -> None:
        """Knows no item and no order yet."""
        self.items, self.ways = Items(self.ledger, self.store), Ways(self.ledger, self.store)

    def compare(self, orders: Sequence[ShopOrder], heads: Mapping[int, Sequence[Head]]) -> Iterator[Row]:
        """Yields the rows of these orders; what M3 has of them is read in one go."""
        self.ways.learn(order.id for order in orders)
        known, taken_off = self._known([order.id for order in orders]), self._taken_off(orders)
        elsewhere = self._elsewhere([order for order in orders if not heads.get(order.id)], known)
        mine = {order.id: heads.get(order.id) or of_this(order, elsewhere) for order in orders}
        held = read_held(self.store, [head for some in mine.values() for head in some])
        orders = [_as_sold(order, known.get(str(order.id))) for order in orders]
        self._learn_items(orders, mine, held)
        for order in orders:
            ledger = InLedger(known.get(str(order.id)), taken_off.get(order.id, ZERO))
            found = [held[head.number] for head in mine[order.id] if head.number in held]
            yield from self._one(order, found, ledger, elsewhere.get(order.id, ()))

    def _learn_items(
        self, orders: Sequence[ShopOrder], heads: Mapping[int, Sequence[Head]], held: Mapping[str, Held]
    ) -> None:
        pairs = ((order, held[head.number]) for order in orders for head in heads[order.id] if head.number in held)
        self.items.learn({twin.sku for order, one in pairs for twin in twins_of(order, one)})

    def unreadable(self, order: Unreadable, day: date) -> list[Row]:
        """Returns the row of an order that cannot be compared, and counts it."""
        known = self._known([order.id]).get(str(order.id))
        why = why_left_over(known, what=order.words, remedy=order.remedy)
        subject = Subject(
            fact=Fact.ORDER,
            shop_id=order.id,
            order_number=str(order.id),
            m3_number=None if known is None else known.m3_number,
            day=day,
            currency="",
        )
        return self.totals.add(subject, [(Difference(WHOLE, "unreadable", None), why)], shop=None, m3=None)

    def _known(self, order_ids: Sequence[int]) -> dict[str, Carried]:
        with transaction(self.ledger) as connection:
            return find_carried(connection, self.store.name, flow=FLOW, keys=[str(one) for one in order_ids])

    def _taken_off(self, orders: Sequence[ShopOrder]) -> dict[int, Decimal]:
        refunded = [order for order in orders if order.refund_ids]
        with transaction(self.ledger) as connection:
            kept = reductions.totals_of(connection, self.store.name, order_ids=[one.id for one in refunded])
        return {order.id: taken_off_of(order, kept) for order in refunded}

    def _elsewhere(self, lost: Sequence[ShopOrder], known: Mapping[str, Carried]) -> dict[int, list[Head]]:
        """Looks for orders that M3 does not list, by the number that ledger or shop have of them."""
        numbers = {order.id: number_of(order, known.get(str(order.id))) for order in lost}
        found = find_by_number(self.store, sorted(filter(is_order_number, numbers.values())))
        return {id_: [found[number]] for id_, number in numbers.items() if number in found}

    def _one(
        self, order: ShopOrder, found: Sequence[Held], ledger: InLedger, elsewhere: Sequence[Head]
    ) -> Iterator[Row]:
        live = [one for one in found if not one.is_empty]
        is_due = order.action is OrderAction.CONFIRM and not self.ways.is_direct(order.id)
        if found:
            self.in_m3.add(order.id)
        if found and not any(one.lines for one in live):
            self.ended.add(order.id)
        if found and not live:
            why = why_differs(ledger.known, proof_of(order, ledger, is_as_sent=True), sync=self._sync(order))
            self._look_at_smaller(order, ZERO, why, ledger, is_as_sent=False)
        if not live and (not is_due or self._is_taken_off_whole(order, found)):
            return
        due, whys = self._judge(order, live, ledger, elsewhere, is_ended=bool(found))
        held_total = sum((one.value.total for one in live), ZERO) if live else None
        yield from self.totals.add(
            subject_of(order, live), whys, shop=None if due is None else due.total, m3=held_total
        )

    def _sync(self, order: ShopOrder) -> str:
        return f"connector sync orders_to_m3 --store {self.store.name} --ids {order.id}"

    def _judge(
        self, order: ShopOrder, live: Sequence[Held], ledger: InLedger, elsewhere: Sequence[Head], *, is_ended: bool
    ) -> tuple[ShopOrder | None, list[tuple[Difference, Why]]]:
        """Returns what is due in M3 of an order, and each difference with its reason."""
        sync, stated, known = self._sync(order), money(order.total), ledger.known
        if not live and is_ended:
            return order, [(Difference(WHOLE, stated, "ended"), self._why_ended(order, ledger))]
        if not live:
            names = (
                [one.listed.your_reference for one in elsewhere] if is_order_number(number_of(order, known)) else None
            )
            return order, [(Difference(WHOLE, stated, None), why_missing(known, elsewhere=names, sync=sync))]
        total = ", ".join(money(one.value.total) for one in live)
        if len(live) > 1:
            numbers = ", ".join(one.head.number for one in live)
            return order, [(Difference(WHOLE, stated, total), why_twice(numbers))]
        if order.action is OrderAction.CLOSE:
            why = why_left_over(known, what=f"the order is {order.status} in the shop and open in M3", remedy=sync)
            self._look_at_smaller(
                order, live[0].value.total, why, ledger, is_as_sent=_holds_what_was_sent(known, live[0])
            )
            return None, [(Difference(WHOLE, order.status, total), why)]
        if self.ways.is_direct(order.id):
            words = "the order is carried as an invoice, and M3 has an order too"
            return None, [(Difference(WHOLE, None, total), why_left_over(None, what=words, remedy="End it in OIS300."))]
        return self._compare(order, live[0], ledger)

    def _why_ended(self, order: ShopOrder, ledger: InLedger) -> Why:
        smaller = self.smaller.get(order.id)
        if smaller is not None and smaller.is_too_much:
            return smaller.why
        is_by_us = ledger.known is not None and ledger.known.is_ended_by_us
        return why_differs(ledger.known, proof_of(order, ledger, is_as_sent=is_by_us), sync=self._sync(order))

    def _compare(
        self, order: ShopOrder, held: Held, ledger: InLedger
    ) -> tuple[ShopOrder, list[tuple[Difference, Why]]]:
        known, sync = ledger.known, self._sync(order)
        as_sent = _holds_what_was_sent(known, held)
        rounding_left = self._rounding_left(order, known) if as_sent else ZERO
        due, found = self._best_fit(order, held, table=self._table(known), rounding_left=rounding_left)
        why = why_differs(known, proof_of(order, ledger, is_as_sent=as_sent), sync=sync)
        if not all(one.is_rounding for one in found):
            why = self._look_at_smaller(order, held.value.total, why, ledger, is_as_sent=as_sent)
        whys = [(one, ROUNDED if one.is_rounding else why) for one in found]
        whys += [(one, why) for one in self.items.wrong(twins_of(due, held))]
        dated = held.head.listed.order_date
        if dated is not None and dated != order.day:
            why_dated = why_differs(known, proof_of_date(order.day, known, found=dated), sync=REDATE)
            whys.append((Difference("date", order.day.isoformat(), dated.isoformat()), why_dated))
        return due, whys

    def _look_at_smaller(
        self, order: ShopOrder, total: Decimal, why: Why, ledger: InLedger, *, is_as_sent: bool
    ) -> Why:
        """Says why M3's order is not what the shop has, now also by what its refunds make up for."""
        refunds, differs_by = self.refunds.get(order.id, ()), order.total - total
        has_changed = is_as_sent and not proof_of(order, ledger, is_as_sent=True).is_as_asked
        is_changed = has_changed or order.action is OrderAction.CLOSE
        by = ledger.taken_off if is_changed else differs_by  # of a later change of the shop nobody gave anything back
        if not refunds or by <= 0:
            return why
        rounding_left = self._rounding_left(order, ledger.known) if is_as_sent else ZERO
        smaller = read_smaller(
            self.store,
            by=by,
            refunds=refunds,
            returns=self.returns,
            why=why,
            is_made_up=is_as_sent and differs_by + rounding_left == ledger.taken_off,
            rounding_left=rounding_left,
        )
        self.smaller[order.id] = smaller
        return smaller.why

    def _table(self, known: Carried | None) -> MoneyConfig:
        """Returns the table of charges with the names those of the order were sent by."""
        return as_posted(self.store.config.money, (known.charges if known is not None else None) or ())

    def _best_fit(
        self, order: ShopOrder, held: Held, *, table: MoneyConfig, rounding_left: Decimal
    ) -> tuple[ShopOrder, list[Difference]]:
        """Compares with the order as it is, then less refunds that M3 holds no return for: it may have been made smaller."""
        found = self._differences(order, held, table, rounding_left)
        if all(one.is_rounding for one in found):
            return order, found
        open_refunds = [one for one in self.refunds.get(order.id, ()) if one.id not in self.returns and one.gives_back]
        for count in range(min(len(open_refunds), MOST_REFUNDS), 0, -1):
            for some in combinations(open_refunds, count):
                less = less_refunds(order, some)
                smaller = self._differences(less, held, table, rounding_left)
                if all(one.is_rounding for one in smaller) or _is_same_but_for_its_split(less, held, smaller):
                    self.taken_off.update(one.id for one in some)
                    return less, [one for one in smaller if one.is_rounding]
        return order, found

    def _differences(
        self, order: ShopOrder, held: Held, table: MoneyConfig, rounding_left: Decimal
    ) -> list[Difference]:
        return differences(order, held, config=table, limit=self._limit(order), rounding_left=rounding_left)

    def _rounding_left(self, order: ShopOrder, known: Carried | None) -> Decimal:
        return rounding_left_in(known, limit=self._limit(order))

    def _limit(self, order: ShopOrder) -> Decimal:
        return self.store.config.money.limit_for(order.taxed_rows, decimals=self.decimals.get(order.currency, 2))

    def _is_taken_off_whole(self, order: ShopOrder, found: Sequence[Held]) -> bool:
        """Tells whether M3 ended the order because all of it was refunded before it was picked."""
        refunds = [one for one in self.refunds.get(order.id, ()) if one.id not in self.returns]
        if not found or sum((one.amount for one in refunds), ZERO) != order.total:
            return False
        self.taken_off.update(one.id for one in refunds)
        return True


def _as_sold(order: ShopOrder, known: Carried | None) -> ShopOrder:
    """Returns an order with the SKUs its lines had when it was sent; the shop shows the present ones of the products."""
    skus = (known.skus if known is not None else None) or {}
    return replace(order, lines=tuple(replace(line, sku=skus.get(str(line.id), line.sku)) for line in order.lines))


def _is_same_but_for_its_split(order: ShopOrder, held: Held, found: Sequence[Difference]) -> bool:
    """Tells whether total and lines agree, and M3 only splits money that belongs to no line otherwise into charges and tax."""
    return held.value.total == order.total and not any(one.what.startswith("line ") for one in found)


def _holds_what_was_sent(known: Carried | None, held: Held) -> bool:
    return known is not None and known.expected is not None and is_as_sent(known.expected, held)


def is_as_sent(expected: Mapping[str, object], held: Held) -> bool:
    """Tells whether M3 holds what the document in the ledger says was sent."""
    lines = [(line.customer_line, line.net_amount) for line in held.lines]
    return not compare_with_m3(Expected.from_json(expected), held.value, lines)
