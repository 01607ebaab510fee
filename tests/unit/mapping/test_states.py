"""A state of the shop becomes the code M3 holds, and none of the shop's own is ever taken for a wrong one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.countries import STATE_KEYS_ARE_CODES, find_country
from connector.mapping.states import NEED_STATE, is_missing_state, write_state
from tests.unit.mapping.shop_states import CODES

WITHOUT_COUNTRY = re.compile(r"(?P<country>[A-Z]{2})-?(?P<rest>.+)")


@pytest.mark.parametrize(
    ("country", "typed", "code"),
    [
        ("HR", "HR-21", "21"),
        ("JP", "JP13", "13"),
        ("EG", "EGALX", "ALX"),
        ("EG", "EGC", "C"),
        ("RS", "RSKM", "KM"),
        ("US", "ca", "CA"),
        ("US", "US-CA", "CA"),
        ("US", "California", "CA"),
        ("us", "new york", "NY"),
        ("CA", "Qu\u00e9bec", "QC"),
        ("CA", "quebec", "QC"),
        ("CA", "QC - Quebec", "QC"),
        ("CA", "qc \u2013 Qu\u00e9bec", "QC"),
        ("US", "US-CA - California", "CA"),
        ("CA", "QC - Ontario", "QC - ONTARIO"),
        ("US", "Washington DC", "WASHINGTON DC"),
        ("FR", "75 - Paris", "75 - PARIS"),
        ("AU", "N.S.W.", "NSW"),
        ("AU", "New South Wales", "NSW"),
        ("BR", "Sao Paulo", "SP"),
        ("IT", "Milano", "MI"),
        ("ES", "A Coru\u00f1a", "C"),
        ("GB", "West Yorkshire", "WEST YORKSHIRE"),
        ("PE", "Peru", "PERU"),
        ("HR", "HR-HR-21", "21"),
        ("DE", "HR-21", "HR-21"),
        ("HR", "HR-" * 5000 + "21", "21"),
        ("FR", "Paris12", "PARIS12"),
        ("", "Paris12", "PARIS12"),
        ("XX", "HR-21", "21"),
        ("", "HR-21", "21"),
        ("US", "", ""),
    ],
)
def test_state_becomes_the_code_m3_holds(country: str, typed: str, code: str) -> None:
    assert write_state(typed, country) == code


@pytest.mark.parametrize("country", sorted(CODES))
def test_codes_of_the_shop_are_kept_but_for_the_country_in_front_and_none_is_missing(country: str) -> None:
    known = find_country(country)

    assert known is not None
    for code in CODES[country]:
        found = WITHOUT_COUNTRY.fullmatch(code)
        has_country = found is not None and found["country"] == country
        assert write_state(code, country) in ({found["rest"], code} if found and has_country else {code}), code
        assert not is_missing_state(code, known), code


@pytest.mark.parametrize("country", sorted(CODES))
def test_two_states_of_a_country_never_become_one(country: str) -> None:
    now = [code for code in CODES[country] if code.startswith(country)] or CODES[country]

    assert len({write_state(code, country) for code in now}) == len(now)


@pytest.mark.parametrize("country", sorted(STATE_KEYS_ARE_CODES))
def test_package_names_states_by_the_codes_of_the_shop_where_it_is_believed(country: str) -> None:
    known = find_country(country)

    assert known is not None
    assert CODES[country] <= set(known.states.values())


def test_state_is_needed_only_where_its_names_are_believed() -> None:
    assert NEED_STATE <= STATE_KEYS_ARE_CODES


@pytest.mark.parametrize("country", sorted(NEED_STATE))
@pytest.mark.parametrize("typed", ["", "QQ", "Bavaria"])
def test_country_that_needs_a_state_misses_it(country: str, typed: str) -> None:
    known = find_country(country)

    assert known is not None
    assert is_missing_state(typed, known)


@given(
    st.one_of(st.text(max_size=20), st.lists(st.sampled_from(["HR", "EG", "US", "CA", "-", "1", " "])).map("".join)),
    st.sampled_from([*sorted(CODES), "GB", "XX", ""]),
)
def test_state_written_twice_is_written_the_same(text: str, country: str) -> None:
    written = write_state(text, country)

    assert write_state(written, country) == written
