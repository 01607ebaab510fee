"""Orders, refunds and customers as they are really sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import InvalidPayloadError
from connector.woocommerce.canonical import read_json
from connector.woocommerce.models import Address, Order, parse_customer, parse_order, parse_refund
from tests.unit.woocommerce.recorded import Delivery, delivery, exchange, full_orders

AMOUNTS = ("discount_total", "discount_tax", "shipping_total", "shipping_tax", "cart_tax", "total", "total_tax")
GUEST_ORDER = "02-order-created-guest-order"


def _order(name: str = GUEST_ORDER, **changes: Any) -> Order:
    return parse_order({**read_json(delivery(name).body), **changes})


@pytest.mark.parametrize("one", full_orders(), ids=lambda one: one.name)
def test_every_amount_is_the_text_that_was_sent(one: Delivery) -> None:
    sent = json.loads(one.body)

    order = parse_order(one.body)

    assert order.id == sent["id"]
    assert {name: str(getattr(order, name)) for name in AMOUNTS} == {name: sent[name] for name in AMOUNTS}
    for line, raw in zip(order.line_items, sent["line_items"], strict=True):
        amounts = (line.subtotal, line.subtotal_tax, line.total, line.total_tax)
        assert [str(amount) for amount in amounts] == [
            raw[name] for name in ("subtotal", "subtotal_tax", "total", "total_tax")
        ]
        assert [str(tax.total) for tax in line.taxes] == [tax["total"] for tax in raw["taxes"]]
        assert (line.quantity, line.sku) == (raw["quantity"], raw["sku"] or "")


@pytest.mark.parametrize("one", full_orders(), ids=lambda one: one.name)
def test_lines_taxes_shipping_and_fees_make_the_total(one: Delivery) -> None:
    order = parse_order(one.body)

    rows = (*order.line_items, *order.shipping_lines, *order.fee_lines)

    assert sum((row.total + row.total_tax for row in rows), Decimal(0)) == order.total
    assert sum((row.tax_total + row.shipping_tax_total for row in order.tax_lines), Decimal(0)) == order.total_tax


def test_stamps_are_aware_utc_and_missing_ones_none() -> None:
    order = _order()

    assert order.created_at == order.date_created_gmt == datetime(2026, 11, 22, 1, 46, 21, tzinfo=UTC)
    assert order.created_at.tzinfo is UTC
    assert (order.date_paid_gmt, order.date_completed_gmt) == (None, None)


def test_percent_by_rate_id_leaves_out_what_the_shop_forgot() -> None:
    forgotten = {**read_json(delivery(GUEST_ORDER).body)["tax_lines"][0], "rate_id": 7, "rate_percent": None}
    odd = {**forgotten, "rate_id": 8, "rate_percent": Decimal("5.5")}

    order = _order(tax_lines=[*read_json(delivery(GUEST_ORDER).body)["tax_lines"], forgotten, odd])

    assert order.tax_rates == {1: Decimal(25), 8: Decimal("5.5")}


def test_empty_tax_subtotal_of_shipping_is_none_and_empty_tax_is_zero() -> None:
    order = _order("06-order-created-positive-fee")
    shipping = {
        **json.loads(delivery(GUEST_ORDER).body)["shipping_lines"][0],
        "taxes": [{"id": 1, "total": "", "subtotal": ""}],
    }

    assert (order.fee_lines[0].amount, order.fee_lines[0].taxes[0].subtotal) == (None, None)
    assert order.fee_lines[0].taxes[0].total == Decimal("0.625")
    assert _order(shipping_lines=[shipping]).shipping_lines[0].taxes[0].total == 0


def test_variation_line_keeps_both_ids_and_the_parents_name() -> None:
    line = _order("08-order-created-variation-lines").line_items[0]

    assert (line.product_id, line.variation_id, line.sku, line.parent_name) == (33, 34, "TSHIRT-S-RED", "T-shirt")


def test_deleted_product_and_negative_fee_of_recorded_answer_are_read() -> None:
    order = parse_order(exchange("order-create-bad-product")["body"])

    assert (order.line_items[0].product_id, order.line_items[0].sku, order.line_items[0].total) == (0, "", 0)


def test_refund_summary_is_negative_and_leaves_the_total() -> None:
    order = _order("21-order-updated-full-refund")

    assert [(one.id, one.total) for one in order.refunds] == [(60, Decimal("-189.75"))]
    assert order.total == Decimal("189.75")


def test_refund_lines_name_the_lines_they_take_back() -> None:
    refund = parse_refund(exchange("order-refunds")["body"][0])

    assert (refund.id, refund.amount, refund.line_items[0].quantity) == (86, Decimal("58.75"), -2)
    assert refund.line_items[0].refunded_item_id == 172
    assert refund.shipping_lines[0].refunded_item_id == 173
    assert parse_refund(exchange("order-refunds-amount-only")["body"][0]).line_items == ()


def test_customer_with_an_empty_shipping_address_is_read() -> None:
    customer = parse_customer(delivery("29-customer-created").body)

    assert (customer.id, customer.shipping.is_empty, customer.billing.is_empty) == (5, True, False)


def test_address_is_empty_if_only_presets_stand_in_it() -> None:
    assert Address(country="HR", state="HR-21", phone="091").is_empty
    assert Address(city="  ").is_empty
    assert not Address(postcode="10000").is_empty


def test_without_a_shipping_address_it_goes_to_the_billing_address() -> None:
    order = _order(shipping={"country": "HR"})

    assert order.delivery_address == order.billing
    assert _order().delivery_address == _order().shipping


def test_name_is_kept_as_sent_and_offered_plain() -> None:
    raw = json.loads(delivery(GUEST_ORDER).body)["line_items"][0]

    line = _order(line_items=[{**raw, "name": "Salt &amp; <b>Pepper</b> &lt;5 cm"}]).line_items[0]

    assert (line.name, line.plain_name) == ("Salt &amp; <b>Pepper</b> &lt;5 cm", "Salt & Pepper <5 cm")


@pytest.mark.parametrize("value", ["text", 1, None, True, Decimal("1.5"), {"a": [1, {"b": None}]}, []])
def test_meta_holds_any_json_value(value: Any) -> None:
    order = _order(meta_data=[{"id": 1, "key": "x", "value": value}, {"id": 2, "key": "x", "value": "later"}])

    assert order.meta("x") == value
    assert order.meta("y") is None


def test_numbered_object_instead_of_a_list_is_read_as_the_list_php_meant() -> None:
    rows = json.loads(delivery(GUEST_ORDER).body)["line_items"]

    order = _order(line_items={"0": rows[0], "2": {**rows[0], "id": 99}}, meta_data=None)

    assert [line.id for line in order.line_items] == [rows[0]["id"], 99]
    assert order.meta_data == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total", ""),
        ("total", None),
        ("total", 12.9),
        ("total", True),
        ("total", "12,50"),
        ("total", "1e3"),
        ("total", "NaN"),
        ("total", "Infinity"),
        ("total", "9" * 16),
        ("total", Decimal("NaN")),
        ("total", Decimal("1E+400")),
        ("total", "١٢"),
        ("total", "12.50 EUR"),
        ("id", "x"),
        ("id", None),
        ("id", True),
        ("id", 10**30),
        ("currency", " "),
        ("status", None),
        ("number", ""),
        ("date_created_gmt", None),
        ("date_created_gmt", "22.11.2026"),
        ("date_created_gmt", 1763776000),
        ("line_items", "none"),
        ("billing", None),
        ("payment_method_title", "\ud800"),
        ("customer_note", ["x"]),
    ],
)
def test_wrong_value_is_refused_by_the_name_of_its_field(field: str, value: object) -> None:
    with pytest.raises(InvalidPayloadError, match=f"{field}: ") as caught:
        _order(**{field: value})

    assert caught.value.resolution


def test_wrong_value_in_a_line_is_named_with_its_place() -> None:
    rows = json.loads(delivery(GUEST_ORDER).body)["line_items"]

    with pytest.raises(InvalidPayloadError, match=r"line_items\.1\.total: "):
        _order(line_items=[rows[0], {**rows[0], "total": "free"}])


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"total":NaN}', b'{"id":1}'])
def test_body_that_is_no_order_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidPayloadError, match="order cannot be read"):
        parse_order(body)


def test_error_text_holds_no_value_and_few_fields() -> None:
    with pytest.raises(InvalidPayloadError) as caught:
        parse_order({"id": "ana@example.com", "billing": "ana@example.com", "total": "ana@example.com"})

    assert "ana@example.com" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "more" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_what_is_shown_of_an_order_names_no_person() -> None:
    order = _order()

    shown = f"{order!r} {order} {order.billing!r} {order.line_items!r} {[order.shipping]}"

    assert "Order(id=52)" in shown
    assert not any(text in shown for text in (order.billing.first_name, order.billing.email, order.billing.address_1))


@settings(max_examples=200)
@given(cents=st.integers(min_value=-(10**12), max_value=10**12))
def test_any_amount_of_cents_is_read_exactly(cents: int) -> None:
    sign, whole, rest = "-" if cents < 0 else "", abs(cents) // 100, abs(cents) % 100

    order = _order(total=f"{sign}{whole}.{rest:02d}")

    assert order.total * 100 == cents


_anything = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)
)


@settings(max_examples=200)
@given(changes=st.dictionaries(st.sampled_from(sorted(Order.model_fields)), _anything, max_size=3))
def test_anything_in_any_field_is_read_or_refused_and_never_breaks(changes: dict[str, Any]) -> None:
    try:
        order = _order(**changes)
    except InvalidPayloadError as error:
        assert any(field in error.message for field in changes)
    else:
        assert all(getattr(order, name).is_finite() for name in AMOUNTS)


@pytest.mark.parametrize("character", ["\x00", "\ud83d", "\udfff"])
def test_character_no_system_takes_is_refused_in_a_text_and_replaced_in_free_words(character: str) -> None:
    with pytest.raises(InvalidPayloadError, match=r"payment_method_title: .* no system takes"):
        _order(payment_method_title=f"a{character}b")

    meta = [{"id": 1, "key": f"{character}*{character}prop", "value": f"a{character}b"}]
    order = _order(meta_data=meta, customer_note=f"a{character}b")

    assert order.customer_note == "a\ufffdb"
    assert [(row.key, row.value) for row in order.meta_data] == [("\ufffd*\ufffdprop", "a\ufffdb")]


@pytest.mark.parametrize("stamp", ["9999-12-31T23:59:59", "0001-01-01T00:00:00", "1969-12-31T23:59:59"])
def test_time_no_zone_can_be_applied_to_is_refused(stamp: str) -> None:
    with pytest.raises(InvalidPayloadError, match=r"date_created_gmt: .* no time of a shop"):
        _order(date_created_gmt=stamp)
