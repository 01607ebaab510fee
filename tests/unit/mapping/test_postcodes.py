"""A postcode is written as its country does; nothing of it is lost, and only what cannot be one is called so."""

from __future__ import annotations

import string
import tracemalloc
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.countries import Country, find_country
from connector.mapping.postcodes import LONGEST, is_possible_postcode, write_postcode

PAIRS = [first + second for first in string.ascii_uppercase for second in string.ascii_uppercase]
COUNTRIES = [country for code in PAIRS if (country := find_country(code)) is not None]
RULED = [one for one in COUNTRIES if one.postcode is not None]
LETTERS = st.text(st.sampled_from(string.ascii_letters + string.digits + " -./\u2013\u00a0"), max_size=12)


@pytest.mark.parametrize(
    ("country", "typed", "written"),
    [
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("GB", "SW1A 1AA", "SW1A 1AA"),
        ("GB", " m1  1ae ", "M1 1AE"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("CA", "K1A-0B1", "K1A 0B1"),
        ("NL", "1234ab", "1234 AB"),
        ("IE", "a65f4e2", "A65 F4E2"),
        ("PL", "00950", "00-950"),
        ("PT", "2725079", "2725-079"),
        ("BR", "40301110", "40301-110"),
        ("JP", "\uff11\uff15\uff14\u2212\uff10\uff10\uff12\uff13", "154-0023"),
        ("JP", "\u30121540023", "154-0023"),
        ("CZ", "10000", "100 00"),
        ("LV", "1073", "LV-1073"),
        ("LV", "lv1073", "LV-1073"),
        ("US", "941031234", "94103-1234"),
        ("US", "94103-1234", "94103-1234"),
        ("IN", "110 034", "110034"),
        ("IR", "11936-12345", "1193612345"),
        ("EG", "\u0661\u0662\u0664\u0661\u0661", "12411"),
        ("SE", "114 55", "114 55"),
        ("SE", "11455", "11455"),
        ("DE", "d-10115", "D-10115"),
        ("DE", "1011", "1011"),
        ("HR", "HR-10000", "HR-10000"),
        ("FR", "75008 Cedex 08", "75008"),
        ("FR", "35040 CEDEX", "35040"),
        ("RE", "97490 cedex9", "97490"),
        ("FR", "75008 Paris", "75008 PARIS"),
        ("DE", "75008 CEDEX 08", "75008 CEDEX 08"),
        ("AE", " p.o. box  7", "P.O. BOX 7"),
        ("XX", "ab  1", "AB 1"),
        ("", "ab1", "AB1"),
        ("DE", "", ""),
    ],
)
def test_postcode_is_written_as_the_country_does(country: str, typed: str, written: str) -> None:
    assert write_postcode(typed, country) == written


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("DE", "10115"),
        ("DE", "D-10115"),
        ("DE", "DE10115"),
        ("AT", "A-1010"),
        ("LU", "L-4750"),
        ("SE", "SE-114 55"),
        ("NL", "NL-1234AB"),
        ("CZ", "CZ-10000"),
        ("LI", "FL-9490"),
        ("GB", "BFPO 1"),
        ("US", "00501"),
        ("TC", "0000"),  # all of Turks and Caicos is TKCA 1ZZ
        ("HK", "999077"),  # there are none
    ],
)
def test_postcode_that_can_be_one_is_believed(country: str, typed: str) -> None:
    assert is_possible_postcode(typed, _known(country))


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("DE", "1011"),
        ("DE", "10115 Berlin"),
        ("FR", "7500 CEDEX 08"),
        ("US", "2134"),
        ("US", "unknown"),
        ("GB", "SW1A"),
        ("GB", "ZZ1 1AA"),
        ("CA", "90210"),
        ("KR", "135-080"),
        ("FR", "2A004"),
        ("NL", "1234"),
        ("JP", "15400"),
        ("AU", "20000"),
    ],
)
def test_postcode_that_can_be_none_says_so(country: str, typed: str) -> None:
    assert not is_possible_postcode(typed, _known(country))


@pytest.mark.parametrize("country", RULED, ids=lambda country: country.code)
def test_examples_of_every_country_are_possible_and_fit_the_field(country: Country) -> None:
    for example in country.postcode_examples:
        written = write_postcode(example, country.code)
        assert is_possible_postcode(example, country)
        assert len(written) <= LONGEST
        assert _signs(example) == _signs(written)
        assert write_postcode(_signs(example).lower(), country.code) == write_postcode(_signs(written), country.code)


def test_text_of_any_length_is_looked_at_without_making_forms_of_it() -> None:
    long = "1" * 10_000

    tracemalloc.start()
    assert write_postcode(long, "GB") == long
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 100 * len(long)


def test_every_country_of_the_shop_is_known() -> None:
    assert len(COUNTRIES) == 252  # ISO 3166 has 249; besides them AC, TA and XK (Kosovo, which the shop has too)
    assert {"XK", "PS", "TW", "CW", "SS", "GB", "GR"} <= {one.code for one in COUNTRIES}


@pytest.mark.parametrize("code", ["ZZ", "UK", "EL", "QQ", "", "D", "DEU", "../../etc", "ALL", "de\n x", "\u00c9\u00c9"])
def test_what_is_no_country_is_not_known(code: str) -> None:
    assert find_country(code) is None


@given(st.one_of(st.text(max_size=20), LETTERS), st.sampled_from(COUNTRIES))
def test_postcode_written_twice_is_written_the_same(text: str, country: Country) -> None:
    written = write_postcode(text, country.code)

    assert write_postcode(written, country.code) == written


@given(LETTERS, st.sampled_from(COUNTRIES))
def test_no_letter_or_digit_of_a_postcode_is_lost(text: str, country: Country) -> None:
    written = write_postcode(text, country.code)

    assert _signs(written).removeprefix(country.code) == _signs(text).removeprefix(country.code)


@given(st.sampled_from(RULED).flatmap(lambda one: st.tuples(st.just(one), st.from_regex(one.postcode, fullmatch=True))))
def test_every_postcode_the_rule_of_a_country_allows_is_possible_however_it_is_parted(
    made: tuple[Country, str],
) -> None:
    country, text = made
    parted = " ".join(text.lower())

    assert is_possible_postcode(text, country)
    assert is_possible_postcode(parted, country)


def _known(code: str) -> Country:
    country = find_country(code)
    assert country is not None
    return country


def _signs(text: str) -> str:
    wide = unicodedata.normalize("NFKC", text).upper()
    return "".join(one for one in wide if one.isalnum())
