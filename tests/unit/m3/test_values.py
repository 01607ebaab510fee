"""M3's text values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connector.errors import InvalidPayloadError
from connector.m3.values import day, day_text, number, number_text


@pytest.mark.parametrize(
    ("text", "value"),
    [("12.50", "12.50"), ("-5", "-5"), ("5-", "-5"), ("  5.10 - ", "-5.10"), ("", "0"), ("   ", "0"), (".5", "0.5")],
)
def test_numbers_are_read_in_all_forms_m3_writes(text: str, value: str) -> None:
    assert number(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["abc", "1,5", "1 000", "NaN", "Infinity", "5--", "1E+999999", "1E-999999", "0E-999999"]
)
def test_what_is_no_number_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(InvalidPayloadError) as refused:
        number(text)

    assert text not in refused.value.message


@pytest.mark.parametrize(
    ("value", "text"),
    [("5.00", "5.00"), ("-0.13", "-0.13"), ("1E+3", "1000"), ("0E-8", "0.00000000"), ("-0.00", "0.00")],
)
def test_numbers_are_written_without_exponent(value: str, text: str) -> None:
    assert number_text(Decimal(value)) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("20260131", date(2026, 1, 31)), ("2026-01-31", date(2026, 1, 31)), ("0", None), ("", None), ("00000000", None)],
)
def test_dates_are_read_with_or_without_separators(text: str, value: date | None) -> None:
    assert day(text) == value


def test_what_is_no_date_is_refused() -> None:
    with pytest.raises(InvalidPayloadError):
        day("20261399")


def test_a_date_is_written_as_eight_digits() -> None:
    assert day_text(date(2026, 1, 5)) == "20260105"
