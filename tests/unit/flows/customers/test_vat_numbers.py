"""VAT numbers as buyers type them."""

from __future__ import annotations

import pytest

from connector.flows.customers.vat_numbers import read_vat_number


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("HR33392005961", "HR", "HR33392005961"),
        ("33392005961", "HR", "HR33392005961"),
        ("hr 333 920-05961", "HR", "HR33392005961"),
        ("DE136695976", "HR", "DE136695976"),  # the bill goes to Croatia, the company is German
        ("094259216", "GR", "EL094259216"),
        ("GB 980 7806 84", "GB", "980780684"),
        ("12-3456789", "US", "123456789"),  # the library knows no VAT numbers of that country
    ],
)
def test_number_that_can_be_one_is_written_one_way(typed: str, country: str, number: str) -> None:
    read = read_vat_number(typed, country=country)

    assert (read.number, read.is_valid) == (number, True)


@pytest.mark.parametrize(
    ("typed", "country"),
    [("HR33392005962", "HR"), ("3339200596", "HR"), ("none", "DE"), ("GB980780685", "GB"), ("-", "US")],
)
def test_number_that_can_be_none_says_so(typed: str, country: str) -> None:
    assert not read_vat_number(typed, country=country).is_valid
