"""KEY1 and the voucher text: the same for every attempt, never those of another fact."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import MappingError
from connector.flows.books.keys import KEY_LENGTH, batch_number, book_day, epoch_of, is_of_order, key_of, text_of
from connector.stores.config import StoreConfig
from connector.stores.reading import parse_store_config
from tests.unit.money.material import recorded_order, recorded_order_numbers


def store(closed: str = "") -> StoreConfig:
    base = (
        "m3: {company: 1, division: AAA, facility: '001', warehouse: '001', order_type: W01, timezone: Europe/Zagreb}"
    )
    return parse_store_config(f"{base}\n{closed}", source="test")


@given(
    first=st.tuples(st.sampled_from(["w1", "w1p", "w"]), st.integers(1, 10**7), st.integers(1, 35)),
    second=st.tuples(st.sampled_from(["w1", "w1p", "w"]), st.integers(1, 10**7), st.integers(1, 35)),
)
def test_key_is_of_one_fact_alone(first: tuple[str, int, int], second: tuple[str, int, int]) -> None:
    keys = [key_of(name, "P", order, version=version) for name, order, version in (first, second)]

    assert (keys[0] == keys[1]) == (first == second)
    assert {len(one) for one in keys} == {KEY_LENGTH}


@pytest.mark.parametrize(("order", "version"), [(36**5, 1), (1, 36), (1, 0)])
def test_key_is_never_cut(order: int, version: int) -> None:
    with pytest.raises(MappingError):
        key_of("eightchr", "P", order, version=version)


@pytest.mark.parametrize(("order", "version"), [(10**7, 1), (1, 10)])
def test_batch_number_is_never_cut(order: int, version: int) -> None:
    with pytest.raises(MappingError, match="no room in PBID"):
        batch_number(71, order, version=version)


def test_batch_number_has_ten_digits_and_is_of_one_order_and_version_alone() -> None:
    numbers = {batch_number(71, order, version=version) for order in (1, 10, 9_999_999) for version in (1, 2, 9)}

    assert (len(numbers), {len(one) for one in numbers}) == (9, {10})


@pytest.mark.parametrize("number", recorded_order_numbers())
def test_voucher_text_is_told_from_that_of_a_later_order_with_the_same_id(number: int) -> None:
    order = recorded_order(number)
    keys = [key_of("w1", "P", order.id, version=version) for version in (1, 2)]

    assert is_of_order(text_of(keys[0], order), key=keys[1], epoch=epoch_of(order))
    assert not is_of_order(text_of(keys[0], order), key=keys[1], epoch="1")
    assert len(text_of(keys[0], order)) <= 40


def test_day_is_that_of_the_division() -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)

    assert book_day(store(), late).day == date(2026, 11, 22)


def test_closed_day_is_held_or_moved_with_a_note() -> None:
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC)
    moved = book_day(store("books: {closed_through: 2026-11-20, closed_period: next_open}"), moment)

    assert (moved.day, moved.note) == (date(2026, 11, 21), "2026-11-20 is closed, posted on 2026-11-21")
    with pytest.raises(MappingError, match="closed period"):
        book_day(store("books: {closed_through: 2026-11-20}"), moment)
