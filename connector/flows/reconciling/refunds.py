"""Compares refunds of the shop with M3's return and credit orders, some at a time. Called by compare.py, after the orders.

A refund is in M3 as a document of its own, or as the smaller order it left where M3 had not picked it yet; of an order that M3
ended or never got there is nothing to credit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connector.flows.context import StoreContext
from connector.flows.reconciling.listed import of_refund
from connector.flows.reconciling.m3_side import Head, Held, find_by_number, read_held
from connector.flows.reconciling.orders import ROUNDED, is_as_sent
from connector.flows.reconciling.proofs import is_order_number
from connector.flows.reconciling.reasons import Proof, why_differs, why_missing, why_twice
from connector.flows.reconciling.result import WHOLE, Difference, Reason, Row, Why, money
from connector.flows.reconciling.shop_side import ShopOrder, ShopRefund
from connector.flows.reconciling.smaller import Smaller
from connector.flows.reconciling.subjects import subject_of
from connector.flows.reconciling.totals import Totals
from connector.flows.refunds.reading import ROUNDING
from connector.ledger.carried import Carried, find_carried
from connector.ledger.discards import DISCARDED
from connector.ledger.session import Ledger, transaction
from connector.ledger.tables import State
from connector.money.rounding import ZERO

FLOW = "refunds_to_m3"
SMALLER = Why(Reason.TAKEN_OFF, "it was taken off M3's order before that was picked")
SMALLER_BY_HAND = Why(Reason.EDITED_IN_M3, "somebody took it off the order in M3, so there was nothing to credit")


@dataclass(frozen=True)
class RefundedOrder:
    """The order of a refund, and how M3 stands with it."""

    order: ShopOrder
    is_due: bool  # M3 has it, or has to have it
    is_ended: bool  # M3 holds no line of it any more
    smaller: Smaller | None  # what it is worth less in M3, where the figures of refunds alone do not show it


@dataclass
class Refunds:
    """The refunds of a store compared so far; `returned` is what M3's returns take back of each itself."""

    ledger: Ledger
    store: StoreContext
    totals: Totals
    taken_off: frozenset[int]  # refunds that M3's order was made smaller for
    returned: dict[int, Decimal] = field(default_factory=dict)

    def compare(
        self,
        refunds: Sequence[ShopRefund],
        heads: Mapping[int, Sequence[Head]],
        orders: Mapping[int, RefundedOrder],
    ) -> Iterator[Row]:
        """Yields the rows of these refunds; what M3 has of them is read in one go."""
        mine = {refund.id: of_refund(refund, heads) for refund in refunds}
        held = read_held(self.store, [head for some in mine.values() for head in some])
        known = self._known(refunds, orders)
        for refund in refunds:
            there = [held[head.number] for head in mine[refund.id] if head.number in held]
            live = [one for one in there if not one.is_empty]
            total = -sum((one.value.total for one in live), ZERO)
            self.returned[refund.id] = total - _taken_along(known.get(refund.id))
            order = orders.get(refund.order_id)
            if order is None or not (live or self._is_due(refund, order)):
                continue
            yield from self._one(refund, order, live, known)

    def _known(self, refunds: Sequence[ShopRefund], orders: Mapping[int, RefundedOrder]) -> Mapping[int, Carried]:
        """Returns what the ledger knows of these refunds, and of all others of an order that is smaller."""
        order_of = {one.id: one.order_id for one in refunds}
        for id_ in set(order_of.values()) & orders.keys():
            smaller = orders[id_].smaller
            order_of |= dict.fromkeys(smaller.left if smaller is not None else (), id_)
        keys = {f"{order_id}-{refund_id}": refund_id for refund_id, order_id in order_of.items()}
        with transaction(self.ledger) as connection:
            known = find_carried(connection, self.store.name, flow=FLOW, keys=list(keys))
        return {keys[key]: one for key, one in known.items()}

    def _is_due(self, refund: ShopRefund, order: RefundedOrder) -> bool:
        return refund.gives_back and refund.id not in self.taken_off and order.is_due and not order.is_ended

    def _one(
        self, refund: ShopRefund, refunded: RefundedOrder, live: Sequence[Held], known: Mapping[int, Carried]
    ) -> Iterator[Row]:
        subject = subject_of(refunded.order, live, refund=refund)
        found = self._judge(refund, refunded, live, known)
        if live and refunded.smaller is not None and refunded.smaller.is_too_much:
            found.append(refunded.smaller.difference())
        held_total = sum((one.value.total for one in live), ZERO) if live else None
        yield from self.totals.add(subject, found, shop=-refund.amount, m3=held_total)

    def _judge(
        self, refund: ShopRefund, order: RefundedOrder, live: Sequence[Held], all_known: Mapping[int, Carried]
    ) -> list[tuple[Difference, Why]]:
        sync = f"connector sync refunds_to_m3 --store {self.store.name} --ids {refund.order_id}"
        stated, known = money(-refund.amount), all_known.get(refund.id)
        is_taken_off = _is_taken_off(refund, order.smaller, all_known)
        if not live:
            why = why_missing(known, elsewhere=self._elsewhere(known), sync=sync)
            if known is None or known.m3_number is None:
                why = SMALLER if is_taken_off else why
                why = SMALLER_BY_HAND if _is_ended_by_hand(refund, order.smaller, all_known) else why
                if order.smaller is not None and _waits_with_order(refund, order.smaller, all_known):
                    why = order.smaller.why
            return [(Difference(WHOLE, stated, None), why)]
        references = {one.head.listed.your_reference for one in live}
        if len(references) < len(live):
            total = ", ".join(money(one.value.total) for one in live)
            return [(Difference(WHOLE, stated, total), why_twice(", ".join(one.head.number for one in live)))]
        proof = proof_of_refund(refund, known, live)
        why = why_differs(known, proof, sync=sync)
        if proof.is_as_sent and is_taken_off:
            why = SMALLER
        elif proof.is_as_sent and order.smaller is not None and _waits_with_order(refund, order.smaller, all_known):
            why = order.smaller.why
        along = _taken_along(known) if proof.is_as_sent else ZERO
        found = _differences(refund, live, order.order.currency, along=along)
        return [(one, ROUNDED if one.is_rounding else why) for one in found]

    def _elsewhere(self, known: Carried | None) -> list[str] | None:
        """Returns the reference M3 has a return under that it does not list, if anybody knows its number."""
        number = "" if known is None else known.m3_number or known.entered_as or ""
        if not is_order_number(number):
            return None
        return [head.listed.your_reference for head in find_by_number(self.store, [number]).values()]


