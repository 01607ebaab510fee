"""Reads what a mapping file writes as the argument of a transform; ValueError says what is wrong with it. Used by transforms.py."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True)
class AddressLine:
    """Which line of a wrapped text a field holds: line `line` of at most `of`, `width` characters each."""

    line: int
    of: int
    width: int


def none(argument: object) -> None:
    """Refuses any."""
    if argument is not None:
        raise ValueError("takes no argument")


def length(argument: object) -> int:
    """Reads a number of characters."""
    if not isinstance(argument, str) or not argument.isdecimal() or int(argument) < 1:
        raise ValueError("needs a whole number above 0, like {cut: 36}")
    return int(argument)


def factor(argument: object) -> Decimal:
    """Reads a number to multiply by."""
    if not isinstance(argument, str) or not NUMBER.fullmatch(argument) or not Decimal(argument):
        raise ValueError('needs a number other than 0, like {times: "0.001"}')
    return Decimal(argument)


def some_text(argument: object) -> str:
    """Reads a text."""
    if not isinstance(argument, str) or not argument:
        raise ValueError('needs a text, like {prefix: "W-"}')
    return argument


def time_zone(argument: object) -> ZoneInfo | None:
    """Reads a time zone, if there is one."""
    try:
        return None if argument is None else ZoneInfo(some_text(argument))
    except (KeyError, ValueError, OSError):
        raise ValueError("needs a time zone, like {date_yyyymmdd: Europe/Zagreb}") from None


def address_line(argument: object) -> AddressLine:
    """Reads which line of a wrapped text is meant."""
    if not isinstance(argument, dict) or set(argument) != {"line", "of", "width"}:
        raise ValueError("needs {line: 1, of: 3, width: 36}")
    wanted = AddressLine(**{name: length(value) for name, value in argument.items()})
    if wanted.line > wanted.of:
        raise ValueError("has a `line` beyond `of`")
    return wanted


def path(argument: object) -> str:
    """Reads the path of a country."""
    if not isinstance(argument, str) or not argument:
        raise ValueError("needs the path of the country, like {postcode: delivery.country}")
    return argument


def path_or_none(argument: object) -> str | None:
    """Reads one, if there is one."""
    return None if argument is None else path(argument)
