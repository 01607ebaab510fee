"""Whatever is refunded: never more than was sold, and what M3 makes of it is what the shop states, rate by rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connector.errors import AmountsDifferError, ConnectorError, MappingError
from connector.money.plan import MoneyPlan
from connector.money.planned import ItemFacts
from connector.money.refunds import Of, Taken, take
from connector.money.returning import as_lines, plan_return
from connector.woocommerce.models import Refund, parse_refund
from tests.unit.money.made_orders import RATES, Case, cases
from tests.unit.money.material import items_of, order_of, recorded_order, store
from tests.unit.money.test_any_order import half_up, m3_line_amount, planned

thorough = settings(max_examples=60)
HUNDRED = Decimal(100)
RATES_OF_STORE = ("0", "25", "5", "8.875")


@dataclass
class Shop:
    """Makes refunds as the shop does: it guards the total, and states lines with negative signs."""

    case: Case
    refunds: list[Refund]

    @property
    def left(self) -> Decimal:
        return self.case.order.total - sum((one.amount for one in self.refunds), Decimal(0))

    def amount(self, amount: Decimal) -> Refund:
        return self._keep({"amount": str(amount)})

    def line(self, place: int, pieces: int) -> Refund | None:
        """Refunds pieces of a line, the last of them with what is left of its total."""
        line = self.case.order.line_items[place % len(self.case.order.line_items)]
        given = [row for one in self.refunds for row in one.line_items if row.refunded_item_id == line.id]
        had = -sum((row.quantity for row in given), Decimal(0))
        pieces_left = line.quantity - had
        pieces = int(min(Decimal(pieces), pieces_left))
        if not pieces or not line.total:
            return None
        is_last = pieces == pieces_left
        step = Decimal(1).scaleb(-self.case.currency_decimals)
        share = Decimal(pieces) / line.quantity
        net = (
            line.total + sum((row.total for row in given), Decimal(0))
            if is_last
            else (line.total * share).quantize(step, ROUND_DOWN)
        )
        taxes = {tax.id: (net * RATES[tax.id] / HUNDRED).quantize(step) for tax in line.taxes if tax.total}
        amount = net + sum(taxes.values(), Decimal(0))
        if amount > self.left or not net:
            return None
        row = {
            "id": 500 + len(self.refunds), "quantity": -pieces, "total": str(-net), "subtotal": str(-net),
            "total_tax": str(-sum(taxes.values(), Decimal(0))), "subtotal_tax": "0",
            "taxes": [{"id": rate, "total": str(-tax)} for rate, tax in taxes.items()],
            "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(line.id)}],
        }  # fmt: skip
        return self._keep({"amount": str(amount), "line_items": [row]})

    def _keep(self, content: dict[str, Any]) -> Refund:
        made = {"id": 100 + len(self.refunds), "date_created_gmt": "2026-11-23T10:00:00", **content}
        refund = parse_refund(made)
        self.refunds.append(refund)
        return refund


def limit_of(case: Case) -> Decimal:
    order = case.order
    rows = len(order.line_items) + len(order.shipping_lines) + len(order.fee_lines)
    return case.config.money.limit_for(rows, decimals=case.currency_decimals)


def taken_of(shop: Shop, refund: Refund) -> Taken:
    earlier = [one for one in shop.refunds if one.id < refund.id]
    return take(
        shop.case.order, refund, earlier=earlier, decimals=shop.case.currency_decimals, limit=limit_of(shop.case)
    )


def plan_of(shop: Shop, taken: Taken) -> MoneyPlan:
    case = shop.case
    items = {
        piece.line_id: case.items[piece.source_id] if piece.of is Of.GOODS else ItemFacts("CREDIT", "PCE")
        for piece in as_lines(taken)
    }
    decimals = case.currency_decimals
    return plan_return(
        case.order, taken, config=case.config, items=items, currency_decimals=decimals, price_decimals=max(decimals, 4)
    )


def m3_total(shop: Shop, taken: Taken, plan: MoneyPlan) -> Fraction:
    """Computes what M3 makes of a return, by the VAT of its items and charge ids alone."""
    case, decimals = shop.case, shop.case.currency_decimals
    rate_of = {piece.line_id: sum((RATES[rate] for rate in piece.rates), Decimal(0)) for piece in as_lines(taken)}
    rated = [(rate_of[line.shares[0][0]], m3_line_amount(line, decimals)) for line in plan.lines]
    rated += [(case.rate_of_charge[one.charge_id], Fraction(one.amount)) for one in plan.head_charges]
    net = sum(amount for _, amount in rated) + sum(Fraction(tax) for line in plan.lines for _, tax in line.line_taxes)
    if plan.tax_mode == "T":
        return net
    vat: dict[Decimal, Fraction] = {}
    for rate, amount in rated:
        one = amount * Fraction(rate) / 100
        vat[rate] = vat.get(rate, Fraction(0)) + (half_up(one, decimals) if plan.vat_rounding == "line" else one)
    return net + sum(half_up(one, decimals) for one in vat.values())


moves = st.lists(
    st.tuples(st.sampled_from(["line", "amount", "rest"]), st.integers(0, 9), st.integers(1, 40), st.integers(1, 99)),
    min_size=1,
    max_size=6,
)


def play(case: Case, told: list[tuple[str, int, int, int]]) -> Shop:
    shop = Shop(case, [])
    step = Decimal(1).scaleb(-case.currency_decimals)
    for what, place, pieces, percent in told:
        if what == "line":
            shop.line(place, pieces)
        elif shop.left > 0:
            share = shop.left if what == "rest" else (shop.left * percent / HUNDRED).quantize(step, ROUND_DOWN)
            shop.amount(share)
    return shop


@thorough
@given(cases(), moves)
def test_refunds_that_are_carried_never_exceed_the_sale(case: Case, told: list[tuple[str, int, int, int]]) -> None:
    shop = play(case, told)
    assume(_is_held(shop) is None)

    carried = [taken for one in shop.refunds if (taken := _carried(shop, one)) is not None]

    assert sum((one.total for one in carried), Decimal(0)) <= case.order.total
    for line in case.order.line_items:
        pieces = [one for taken in carried for one in taken.pieces if one.source_id == line.id]
        assert sum((one.net for one in pieces), Decimal(0)) <= line.total
        assert sum((one.quantity for one in pieces), Decimal(0)) <= line.quantity


@thorough
@given(cases(), moves)
def test_m3_makes_of_each_refund_what_the_buyer_got(case: Case, told: list[tuple[str, int, int, int]]) -> None:
    shop = play(case, told)
    assume(_is_held(shop) is None)

    for refund in shop.refunds:
        taken = _carried(shop, refund)
        if taken is None or not refund.amount:
            continue
        try:
            plan = plan_of(shop, taken)
        except (AmountsDifferError, MappingError):
            continue  # held for a person before anything is written
        assert m3_total(shop, taken, plan) == -Fraction(refund.amount) == Fraction(plan.total)
        stated = sum((tax for piece in taken.pieces for _, tax in piece.taxes), Decimal(0))
        assert abs(plan.shop_tax + stated) <= limit_of(case)


def _carried(shop: Shop, refund: Refund) -> Taken | None:
    try:
        return taken_of(shop, refund)
    except ConnectorError:
        return None


def _is_held(shop: Shop) -> ConnectorError | None:
    """An order that never gets to M3 (amounts its currency or M3 cannot hold) has no refund there either."""
    try:
        planned(shop.case)
    except ConnectorError as error:
        return error
    return None


@pytest.mark.parametrize("too_much", ["0.01", "5.00"])
def test_refund_above_the_rest_is_refused(too_much: str) -> None:
    shop = Shop(_one_case(), [])
    shop.amount(shop.left)
    above = shop.amount(Decimal(too_much))

    with pytest.raises(AmountsDifferError, match="more than there is"):
        taken_of(shop, above)


def test_refund_of_a_refund_is_refused() -> None:
    shop = Shop(_one_case(), [])
    back = shop.amount(Decimal("-1.00"))

    with pytest.raises(AmountsDifferError, match="refund of a refund"):
        taken_of(shop, back)


def one_mug() -> Shop:
    rows = [
        {"total": "12.90", "quantity": 1, "tax": {1: "3.225"}},
        {"total": "25.00", "quantity": 1, "tax": {2: "1.25"}},
    ]
    order = order_of(lines=rows, rates={1: "25", 2: "5"})
    return Shop(replace(_one_case(), order=order, items=items_of(order)), [])


def a_mug_with_tax(shop: Shop, net: str, tax: str, *, rate: int = 1, line: str = "11") -> Refund:
    row = {
        "id": 500, "quantity": -1, "total": f"-{net}", "subtotal": f"-{net}", "total_tax": f"-{tax}", "subtotal_tax": "0",
        "taxes": [{"id": rate, "total": f"-{tax}"}], "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": line}],
    }  # fmt: skip
    return shop._keep({"amount": str(Decimal(net) + Decimal(tax)), "line_items": [row]})


def rows_back(shop: Shop, *rows: tuple[str, int, str], amount: str) -> Refund:
    """A refund of rows: the line given back, its pieces, its net; without tax."""
    given = [
        {
            "id": 500 + place, "quantity": -pieces, "total": str(-Decimal(net)), "subtotal": str(-Decimal(net)),
            "total_tax": "0", "subtotal_tax": "0", "taxes": [],
            "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": line}],
        }
        for place, (line, pieces, net) in enumerate(rows)
    ]  # fmt: skip
    return shop._keep({"amount": amount, "line_items": given})


@pytest.mark.parametrize(
    ("rows", "amount", "words"),
    [
        ([("11", 1, "12.90")], "10.00", r"its lines come to 12\.90, its amount is 10\.00"),
        ([("99", 1, "12.90")], "12.90", "its row 500 names no row of the order"),
        ([("11", 2, "12.90")], "12.90", r"row 11, in pieces: 2 of 1"),
        ([("11", 1, "13.90")], "13.90", r"row 11: 13\.90 of 12\.90"),
        ([("11", 1, "-5.00"), ("12", 1, "20.00")], "15.00", r"row 11: -5\.00 of 12\.90"),
    ],
    ids=["less than its rows", "row of another order", "more pieces", "more of a row", "a row the other way"],
)
def test_refund_that_cannot_be_of_its_order_is_refused(
    rows: list[tuple[str, int, str]], amount: str, words: str
) -> None:
    shop = one_mug()
    refund = rows_back(shop, *rows, amount=amount)

    with pytest.raises(AmountsDifferError, match=words):
        taken_of(shop, refund)


def test_money_where_nothing_of_the_order_is_left_to_give_back_is_a_persons() -> None:
    with pytest.raises(AmountsDifferError, match="all rows of the order are given back already"):
        plan_of(one_mug(), Taken(100, (), Decimal("0.01")))


def test_more_tax_than_was_sold_at_a_rate_is_refused_within_the_row() -> None:
    shop = one_mug()
    refund = a_mug_with_tax(shop, "10.00", "5.00")

    with pytest.raises(AmountsDifferError, match=r"the tax at 25 %: 5\.00 of 3\.23"):
        taken_of(shop, refund)


def test_what_an_earlier_refund_took_too_much_at_another_rate_holds_none_that_takes_nothing_of_it() -> None:
    shop = one_mug()
    a_mug_with_tax(shop, "10.00", "5.00", rate=2, line="12")
    refund = a_mug_with_tax(shop, "12.90", "3.23")

    assert taken_of(shop, refund).total == Decimal("16.13")


def test_a_row_of_whose_rate_money_without_lines_took_a_share_is_refused() -> None:
    shop = one_mug()
    shop.amount(Decimal("7.77"))
    refund = a_mug_with_tax(shop, "12.90", "3.23")

    with pytest.raises(AmountsDifferError, match=r"what was sold at 25 %: 19\.09 of 16\.13"):
        taken_of(shop, refund)


@pytest.mark.parametrize(("net", "tax"), [("12.90", "0"), ("0.40", "0.02")])
def test_goods_whose_refund_states_another_vat_than_their_sale_are_held_where_m3_computes_it(
    net: str, tax: str
) -> None:
    shop = one_mug()
    refund = a_mug_with_tax(shop, net, tax, rate=2)

    with pytest.raises(AmountsDifferError, match="Row 11 of refund 100 states another VAT"):
        plan_of(shop, taken_of(shop, refund))


def test_amount_that_gives_all_back_gives_each_rate_its_own_beside_an_untaxed_reduction() -> None:
    taxed = [{"total": "26.14", "tax": {3: "2.319925"}}, {"total": "28.76", "tax": {2: "1.438000"}}]
    order = order_of(fees=[*taxed, {"total": "-3.53"}], rates={2: "5", 3: "8.875"})
    shop = Shop(replace(_one_case(), order=order, items={}, config=store(rates=RATES_OF_STORE)), [])
    half = shop.amount(Decimal("20.00"))
    rest = shop.amount(shop.left)

    taken = [taken_of(shop, one) for one in (half, rest)]

    taxes: dict[int, Decimal] = {}
    for rate, tax in (one for each in taken for piece in each.pieces for one in piece.taxes):
        taxes[rate] = taxes.get(rate, Decimal(0)) + tax
    assert taxes == {2: Decimal("1.44"), 3: Decimal("2.32")}
    assert [plan_of(shop, one).total for one in taken] == [Decimal("-20.00"), -(order.total - Decimal("20.00"))]


def test_currency_that_m3_cannot_hold_to_the_last_place_is_held() -> None:
    order = order_of(lines=[{"total": "9.000", "quantity": 1, "tax": {1: "2.25"}}], rates={1: "25"}, currency="KWD")
    shop = Shop(replace(_one_case(), order=order, items=items_of(order), currency_decimals=3), [])
    refund = shop.amount(Decimal("1.125"))

    with pytest.raises(MappingError, match="3 decimals"):
        plan_of(shop, taken_of(shop, refund))


def _one_case() -> Case:
    order = recorded_order(5)
    return Case(order, store(), items_of(order), 2, {}, {})