def proof_of_refund(refund: ShopRefund, known: Carried | None, held: Sequence[Held]) -> Proof:
    """Returns what is seen of a refund, which the shop never changes: its total is as asked if M3's would be it as sent.

    Cents of the order's rounding that its return took along were sent beside what the shop asks for.
    """
    mine = next((one for one in held if known is not None and one.head.number == known.m3_number), None)
    if known is None or known.expected is None or mine is None:
        return Proof(is_as_sent=False, is_as_asked=False)
    others = sum((one.value.total for one in held if one is not mine), ZERO)
    sent = Decimal(known.expected["total"]) + others
    return Proof(is_as_sent=is_as_sent(known.expected, mine), is_as_asked=sent == -refund.amount - _taken_along(known))


def _is_taken_off(refund: ShopRefund, smaller: Smaller | None, known: Mapping[int, Carried]) -> bool:
    """Tells whether the connector has settled a refund, and what no return gives back of it is what M3's order is smaller by."""
    if smaller is None:
        return False
    settled = _settled_of(smaller, known)
    return refund.id in settled and smaller.accounts_for(refund.id, settled=settled)


def _is_ended_by_hand(refund: ShopRefund, smaller: Smaller | None, known: Mapping[int, Carried]) -> bool:
    """Tells whether the connector found nothing to credit of a refund, and somebody made M3's order smaller by it."""
    if smaller is None:
        return False
    settled = _settled_of(smaller, known)
    return refund.id in settled and smaller.leaves_nothing_of(refund.id, settled=settled)


def _waits_with_order(refund: ShopRefund, smaller: Smaller, known: Mapping[int, Carried]) -> bool:
    """Tells the same where the order is still under way, or waits for a person."""
    settled = _settled_of(smaller, known)
    return refund.id in settled and smaller.waits_with(refund.id, settled=settled)


def _settled_of(smaller: Smaller, known: Mapping[int, Carried]) -> set[int]:
    return {one for one in smaller.left if _is_settled(known.get(one))}


def _is_settled(known: Carried | None) -> bool:
    return known is not None and known.state is State.DONE and known.reason_code != DISCARDED


def _taken_along(known: Carried | None) -> Decimal:
    """Returns the cents of its order's rounding that a return took back beside its refund."""
    return ZERO if known is None or known.asked is None else Decimal(known.asked.get(ROUNDING, 0))


def _differences(refund: ShopRefund, held: Sequence[Held], currency: str, *, along: Decimal) -> Iterator[Difference]:
    """Compares what the returns of a refund give back: their total, and the pieces that came back."""
    currencies = {one.value.currency for one in held}
    total = sum((one.value.total for one in held), ZERO)
    if currencies != {currency}:
        yield Difference("currency", currency, ", ".join(sorted(currencies)))
    elif total != -refund.amount:
        yield Difference("total", money(-refund.amount), money(total), is_rounding=total == -refund.amount - along)
    lines = [line for one in held for line in one.lines]
    for sku, pieces in _pieces(refund).items():
        found = -sum((line.quantity_in_unit or line.quantity for line in lines if line.item == sku), ZERO)
        if found not in (pieces, ZERO):  # by another name M3's item cannot be told from money alone
            yield Difference(f"line {sku}", f"{-pieces.normalize():f}", f"{-found.normalize():f}")


def _pieces(refund: ShopRefund) -> dict[str, Decimal]:
    pieces: dict[str, Decimal] = {}
    for line in refund.lines:
        if line.quantity and line.sku:
            pieces[line.sku] = pieces.get(line.sku, ZERO) + line.quantity
    return pieces
