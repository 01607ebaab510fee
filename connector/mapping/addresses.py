"""Tells why nothing can be sent to an address: no such country, a postcode or a state that cannot be. Called by flows/addresses.py.

Only what a carrier surely turns away is a flaw. A country without rules, a county nobody asks for, a postcode where none is needed
are carried as they are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from connector.mapping.countries import Country, find_country
from connector.mapping.postcodes import is_possible_postcode
from connector.mapping.states import is_missing_state
from connector.mapping.transforms import m3_text


class Place(Protocol):
    """The parts of an address of the shop that are looked at."""

    @property
    def address_1(self) -> str: ...

    @property
    def city(self) -> str: ...

    @property
    def postcode(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def country(self) -> str: ...


@dataclass(frozen=True)
class Flaw:
    """The field that is wrong, and how; never what stands in it."""

    field: str
    what: str


def find_flaw(place: Place, *, countries: Collection[str] = ()) -> Flaw | None:
    """Returns what is wrong with an address, None if nothing is.

    Args:
        place: As the shop has it. Without country, or without street, town and postcode, it says of no place that it is wrong.
        countries: Codes that the store knows besides those of ISO 3166 (lookups: country).
    """
    code = place.country.strip()
    if not code or not any(one.strip() for one in (place.address_1, place.city, place.postcode)):
        return None
    country = find_country(code)
    if country is None:
        return None if {code, code.upper()} & set(countries) else Flaw("country", "is no country of ISO 3166")
    return _of_postcode(m3_text(place.postcode).text, country) or _of_state(m3_text(place.state).text, country)


def _of_postcode(postcode: str, country: Country) -> Flaw | None:
    if not country.needs_postcode or country.has_one_postcode:
        return None
    if not postcode:
        return Flaw("postcode", f"is empty, and nothing is delivered in {country.code} without one")
    if is_possible_postcode(postcode, country):
        return None
    example = f", which writes it like {country.postcode_examples[0]}" if country.postcode_examples else ""
    return Flaw("postcode", f"cannot be one of {country.code}{example}")


def _of_state(state: str, country: Country) -> Flaw | None:
    if not is_missing_state(state, country):
        return None
    if not state:
        return Flaw("state", f"is empty, and carriers take nothing to {country.code} without one")
    return Flaw("state", f"is none of {country.code}")
