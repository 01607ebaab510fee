"""M3's text values as Python values and back; used by the program modules and the flows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from connector.errors import InvalidPayloadError

_DATE_DIGITS = 8
_MOST_DIGITS = 30
"""Before and behind the point; M3 keeps 17 in all. An exponent beyond them would make a giant number of a short text."""


def number(text: str) -> Decimal:
    """Reads a number of M3.

    Args:
        text: Such as `12.50`, `-5`, `5-` (a trailing minus occurs in classic MI), or blank for 0.

    Raises:
        InvalidPayloadError: Something else.
    """
    plain = text.strip()
    if plain.endswith("-"):
        plain = "-" + plain[:-1].strip()
    try:
        value = Decimal(plain or "0")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise InvalidPayloadError(
            f"M3 sent {len(text)} characters that are no number.", resolution="Look at the record in M3; report this."
        )
    return value


def number_text(value: Decimal | int) -> str:
    """Writes a number for M3: a point as decimal mark, no exponent, no thousands separator; 0 without a sign."""
    return format(value if value else abs(value), "f")


def day(text: str) -> date | None:
    """Reads a date (yyyyMMdd); blank and 0 are no date, separators are ignored.

    Raises:
        InvalidPayloadError: Something else.
    """
    digits = "".join(character for character in text if character.isdigit())
    if not digits.strip("0"):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:_DATE_DIGITS]))
    except ValueError:
        raise InvalidPayloadError(
            f"M3 sent {len(text)} characters that are no date.", resolution="Look at the record in M3; report this."
        ) from None


def day_text(value: date) -> str:
    """Writes a date for M3 (yyyyMMdd, the form asked for by dateFormat YMD8)."""
    return value.strftime("%Y%m%d")
