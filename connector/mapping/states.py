"""Writes a state as the code M3 holds (ECAR), and tells one that is none. Used by transforms.py and addresses.py."""

from __future__ import annotations

import re
from typing import Final

from connector.mapping.countries import Country, find_country, fold

WITH_COUNTRY: Final = re.compile(r"([A-Z]{2})(?:-(?=\w)|(?=\d))")
GLUED_CODE: Final = re.compile("[A-Z]{1,3}")
GLUED: Final = frozenset({"EG", "KN", "MZ", "RS"})
"""Whose states the shop codes with the country in front and nothing between (EGALX). Source: WooCommerce, i18n/states.php."""

CODE_AND_NAME: Final = re.compile(r"(?P<code>[A-Z]{2,3}) ?[-\u2013] ?(?P<name>.+)")
"""How lists of states name them, and people then do (QC - Quebec)."""

NEED_STATE: Final = frozenset({"AU", "BR", "CA", "US"})
"""Where carriers take no parcel without it (decision 19); the shop asks for it, and codes states as the package does."""


def write_state(text: str, country: str) -> str:
    """Returns the code of a state: the country taken off the shop's code, or the code that belongs to a name.

    Args:
        text: The shop's code (HR-21, JP13, EGALX, CA), a name somebody typed (California), or both (CA - California).
        country: ISO 3166 code; "" where it is not known. What is no known state of it stays as it is, in capitals.
    """
    land = country.strip().upper()
    found, bare = find_country(land), _without_country(text.strip().upper(), land)
    return bare if found is None else found.states.get(fold(bare)) or _code_of_both(bare, found) or bare


def _code_of_both(bare: str, country: Country) -> str | None:
    """Returns the code of a state that is written with its name; None where the two are not the same state."""
    both = CODE_AND_NAME.fullmatch(bare)
    if both is None:
        return None
    code, name = (country.states.get(fold(both[part])) for part in ("code", "name"))
    return code if code == name else None


def _without_country(given: str, land: str) -> str:
    """Takes off the country the address is in; any, where that is not known. Of a name nothing is taken off."""
    is_known = find_country(land) is not None
    while True:
        found = WITH_COUNTRY.match(given)
        if land in GLUED and given.startswith(land) and GLUED_CODE.fullmatch(given, len(land)):
            given = given[len(land) :]
        elif found is not None and (found[1] == land or not is_known):
            given = given[found.end() :]
        else:
            return given


def is_missing_state(text: str, country: Country) -> bool:
    """Tells whether goods cannot be sent for want of a state: the country needs one, and this is none of its."""
    return country.code in NEED_STATE and write_state(text, country.code) not in country.states.values()
