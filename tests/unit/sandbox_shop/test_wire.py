"""Values on the wire are written as PHP and WooCommerce write them."""

from decimal import Decimal

import pytest

from sandbox.shop.wire import clean_decimal, encode, fixed, html_name, pick_fields, plain, to_int, unit_price


def test_json_is_ascii_with_escaped_slashes() -> None:
    assert encode({"a": "Čaj 🎁 a/b", "n": 1.5}) == b'{"a":"\\u010caj \\ud83c\\udf81 a\\/b","n":1.5}'


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("12,50", "1250"),
        ("12.999999", "12.999999"),
        ("1e3", "13"),
        ("  9.90 ", "9.90"),
        ("-5", "-5"),
        ("", ""),
        ("0012.50", "0012.50"),
        ("1,234.50", "1234.50"),
        ("abc", ""),
        ("1.234.50", "1234.50"),
    ],
)
def test_prices_are_cleaned_as_observed(sent: str, stored: str) -> None:
    assert clean_decimal(sent) == stored


def test_unit_price_has_the_dust_of_a_float() -> None:
    assert unit_price(Decimal("14.7792"), 7) == 2.1113142857142857
    assert str(unit_price(Decimal("147.00"), 3)) == "49"
    assert unit_price(Decimal("5"), 0) == 0


def test_amounts_have_fixed_or_no_trailing_zeros() -> None:
    assert [fixed(Decimal(t)) for t in ("4.995", "-0.001", "3085")] == ["5.00", "0.00", "3085.00"]
    assert [plain(Decimal(t)) for t in ("8.707500", "0.000000", "-2.500000", "100")] == ["8.7075", "0", "-2.5", "100"]


def test_names_are_encoded_once() -> None:
    assert html_name("Salt & Pepper &amp; <b>more</b>") == "Salt &amp; Pepper &amp; <b>more</b>"


def test_text_that_is_no_number_counts_as_zero() -> None:
    assert [to_int(value) for value in ("abc", "7.9", 7.5, None, "-3")] == [0, 7, 7, 0, -3]


def test_fields_can_be_nested_and_links_stay_on_single_resources() -> None:
    resource = {"id": 1, "billing": {"email": "a", "city": "b"}, "_links": {}}

    assert pick_fields(resource, ["billing.email"], keep_links=True) == {"billing": {"email": "a"}, "_links": {}}
    assert pick_fields(resource, ["id"], keep_links=False) == {"id": 1}
