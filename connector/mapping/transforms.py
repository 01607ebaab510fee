"""The named functions a mapping rule may use: pure, text in, text and a note for the audit trail out.

A note says what was changed and how much of it, never the text itself, which may be a person's name or address.
"""

from __future__ import annotations

import html
import re
import textwrap
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from connector.mapping import arguments
from connector.mapping.arguments import NUMBER, AddressLine
from connector.mapping.postcodes import write_postcode
from connector.mapping.states import write_state

TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
BREAKING_TAG = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h\d)\s*>", re.IGNORECASE)
PLAIN = re.compile(r"[^<&\s]+(?: [^<&\s]+)*")
LINE_BREAK = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
EMOJI_JOINERS = re.compile("[\u200d\ufe00-\ufe0f]")
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
PHONE_BREAK = re.compile(r"[/,;|#]|\bext\b|\bor\b|(?<=\d)\s*x\s*(?=\d)", re.IGNORECASE)
SHORTEST_PHONE = 6


@dataclass(frozen=True)
class Changed:
    """A text after a transform, and a note if something of it was lost."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Transform:
    """A named function of the mapping language.

    `read` turns the argument as typed into what `run` takes; ValueError says what is wrong with it.
    `limit` gives the length the result surely keeps to, or None. `shortens` marks what may drop characters.
    Where `beside`, the argument is the path of a second value, and `run` gets the text there ("" without an argument).
    """

    run: Callable[[str, Any], Changed]
    read: Callable[[object], Any]
    limit: Callable[[Any], int | None] = lambda argument: None
    shortens: bool = False
    beside: bool = False


def plain_text(text: str, _: None = None) -> Changed:
    """Makes one line of plain text: tags off, entities read, white space single."""
    if _is_plain(text):
        return Changed(text)
    changed = plain_lines(text)
    return Changed(" ".join(changed.text.split("\n")), changed.note)


def plain_lines(text: str, _: None = None) -> Changed:
    """As plain_text, but keeps line breaks; empty lines are left out."""
    broken = BREAKING_TAG.sub("\n", text)
    bare, tags = TAG.subn("", broken)
    read = unicodedata.normalize("NFC", html.unescape(bare))
    lines = (" ".join(line.split()) for line in LINE_BREAK.split(read))
    return Changed("\n".join(line for line in lines if line), f"HTML tags removed: {tags}" if tags else "")


def printable(text: str, _: None = None) -> Changed:
    """Removes control and other invisible characters; line breaks stay, a tab becomes a blank."""
    if text.isprintable():
        return Changed(text)
    spaced = text.replace("\t", " ")
    kept = "".join(one for one in spaced if one == "\n" or unicodedata.category(one) not in UNPRINTABLE)
    lost = len(spaced) - len(kept)
    return Changed(kept, f"invisible characters removed: {lost}" if lost else "")


def bmp_only(text: str, _: None = None) -> Changed:
    """Replaces each character M3 cannot hold (emoji and others beyond 16 bits) by a question mark."""
    replaced, count = BEYOND_BMP.subn("?", EMOJI_JOINERS.sub("", text))
    return Changed(replaced, f"characters M3 cannot hold, replaced by ?: {count}" if count else "")


def m3_text(text: str, _: None = None) -> Changed:
    """Makes one line that M3 can hold: plain_text, then bmp_only, then printable."""
    return _chain(text, plain_text, bmp_only, printable)


def m3_lines(text: str, _: None = None) -> Changed:
    """As m3_text, but keeps line breaks."""
    return _chain(text, plain_lines, bmp_only, printable)


def cut(text: str, length: int) -> Changed:
    """Keeps the first `length` characters."""
    if len(text) <= length:
        return Changed(text)
    return Changed(text[:length].rstrip(), f"cut from {len(text)} to {length} characters")


def last(text: str, length: int) -> Changed:
    """Keeps the last `length` characters: of a reference, the part that tells it from others."""
    if len(text) <= length:
        return Changed(text)
    return Changed(text[-length:], f"only the last {length} of {len(text)} characters kept")


def drop_longer(text: str, length: int) -> Changed:
    """Leaves a text of more than `length` characters out: half a code or e-mail address would be a wrong one."""
    if len(text) <= length:
        return Changed(text)
    return Changed("", f"left out: {len(text)} characters, more than {length}")


def split_lines(text: str, width: int) -> Changed:
    """Breaks a text into lines of at most `width` characters, between words where it can."""
    return Changed("\n".join(_wrapped(text, width)))


def address_line(text: str, wanted: AddressLine) -> Changed:
    """Returns one line of a text that is wrapped over several fields; what is beyond the last field is noted."""
    lines = _wrapped(text, wanted.width)
    beyond = sum(len(line) for line in lines[wanted.of :])
    note = f"characters beyond line {wanted.of} left out: {beyond}" if beyond and wanted.line == wanted.of else ""
    return Changed(lines[wanted.line - 1] if wanted.line <= len(lines) else "", note)


def phone(text: str, length: int) -> Changed:
    """Makes a phone number fit without losing a digit; of several numbers the first that fits is kept and noted."""
    spaced = " ".join(text.split())
    if len(spaced) <= length:
        return Changed(spaced)
    compact = _dialled(spaced)
    if len(compact) <= length:
        return Changed(compact)
    for part in PHONE_BREAK.split(spaced):
        if SHORTEST_PHONE <= len(_dialled(part)) <= length:
            return Changed(_dialled(part), "only the first of several numbers kept")
    return Changed(compact)  # too long for its field: the engine refuses it, for a cut number calls somebody else


def state_code(text: str, country: str | None) -> Changed:
    """Makes the code of a state of a shop's code or of a name: HR-21 and JP13 become 21 and 13, California becomes CA."""
    return Changed(write_state(text, country or ""))


