"""Whatever is given back as the shop's own screen gives it back, row by row and within the row: none of it is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connector.errors import AmountsDifferError
from connector.money.at_rates import Row, rows_of
from connector.money.plan import plan_money
from connector.money.reducing import less
from connector.woocommerce.models import LineItem, Order, Refund, ShippingLine
from tests.unit.money.made_orders import Case, cases, rounded
from tests.unit.money.test_per_rate import is_posted
from tests.unit.money.test_refunds import Shop, limit_of, m3_total, plan_of, taken_of

thorough = settings(max_examples=100)
PARTS = {LineItem: "line_items", ShippingLine: "shipping_lines"}


@dataclass
class Counter(Shop):
    """Gives rows back in parts, as the refund screen does: net and each tax by the pieces, rounded on each refund anew."""

    def part(self, row: Row, share: Decimal, *, the_rest: bool) -> Refund | None:
        """Refunds a share of a row, of a product line so many pieces; or all that the row has left, to the cent.

        None where the shop refuses it: it shows a total that the order does not have left.
        """
        decimals = self.case.currency_decimals
        given = [one for each in self.refunds for one in _rows(each) if one.refunded_item_id == row.id]
        taxes = {tax.id: tax.total for tax in row.taxes if tax.total}
        net, by_rate = row.total * share, {rate: tax * share for rate, tax in taxes.items()}
        if the_rest:
            net = row.total + sum((one.total for one in given), Decimal(0))
            back = {rate: [tax.total for one in given for tax in one.taxes if tax.id == rate] for rate in taxes}
            by_rate = {rate: rounded(tax, decimals) + sum(back[rate], Decimal(0)) for rate, tax in taxes.items()}
        return self._give(
            row, rounded(net, decimals), {rate: rounded(tax, decimals) for rate, tax in by_rate.items()}, share
        )

    def whole(self, rows: Sequence[Row]) -> Refund | None:
        """Refunds rows as they were sold, a reduction with them; None where the shop has not as much left, or nothing."""
        decimals, sent, amount = self.case.currency_decimals, dict[str, list[dict[str, Any]]](), Decimal(0)
        for row in rows:
            taxes = {tax.id: rounded(tax.total, decimals) for tax in row.taxes if tax.total}
            amount += row.total + sum(taxes.values(), Decimal(0))
            sent.setdefault(PARTS.get(type(row), "fee_lines"), []).append(self._sent(row, row.total, taxes, Decimal(1)))
        is_rest = 0 < amount - self.left <= limit_of(self.case)  # the shop takes no more than its total has left
        amount = self.left if is_rest else amount
        return self._keep({"amount": str(amount), **sent}) if 0 < amount <= self.left else None

    def _give(self, row: Row, net: Decimal, taxes: dict[int, Decimal], share: Decimal) -> Refund | None:
        amount = net + sum(taxes.values(), Decimal(0))
        if not 0 < amount <= self.left or net < 0:
            return None
        sent = self._sent(row, net, taxes, share)
        return self._keep({"amount": str(amount), PARTS.get(type(row), "fee_lines"): [sent]})

    def _sent(self, row: Row, net: Decimal, taxes: dict[int, Decimal], share: Decimal) -> dict[str, Any]:
        pieces = {"quantity": int(-row.quantity * share)} if isinstance(row, LineItem) else {}
        return {
            "id": 500 + row.id, "total": str(-net), "subtotal": str(-net), "subtotal_tax": "0", **pieces,
            "total_tax": str(-sum(taxes.values(), Decimal(0))),
            "taxes": [{"id": rate, "total": str(-tax)} for rate, tax in taxes.items()],
            "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(row.id)}],
        }  # fmt: skip


def _rows(refund: Refund) -> tuple[Row, ...]:
    return (*refund.line_items, *refund.shipping_lines, *refund.fee_lines)


visits = st.lists(st.tuples(st.integers(0, 14), st.integers(1, 12), st.booleans()), min_size=1, max_size=12)


def give_back(case: Case, told: list[tuple[int, int, bool]]) -> Counter:
    """Plays visits to the counter: of a row some of what it has left, of other rows than goods twelfths."""
    counter, left = Counter(case, []), {row.id: _pieces(row) for row in rows_of(case.order)}
    rows = [row for row in rows_of(case.order) if row.total]
    for place, number, is_exact in told if rows else []:
        row = rows[place % len(rows)]
        pieces = min(Decimal(number), left[row.id])
        if pieces and counter.part(row, pieces / _pieces(row), the_rest=is_exact and pieces == left[row.id]):
            left[row.id] -= pieces
    return counter


def _pieces(row: Row) -> Decimal:
    return row.quantity if isinstance(row, LineItem) else Decimal(12)


def has_no_reduction(order: Order) -> bool:
    """A reduction for the whole order leaves less at a rate than its rows: one of them at its full price may be held for that."""
    return all(fee.total >= 0 for fee in order.fee_lines)


@thorough
@given(cases(), visits)
def test_refunds_within_their_rows_are_never_held(case: Case, told: list[tuple[int, int, bool]]) -> None:
    assume(is_posted(case) and has_no_reduction(case.order))
    counter = give_back(case, told)
    assume(counter.refunds)

    taken = [taken_of(counter, one) for one in counter.refunds]

    for one in taken:
        plan = plan_of(counter, one)
        assert m3_total(counter, one, plan) == -one.total
    for row in rows_of(case.order):
        net = sum((piece.net for one in taken for piece in one.pieces if piece.source_id == row.id), Decimal(0))
        assert net <= row.total


@thorough
@given(cases(), visits)
def test_what_refunds_within_their_rows_leave_of_an_order_is_never_held(
    case: Case, told: list[tuple[int, int, bool]]
) -> None:
    assume(is_posted(case) and has_no_reduction(case.order))
    counter = give_back(case, told)
    taken = [taken_of(counter, one) for one in counter.refunds]

    left = less(case.order, taken, decimals=case.currency_decimals)
    assume(left.line_items)

    plan = plan_money(
        left, config=case.config, items=case.items, currency_decimals=case.currency_decimals, price_decimals=4
    )
    assert plan.total == case.order.total - sum((one.total for one in taken), Decimal(0))


@thorough
@given(cases(), st.integers(0, 2**14), st.booleans())
def test_all_rows_of_an_order_with_its_reduction_are_held_at_most_for_a_rate(
    case: Case, which: int, by_amount: bool
) -> None:
    assume(is_posted(case) and case.order.total > 0)
    rows = rows_of(case.order)
    counter = Counter(case, [])

    first = [row for place, row in enumerate(rows) if which >> place & 1]
    if not counter.whole(first):
        first = []
    if by_amount and counter.left > 0:
        counter.amount(counter.left)
    else:
        counter.whole([row for row in rows if row not in first])

    for refund in counter.refunds:
        try:
            taken = taken_of(counter, refund)
        except AmountsDifferError as error:
            assert first and refund is counter.refunds[0] and "what was sold at" in str(error)
            return
        assert m3_total(counter, taken, plan_of(counter, taken)) == -taken.total
