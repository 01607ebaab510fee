"""Price lists and prices as M3 answers them: rows of other keys passed over, open ends, odd numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connector.errors import InvalidPayloadError
from connector.m3.calls import Answer
from connector.m3.programs import ois017mi, ois320mi
from connector.m3.programs.ois017mi import ListHead

HEAD = ListHead("WEB", "EUR", date(2026, 1, 1), None)
ROW = {"PRRF": "WEB", "CUCD": "EUR", "FVDT": "20260101", "LVDT": "20261231"}


def test_a_list_of_heads_goes_on_past_the_key_and_only_the_own_rows_count() -> None:
    others = [ROW | {"CUNO": "ACME"}, ROW | {"CUCD": "USD"}, ROW | {"PRRF": "WEB2"}, ROW | {"FVDT": "0"}]
    answer = Answer(ois017mi.list_heads("WEB", currency="EUR"), (ROW, *others))

    assert list(ois017mi.read_heads(answer)) == [ListHead("WEB", "EUR", date(2026, 1, 1), date(2026, 12, 31))]


@pytest.mark.parametrize("open_end", ["", "0", "99999999", "9999-12-31"])
def test_a_last_day_that_means_no_end_is_none(open_end: str) -> None:
    answer = Answer(ois017mi.list_heads("WEB", currency="EUR"), (ROW | {"LVDT": open_end},))

    assert [head.valid_to for head in ois017mi.read_heads(answer)] == [None]


@pytest.mark.parametrize(
    ("fields", "price", "quantity"),
    [
        ({"SAPR": "12.900000", "SACD": "1"}, "12.9", "1"),
        ({"SAPR": "60", "SACD": "100"}, "60", "100"),
        ({"SAPR": "3.50-", "SACD": "0"}, "-3.5", "1"),
        ({}, "0", "1"),
    ],
)
def test_a_price_is_read_with_its_quantity(fields: dict[str, str], price: str, quantity: str) -> None:
    read = ois017mi.read_base_price(Answer(ois017mi.get_base_price("MUG-001", head=HEAD), (fields,)))

    assert (read.item_number, read.price, read.quantity) == ("MUG-001", Decimal(price), Decimal(quantity))


def test_a_price_that_is_no_number_is_told_without_its_text() -> None:
    with pytest.raises(InvalidPayloadError) as raised:
        ois017mi.read_base_price(Answer(ois017mi.get_base_price("MUG-001", head=HEAD), ({"SAPR": "12,90"},)))

    assert "12,90" not in raised.value.message


@pytest.mark.parametrize(
    ("row", "includes_tax"),
    [(ROW | {"TINC": "1"}, True), (ROW | {"TINC": "0"}, False), (ROW | {"TINC": "1", "PRRF": "WEC"}, False)],
)
def test_only_a_row_of_the_list_asked_for_says_whether_it_includes_tax(row: dict[str, str], includes_tax: bool) -> None:
    assert ois320mi.read_includes_tax(Answer(ois320mi.list_list_prices(HEAD), (row,))) is includes_tax
