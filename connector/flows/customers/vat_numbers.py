"""Checks a VAT number by the rules of its country (python-stdnum) and writes it as M3 keeps it. Used by keys.py.

Only its form and check digits are looked at; whether it is registered (VIES) is the shop's plug-in's to ask.
"""

from __future__ import annotations

from dataclasses import dataclass

from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

GREECE, GREECE_IN_VAT = "GR", "EL"
LONGEST = 16
"""VRNO of CRS610MI/ChgFinancial."""


@dataclass(frozen=True)
class VatNumber:
    """A VAT number without blanks and punctuation, with the country in front in the EU. Its text belongs to a person."""

    number: str
    is_valid: bool


def read_vat_number(text: str, *, country: str) -> VatNumber:
    """Reads what a buyer typed.

    Args:
        text: Not empty.
        country: ISO code of the bill; it may differ from the number's own, and counts where the number names none.
    """
    compact = "".join(letter for letter in text.upper() if letter.isalnum())
    prefix = GREECE_IN_VAT if country.upper() == GREECE else country.upper()
    for candidate in dict.fromkeys((compact, f"{prefix}{compact}")):
        if eu_vat.is_valid(candidate):
            return VatNumber(str(eu_vat.compact(candidate)), is_valid=True)
    if prefix.lower() in eu_vat.MEMBER_STATES or prefix == GREECE_IN_VAT:
        return VatNumber(compact, is_valid=False)
    return _of_elsewhere(compact, country)


def _of_elsewhere(compact: str, country: str) -> VatNumber:
    """A country whose numbers the library does not know is believed."""
    rules = get_cc_module(country.lower(), "vat") if len(country) == len(GREECE) else None
    if rules is None:
        return VatNumber(compact, is_valid=bool(compact) and len(compact) <= LONGEST)
    try:
        return VatNumber(str(rules.validate(compact)), is_valid=True)
    except ValidationError:
        return VatNumber(compact, is_valid=False)
