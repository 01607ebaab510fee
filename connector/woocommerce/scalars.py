"""The single values inside the shop's JSON, as they are really sent, made exact; used by models.py only.

Source: reference/woocommerce/behaviour.md sections 3 and 5, observed on WooCommerce 9.9.5.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator

from connector.characters import legible
from connector.woocommerce.instants import read_instant

_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{0,20})?")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_MOST_DIGITS = 15
_MOST_DECIMALS = 20
_LARGEST_ID = 2**63 - 1


def plain_text(encoded: str) -> str:
    """Returns a name as a person reads it: the shop sends `Salt &amp; Pepper` and lets tags through."""
    return html.unescape(_TAG.sub("", encoded)).strip()


def _amount(value: object) -> Decimal:
    if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, Decimal):
        return _bounded(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _bounded(Decimal(value))
    if isinstance(value, float):
        raise ValueError("an amount was read as a float and is not exact any more")
    raise ValueError("no amount; expected a text like 12.50")


def _amount_or_zero(value: object) -> Decimal:
    """An empty tax means that the rate does not apply to this line."""
    return Decimal(0) if value in ("", None) else _amount(value)


def _amount_or_none(value: object) -> Decimal | None:
    return None if value in ("", None) else _amount(value)


def _number(value: object) -> Decimal:
    """A figure that is a JSON number at the source: the float's shortest text is what was sent."""
    return _amount(Decimal(repr(value)) if isinstance(value, float) else value)


def _number_or_none(value: object) -> Decimal | None:
    return None if value in ("", None) else _number(value)


def _bounded(value: Decimal) -> Decimal:
    """Refuses NaN, Infinity and exponents that would turn a short text into a giant number."""
    if not value.is_finite():
        raise ValueError("no finite number")
    exponent = int(value.as_tuple().exponent)
    if value.adjusted() >= _MOST_DIGITS or exponent < -_MOST_DECIMALS or exponent >= _MOST_DIGITS:
        raise ValueError(f"a number beyond {_MOST_DIGITS} digits or {_MOST_DECIMALS} decimals")
    return Decimal(format(value, "f"))


def _text(value: object) -> object:
    """PHP sends null or false where a text is missing, and whole numbers where a text looks like one."""
    if value is None or value is False:
        return ""
    if isinstance(value, str) and legible(value) != value:
        raise ValueError("a character no system takes (NUL or half of a pair)")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _legible_text(value: object) -> object:
    return legible(value) if isinstance(value, str) else value


def _required_text(value: object) -> object:
    text = _text(value)
    if isinstance(text, str) and not text.strip():
        raise ValueError("empty")
    return text


def _id(value: object) -> int:
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_ID:
        return value
    raise ValueError("no id; expected a whole number")


def _utc(value: object) -> datetime:
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else read_instant(value)


def _utc_or_none(value: object) -> datetime | None:
    return None if value in ("", None) else _utc(value)


def _rows(value: Any) -> Any:
    """PHP turns a list with gaps in its numbering into an object `{"0": .., "2": ..}`; null stands for no rows."""
    if value is None:
        return []
    if isinstance(value, dict) and value and all(str(key).isdecimal() for key in value):
        return list(value.values())
    return value


Money = Annotated[Decimal, BeforeValidator(_amount)]
"""Exact amount in the order's currency; a text at the source."""

MoneyOrZero = Annotated[Decimal, BeforeValidator(_amount_or_zero)]
"""Exact amount; an empty text is 0."""

MoneyOrNone = Annotated[Decimal | None, BeforeValidator(_amount_or_none)]
"""Exact amount; an empty text (tax subtotal of fees and shipping) is None."""

Number = Annotated[Decimal, BeforeValidator(_number)]
"""Quantity or the like; a JSON number at the source."""

PercentOrNone = Annotated[Decimal | None, BeforeValidator(_number_or_none)]
"""Percent, 25 for 25 %; None where the shop does not know the rate any more."""

Text = Annotated[str, BeforeValidator(_text)]
"""Text as sent (HTML entities kept); null is empty."""

RequiredText = Annotated[str, BeforeValidator(_required_text)]
"""Text that must hold something."""

LegibleText = Annotated[Text, BeforeValidator(_legible_text)]
"""Free words (a buyer's note, what plug-ins keep in meta rows): a character no system takes is replaced, and stops nothing."""

LegibleValue = Annotated[Any, BeforeValidator(_legible_text)]
"""The same for any JSON value, if it is a text."""

Id = Annotated[int, BeforeValidator(_id)]
"""The shop's number of something; 0 where it points to nothing any more."""

UtcTime = Annotated[datetime, BeforeValidator(_utc)]
"""Aware UTC."""

UtcTimeOrNone = Annotated[datetime | None, BeforeValidator(_utc_or_none)]
"""Aware UTC, or None where the shop says null."""

Rows = BeforeValidator(_rows)
"""Marks a list that may come as null or as a numbered object."""
