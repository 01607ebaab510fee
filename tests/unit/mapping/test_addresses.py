"""Only an address that a carrier surely turns away has a flaw, and what is said of it names no value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.addresses import find_flaw
from connector.mapping.countries import find_country
from connector.woocommerce.models import Address
from tests.unit.mapping.shop_states import CODES

TYPED = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def place(country: str, postcode: str = "", state: str = "", **others: str) -> Address:
    return Address(
        **{"address_1": "Long Street 1", "city": "Town", **others},
        **{"country": country},
        postcode=postcode,
        state=state,
    )


@pytest.mark.parametrize(
    ("address", "field", "what"),
    [
        (place("UK", "SW1A 1AA"), "country", "is no country of ISO 3166"),
        (place("Germany", "10115"), "country", "is no country of ISO 3166"),
        (place("DE", "1011"), "postcode", "cannot be one of DE, which writes it like 26133"),
        (place("DE"), "postcode", "is empty, and nothing is delivered in DE without one"),
        (place("US", "90210"), "state", "is empty, and carriers take nothing to US without one"),
        (place("US", "90210", "Bavaria"), "state", "is none of US"),
        (place("AU", "2000", "NS"), "state", "is none of AU"),
        (place("US", "20500", "Washington DC"), "state", "is none of US"),
        (place("US", "90210", "Calif."), "state", "is none of US"),
    ],
)
def test_what_nothing_can_be_sent_to_has_a_flaw(address: Address, field: str, what: str) -> None:
    flaw = find_flaw(address)

    assert flaw is not None
    assert (flaw.field, flaw.what) == (field, what)


@pytest.mark.parametrize(
    "address",
    [
        place("HR"),  # a postcode is written there, not needed
        place("HR", "HR-10000", "HR-21"),
        place("HR", "n/a"),
        place("de", " 10115 "),
        place("DE", "D-10115", "Bayern"),
        place("GB", "sw1a1aa", "Middlesex"),
        place("GB", "SW1A 1AA"),
        place("US", "90210", "California"),
        place("US", "09012", "AE"),
        place("US", "00907", "PR"),
        place("FR", "75008 CEDEX 08"),
        place("CA", "G1R 4S9", "QC - Quebec"),
        place("IT", "20121"),
        place("IT", "20121", "Lombardia"),
        place("IE", "", "Dublin"),
        place("HK", "", "KOWLOON"),
        place("AE", "", "Dubai"),
        place("XK", "10000"),
        place("JP", "154-0023", "JP13"),
        place("", "1"),  # no country: M3 takes that of the customer
        Address(first_name="Ana", country="DE", email="ana@example.com"),  # a download: nothing is sent
        Address(country="US", city=" "),
    ],
)
def test_what_can_be_delivered_or_does_no_harm_has_none(address: Address) -> None:
    assert find_flaw(address) is None


def test_country_that_the_store_knows_is_one() -> None:
    assert find_flaw(place("XI", "BT1 1AA")) is not None
    assert find_flaw(place("XI", "BT1 1AA"), countries={"XI": "GB"}) is None
    assert find_flaw(place("xi", "BT1 1AA"), countries={"XI": "GB"}) is None


@pytest.mark.parametrize("country", sorted(CODES))
def test_state_of_the_shop_is_never_a_flaw(country: str) -> None:
    known = find_country(country)
    assert known is not None
    postcode = known.postcode_examples[0] if known.postcode_examples else "1"

    assert [code for code in CODES[country] if find_flaw(place(country, postcode, code))] == []


@given(TYPED, TYPED, st.one_of(TYPED, st.sampled_from([*CODES, "GB"])))
def test_whatever_is_typed_is_looked_at_without_an_error_and_never_repeated(
    postcode: str, state: str, country: str
) -> None:
    flaw = find_flaw(place(country, f"~{postcode}~", f"~{state}~"))

    assert flaw is None or "~" not in flaw.what
