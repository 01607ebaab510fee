"""Writes a postcode as its country writes it, and tells one that cannot be any of it. Used by transforms.py and addresses.py.

No letter or digit is ever dropped but the CEDEX of a French one: what the country's rule does not explain stays as it was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from connector.mapping.countries import Country, find_country

LONGEST: Final = 10
"""PONO holds so many. Iran's ten digits with their hyphen have eleven, and are right without it."""

DASHES: Final = re.compile("[\u2010-\u2015\u2212\u30fc]")
SEPARATORS: Final = (" ", "-")
FOREIGN_PREFIX: Final = re.compile("(?P<prefix>[A-Z]{1,3})[- ](?P<rest>.+)")
"""How letters are addressed from abroad: D-10115, FL-9490, SE-114 55."""

CEDEX: Final = re.compile(r"(?P<postcode>\d{5}) ?CEDEX(?: ?\d{1,2})?")
"""Belongs to the town, and is often typed behind the postcode, which says as much without it (75008 CEDEX 08)."""
WITH_CEDEX: Final = frozenset({"BL", "FR", "GF", "GP", "MC", "MF", "MQ", "NC", "PF", "PM", "RE", "WF", "YT"})


def write_postcode(text: str, country: str) -> str:
    """Returns a postcode in capitals, with the blank or hyphen its country writes.

    Args:
        text: As typed.
        country: ISO 3166 code. Of one that is unknown, or has no postcodes, nothing but case and blanks is changed.
    """
    plain, found = _plain(text), find_country(country)
    if not plain or found is None or found.postcode is None:
        return plain
    cedex = CEDEX.fullmatch(plain) if found.code in WITH_CEDEX else None
    plain = plain if cedex is None else cedex["postcode"]
    if found.postcode.fullmatch(plain) and len(plain) <= LONGEST and (_is_parted(plain) or not _parts(found)):
        return plain
    return next(_forms(plain, found), plain)


def is_possible_postcode(text: str, country: Country) -> bool:
    """Tells whether a text can be a postcode of the country, also with its prefix for letters from abroad."""
    if country.postcode is None or country.has_one_postcode:
        return True
    written = write_postcode(text, country.code)
    bare = FOREIGN_PREFIX.fullmatch(written)
    glued = written.removeprefix(country.code)
    forms = (written, glued, bare["rest"] if bare else "")
    return any(country.postcode.fullmatch(write_postcode(one, country.code)) for one in forms if one)


def _plain(text: str) -> str:
    """Capitals, single blanks, and the digits and hyphens of other scripts as ours (Japanese forms have wide ones)."""
    wide = unicodedata.normalize("NFKC", text)
    narrow = "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in wide)
    upper = unicodedata.normalize("NFKC", DASHES.sub("-", narrow).upper())
    return " ".join(upper.split())


def _forms(plain: str, country: Country) -> Iterator[str]:
    """Yields the ways to part the same letters and digits that the country's rule allows, the usual one first."""
    bare = "".join(one for one in plain if one.isalnum())
    if len(bare) > LONGEST:
        return
    places = range(1, len(bare))
    signs = sorted(SEPARATORS, key=lambda sign: all(sign not in one for one in country.postcode_examples))
    parted = [bare[:place] + sign + bare[place:] for sign in signs for place in places]
    prefixed = [f"{country.code}-{bare}", f"{country.code}-{bare.removeprefix(country.code)}"]
    every = [*parted, bare] if _parts(country) else [bare, *parted]
    for form in (*every, *prefixed):
        if country.postcode is not None and len(form) <= LONGEST and country.postcode.fullmatch(form):
            yield form


def _parts(country: Country) -> bool:
    """Tells whether the country always writes a blank or hyphen: all its examples have one."""
    return bool(country.postcode_examples) and all(_is_parted(one) for one in country.postcode_examples)


def _is_parted(text: str) -> bool:
    return any(sign in text for sign in SEPARATORS)
