"""Card data go before anything else is done with what a shop says; everything else stays to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from connector.woocommerce.card_data import HIDDEN, without_card_data
from tests.unit.woocommerce.recorded import Delivery, signed_deliveries

CARDS = ("4242424242424242", "5555 5555 5555 4444", "3782-822463-10005", "3056 930902 5904", "6011111111111117")
"""Numbers that payment services publish for tests, of five issuers, as they are typed."""


def _cleaned(key: str, value: Any) -> Any:
    order = {"id": 7, "billing": {"phone": "1"}, "meta_data": [{"id": 1, "key": key, "value": value}]}
    return json.loads(without_card_data(json.dumps(order).encode()))["meta_data"][0]["value"]


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("key", ["_card_number", "_billing_extra"])
def test_a_card_number_is_taken_out_whatever_its_key_is(card: str, key: str) -> None:
    assert _cleaned(key, card) == HIDDEN
    assert _cleaned("_billing_extra", f"no. {card}, please") == f"no. {HIDDEN}, please"
    assert card not in str(_cleaned("_gateway", {"source": [{"raw": card}]}))


def test_a_card_number_that_is_a_json_number_is_taken_out() -> None:
    assert _cleaned("_billing_extra", int(CARDS[0])) == HIDDEN


@pytest.mark.parametrize(
    "around", ["{} 12/27 cvv 123", "{} 123", "12/27 {}", "card:{}exp1227", "take\u00a0{}.", "1 x {} 2 x"]
)
@pytest.mark.parametrize("card", CARDS)
def test_what_stands_beside_a_card_number_does_not_hide_it(card: str, around: str) -> None:
    assert _cleaned("_extra", around.format(card)) == around.format(HIDDEN)
    assert _cleaned("_extra", around.format(card.replace(" ", "\u00a0").replace("-", "."))) == around.format(HIDDEN)


def test_a_card_number_as_a_key_is_taken_out() -> None:
    assert _cleaned("_extra", {CARDS[0]: "x"}) == {HIDDEN: "x"}


def test_a_text_of_nothing_but_numbers_goes_as_a_whole_and_quickly() -> None:
    assert _cleaned("_extra", "4111-4111-4111-4112-" * 50_000) == HIDDEN


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_card_cvc", "123"),
        ("cvv2", 1234),
        ("_security_code", "123"),
        ("_wc_gateway_card_expiry_date", "2027-04"),
        ("_card_exp_month", "4"),
        ("cardNumber", "4242 4242 4242 4241"),
        ("CC-Number", "424242424242"),
        ("pan", "4242424242424241"),
        ("_track2_data", ";4242=2704?"),
    ],
)
def test_what_a_key_names_as_card_data_is_taken_out(key: str, value: Any) -> None:
    assert _cleaned(key, value) == HIDDEN
    assert _cleaned("_gateway", {key: value}) == {key: HIDDEN}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_card_brand", "visa"),
        ("_wc_gateway_account_four", "4242"),
        ("_card_last4", "4242"),
        ("_stripe_intent_id", "pi_4242424242424242a"),
        ("_company", "Japan Trade"),
        ("_imei", "356938035643809"),
        ("_ean", "4006381333931"),
        ("_sent_at", 1795311984123456789),
        ("_tracking", "4242424242424241"),
        ("_card_cvc", ""),
        ("billing_pan", "ABCDE1234F"),
        ("customer_card_number", "10007"),
        ("CardCode", "C20000"),
        ("gift_card_code", "XMAS-25"),
        ("_vat_number", "36000000000008"),
        ("_wc_card_type", "visa"),
        ("_is_gift_card", True),
    ],
)
def test_what_is_no_card_data_stays(key: str, value: Any) -> None:
    assert _cleaned(key, value) == value


def test_notes_and_rows_of_an_order_are_looked_at_and_the_meta_data_of_products_are_not() -> None:
    card = {"key": "Engraving", "value": CARDS[0]}
    order = {"customer_note": f"take {CARDS[0]}", "line_items": [{"price": 9.9, "meta_data": [card]}], "refunds": []}

    cleaned = json.loads(without_card_data(json.dumps(order).encode()))

    assert cleaned["customer_note"] == f"take {HIDDEN}"
    assert cleaned["line_items"] == [{"price": 9.9, "meta_data": [{"key": "Engraving", "value": HIDDEN}]}]
    product = json.dumps({"regular_price": "9.90", "meta_data": [card]}).encode()
    assert without_card_data(product) == product


def test_a_body_that_is_no_json_loses_its_card_numbers_too() -> None:
    assert without_card_data(b'{"key": "4242424242424242", \xff') == b'{"key": "***", \xff'


@pytest.mark.parametrize("one", signed_deliveries(), ids=lambda one: one.name)
def test_recorded_bodies_stay_as_they_are(one: Delivery) -> None:
    assert without_card_data(one.body) == one.body


@given(st.binary(max_size=200) | st.from_regex(rb'\{"meta_data":\[\{"key":"card","value":"[0-9 -]{10,30}"\}\]\}'))
def test_any_body_is_cleaned_once_and_for_all(body: bytes) -> None:
    cleaned = without_card_data(body)

    assert without_card_data(cleaned) == cleaned


@given(st.from_regex(r"4[0-9]{14}", fullmatch=True))
def test_any_number_with_its_check_digit_goes_and_with_another_stays(start: str) -> None:
    digit = luhn.calc_check_digit(start)
    other = str((int(digit) + 1) % 10)

    assert _cleaned("_extra", start + digit) == HIDDEN
    assert _cleaned("_extra", start + other) == start + other
