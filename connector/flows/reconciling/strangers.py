"""Orders and returns of M3 that no order or refund of the shop in the period accounts for. Called by compare.py, at the end.

The shop is asked for each of them by its id, so that one that is only dated otherwise is told from one the shop does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from connector.flows.context import StoreContext
from connector.flows.reconciling.m3_side import Head, Held, read_held
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.proofs import REDATE, proof_of_date
from connector.flows.reconciling.reasons import why_differs, why_left_over
from connector.flows.reconciling.result import WHOLE, Difference, Fact, Row, Subject, money
from connector.flows.reconciling.shop_side import read_by_id
from connector.flows.reconciling.totals import Totals
from connector.ledger.carried import Carried, find_carried_as, find_entered_by_hand
from connector.ledger.session import Ledger, transaction
from connector.stores.orders import CarriedAs
from connector.woocommerce.models import Order

ORDERS, REFUNDS = "orders_to_m3", "refunds_to_m3"
REMEDY = "Compare in OIS300; end it there if the shop's order is gone for good."
BY_HAND = "Entered by hand for a discarded one: connector dead-letters discard ID --entered-as NUMBER says for which."


@dataclass
class Strangers:
    """What M3 has beyond the shop."""

    ledger: Ledger
    store: StoreContext
    period: Period
    totals: Totals

    def is_ours(self, head: Head) -> bool:
        """Tells whether an order of M3 is of the period and of this shop: by its reference, or by its type if it has none."""
        if not self.period.has_day(head.listed.order_date):
            return False
        if head.reference is not None:
            return head.reference.store == self.store.name
        return head.listed.order_type in self._order_types

    def compare(self, heads: Sequence[Head]) -> Iterator[Row]:
        """Yields a row for each of these orders of M3 that is worth or holds anything."""
        held = read_held(self.store, heads)
        of_orders = [one for one in heads if one.reference is not None and not one.reference.is_refund]
        shop = read_by_id(self.store, [one.reference.shop_id for one in of_orders if one.reference is not None])
        known = self._known([head.number for head in heads])
        for head in heads:
            one = held.get(head.number)
            if one is not None and not one.is_empty:
                yield from self._one(one, shop, known.get(head.number))

    @property
    def _order_types(self) -> frozenset[str]:
        refunds = self.store.config.refunds
        returns = (refunds.return_order_type, refunds.credit_order_type) if refunds is not None else ()
        return frozenset((self.store.config.m3.order_type, *returns))

    def _known(self, numbers: Sequence[str]) -> dict[str, Carried]:
        with transaction(self.ledger) as connection:
            by_hand = find_entered_by_hand(connection, self.store.name, flows=(ORDERS, REFUNDS), m3_numbers=numbers)
            return by_hand | find_carried_as(connection, self.store.name, flows=(ORDERS, REFUNDS), m3_numbers=numbers)

    def _one(self, held: Held, shop: Mapping[int, Order], known: Carried | None) -> Iterator[Row]:
        reference, day = held.head.reference, held.head.listed.order_date
        assert day is not None, "asked for before"
        order = None if reference is None or reference.is_refund else shop.get(reference.shop_id)
        if order is not None and reference is not None and int(order.created_at.timestamp()) == reference.epoch:
            dated = self.period.day_of(order.created_at)
            why = why_differs(known, proof_of_date(dated, known, found=day), sync=REDATE)
            found = [(Difference("date", dated.isoformat(), day.isoformat()), why)]
            yield from self.totals.add(_subject(held, day, order=order), found, shop=None, m3=held.value.total)
            return
        remedy = REMEDY if reference is not None else f"{REMEDY} {BY_HAND}"
        why = why_left_over(known, what=self._words(held, order), remedy=remedy)
        found = [(Difference(WHOLE, None, money(held.value.total)), why)]
        yield from self.totals.add(_subject(held, day), found, shop=None, m3=held.value.total)

    def _words(self, held: Held, order: Order | None) -> str:
        reference = held.head.reference
        if reference is None:
            return f"an order of type {held.head.listed.order_type} for a customer of the shop, without its reference"
        if reference.is_refund and self.store.config.orders.carried_as is CarriedAs.INVOICE:
            return f"the store credits refund {reference.shop_id} in the ledger, and M3 has a return too"
        what = "refund" if reference.is_refund else "order"
        if order is not None:
            return f"the shop has another order under the id {reference.shop_id}"
        return f"the shop has no {what} {reference.shop_id}"


def _subject(held: Held, day: date, *, order: Order | None = None) -> Subject:
    reference = held.head.reference
    is_refund = reference.is_refund if reference is not None else held.value.total < 0
    return Subject(
        fact=Fact.REFUND if is_refund else Fact.ORDER,
        shop_id=None if reference is None else reference.shop_id,
        order_number=order.number if order is not None else held.head.listed.customer_order_number,
        m3_number=held.head.number,
        day=day,
        currency=held.value.currency,
    )