def date_yyyymmdd(text: str, zone: ZoneInfo | None) -> Changed:
    """Makes M3's date of an ISO date or moment; a moment with an offset becomes the civil date in `zone`."""
    if not text.strip():
        return Changed("")
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("is no date like 2026-11-22") from None
    if moment.tzinfo is not None and zone is None:
        raise ValueError("is a moment, whose date depends on a time zone; write {date_yyyymmdd: Europe/Zagreb}")
    civil: date = (moment.astimezone(zone) if moment.tzinfo is not None else moment).date()
    return Changed(civil.strftime("%Y%m%d"))


def number(text: str, _: None = None) -> Changed:
    """Makes plain decimal text: a point, no exponent, no blanks."""
    if not text.strip():
        return Changed("")
    if not NUMBER.fullmatch(text.strip()):
        raise ValueError("is no number like 1234.50")
    return Changed(format(Decimal(text.strip()), "f"))


def times(text: str, factor: Decimal) -> Changed:
    """Multiplies a number, to bring it into another unit; without trailing zeros."""
    plain = number(text).text
    return Changed(_short(Decimal(plain) * factor) if plain else "")


def short_number(text: str, _: None = None) -> Changed:
    """Makes plain decimal text without trailing zeros; nothing of 0."""
    plain = number(text).text
    return Changed(_short(Decimal(plain)) if plain and Decimal(plain) else "")


def _short(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"


def _is_plain(text: str) -> bool:
    """Tells quickly that a text has neither tags, entities, line breaks nor superfluous blanks; nearly all have none."""
    return PLAIN.fullmatch(text) is not None and unicodedata.is_normalized("NFC", text)


def _chain(text: str, *steps: Callable[[str], Changed]) -> Changed:
    notes = []
    for step in steps:
        changed = step(text)
        text = changed.text
        notes += [changed.note] if changed.note else []
    return Changed(text, "; ".join(notes))


def _wrapped(text: str, width: int) -> list[str]:
    lines = (textwrap.wrap(line, width, break_on_hyphens=False) for line in LINE_BREAK.split(text))
    return [part for line in lines for part in line]


def _dialled(text: str) -> str:
    """Keeps what is dialled: digits and the plus in front."""
    plus = "+" if text.lstrip().startswith("+") else ""
    return plus + _digits(text)


def _digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(one)) for one in text if one.isdecimal())


def _simple(function: Callable[[str], str]) -> Transform:
    return Transform(lambda text, _: Changed(function(text)), arguments.none)


def _shortening(function: Callable[[str, int], Changed]) -> Transform:
    return Transform(function, arguments.length, limit=lambda length: int(length), shortens=True)


TRANSFORMS: Final[dict[str, Transform]] = {
    "strip": _simple(str.strip),
    "upper": _simple(str.upper),
    "lower": _simple(str.lower),
    "digits": _simple(_digits),
    "plain_text": Transform(plain_text, arguments.none),
    "plain_lines": Transform(plain_lines, arguments.none),
    "printable": Transform(printable, arguments.none),
    "bmp_only": Transform(bmp_only, arguments.none),
    "m3_text": Transform(m3_text, arguments.none),
    "m3_lines": Transform(m3_lines, arguments.none),
    "cut": _shortening(cut),
    "last": _shortening(last),
    "drop_longer": _shortening(drop_longer),
    "split_lines": Transform(split_lines, arguments.length, limit=lambda width: int(width)),
    "address_line": Transform(
        address_line, arguments.address_line, limit=lambda wanted: int(wanted.width), shortens=True
    ),
    "prefix": Transform(lambda text, front: Changed(front + text if text else ""), arguments.some_text),
    "suffix": Transform(lambda text, end: Changed(text + end if text else ""), arguments.some_text),
    "phone": Transform(phone, arguments.length),
    "state_code": Transform(state_code, arguments.path_or_none, beside=True),
    "postcode": Transform(lambda text, country: Changed(write_postcode(text, country)), arguments.path, beside=True),
    "date_yyyymmdd": Transform(date_yyyymmdd, arguments.time_zone),
    "number": Transform(number, arguments.none),
    "short_number": Transform(short_number, arguments.none),
    "times": Transform(times, arguments.factor),
}
