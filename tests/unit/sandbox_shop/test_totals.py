"""Any order adds up, whatever is in it."""

from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.shop.coupons import apply_coupons
from sandbox.shop.dates import now_utc
from sandbox.shop.entities import Coupon, CouponLine, FeeLine, LineItem, Order, ShippingLine
from sandbox.shop.totals import Rounding, calculate

PER_LINE = Rounding(at_subtotal=False, prices_include_tax=False)
MONEY = st.decimals("0.01", "500", places=4)
LINE = st.tuples(MONEY, st.integers(1, 9), st.sampled_from(["", "reduced-rate", "zero-rate"]))
COUPONS = [
    Coupon(1, "TEN", "percent", Decimal(10)),
    Coupon(2, "FIVEOFF", "fixed_cart", Decimal(5)),
    Coupon(3, "EACH", "fixed_product", Decimal(2)),
    Coupon(4, "ALLFREE", "percent", Decimal(100)),
]


def make_order(lines: list[tuple[Decimal, int, str]], *, fees: list[Decimal], coupons: list[Coupon]) -> Order:
    order = Order(1, "k", now_utc(), now_utc())
    for number, (price, quantity, tax_class) in enumerate(lines):
        net = price * quantity
        order.lines.append(LineItem(number, "x", 1, 0, quantity, tax_class, net, net))
    order.shipping_lines = [ShippingLine(90, "Flat rate", "flat_rate", Decimal("5.00"))]
    order.fees = [FeeLine(91 + i, "fee", fee) for i, fee in enumerate(fees)]
    order.coupons = [CouponLine(80 + i, coupon, 0) for i, coupon in enumerate(coupons)]
    return order


def finish(order: Order) -> None:
    ids = count(1000)
    calculate(order, rounding=PER_LINE, next_item_id=ids)
    apply_coupons(order, rounding=PER_LINE)
    calculate(order, rounding=PER_LINE, next_item_id=ids)


@settings(max_examples=150)
@given(
    lines=st.lists(LINE, min_size=1, max_size=6),
    fees=st.lists(st.decimals("-20", "20", places=2), max_size=2),
    coupons=st.lists(st.sampled_from(COUPONS), max_size=2, unique_by=lambda c: c.id),
)
def test_parts_sum_to_the_total(
    lines: list[tuple[Decimal, int, str]], fees: list[Decimal], coupons: list[Coupon]
) -> None:
    order = make_order(lines, fees=fees, coupons=coupons)

    finish(order)

    cent = Decimal("0.01")
    net = sum((line.total.quantize(cent, "ROUND_HALF_UP") for line in order.lines), Decimal(0))
    extras = sum((p.total for p in [*order.fees, *order.shipping_lines]), Decimal(0))
    taxes = sum((p.total_tax for p in [*order.lines, *order.fees, *order.shipping_lines]), Decimal(0))
    assert order.total == net + extras + taxes
    assert order.total_tax == taxes
    assert sum((t.tax_total + t.shipping_tax_total for t in order.taxes), Decimal(0)) == taxes
    assert all(line.total >= 0 for line in order.lines)
    assert order.discount_total >= 0


@pytest.mark.parametrize(("amount", "tax"), [("2.50", "0.63"), ("-3.50", "-0.88")])
def test_fee_tax_is_plain_if_everything_has_one_rate(amount: str, tax: str) -> None:
    order = make_order([(Decimal("12.90"), 2, "")], fees=[Decimal(amount)], coupons=[])

    finish(order)

    assert order.fees[0].total_tax == Decimal(tax)


def test_negative_fee_takes_no_more_than_there_is() -> None:
    order = make_order([(Decimal("1.00"), 1, "")], fees=[Decimal("-50.00")], coupons=[])

    finish(order)

    assert order.fees[0].total == Decimal("-6.00")
    assert order.total == Decimal("0.00")
