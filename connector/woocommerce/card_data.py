"""Takes card data out of what a shop says, before anything reads or keeps it. Called by the receiver and by transport.py.

Payment plug-ins have left card numbers in the meta data of orders, and buyers type them into notes. The connector needs none of
it, so it goes before a body is hashed, read or stored: a delivery and an answer of the same content stay equal. Taken out are, in
meta data and notes, card numbers, known by first digits, length and check digit (ISO/IEC 7812), and in meta data what a key names
as card data and looks like it. The last four digits, the brand and the payment service's own references are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from stdnum import luhn

from connector.woocommerce.canonical import canonical_json, read_json

HIDDEN = "***"
MOST_TRIED = 200
"""Numbers tried in one text; one with more is no note, and goes as a whole."""

_NAMED: Final = (
    (r"card_?num(?:ber)?|card_no|cc_?num(?:ber)?|cc_no|pan", r"[ .-]*(?:[0-9][ .-]*){12,19}"),
    (r"cvc2?|cvv2?|ccv|csc|security_code", r"[0-9]{3,5}"),
    (r"(?:card|cc)_exp(?:iry|iration|ires)?(?:_date|_month|_year)?", r"[0-9]{1,4}(?: ?[/.-] ?[0-9]{1,4})?"),
    (r"track_?[12](?:_data)?|track_data", r".+"),
)
"""Keys of meta data and the form of what they then hold; an OREF under `customer_card_number` has not enough digits for a card."""
_NAMES: Final = tuple((re.compile(rf"_(?:{name})_"), re.compile(form, re.DOTALL)) for name, form in _NAMED)
_ISSUERS: Final = re.compile(
    r"4\d{15}(?:\d{3})?|5\d{15}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|6\d{15,18}"
)
_ALIKE: Final = 14  # digits of a Diners card, and of tax and article numbers: in one piece they stay
_LENGTHS: Final = range(14, 20)
_GROUPS: Final = re.compile(
    r"(?<![0-9A-Za-z_])[0-9]{1,19}(?:[ .\u00a0-]{1,2}[0-9]{1,19})*"
)  # after a letter it is a reference
_GROUP: Final = re.compile("[0-9]+")
_LONG: Final = re.compile(rb"[2-6](?:(?:[ .-]|\xc2\xa0|\\u00a0){0,2}[0-9]){13}")
_WORDS: Final = (
    b"card",
    b"cvc",
    b"cvv",
    b"ccv",
    b"csc",
    b'pan"',
    b"cc_",
    b"cc-",
    b"ccn",
    b"cce",
    b"security",
    b"track",
)
_META = "meta_data"
_NOTES = frozenset({"customer_note", "note", "reason"})
_OF_PRODUCTS = "regular_price"  # their meta data hold GTINs and other long numbers, and no buyer's


def without_card_data(body: bytes) -> bytes:
    """Returns a body of the shop without card data: the same bytes if there is none.

    Args:
        body: Of a delivery or an answer, whatever bytes they are.
    """
    if not _may_hold_some(body):
        return body
    try:
        content = read_json(body)
        cleaned = _of_resource(content)
        return body if cleaned == content else canonical_json(cleaned)
    except (ValueError, RecursionError):  # no JSON that is used, but it is kept
        return _of_text(body.decode("latin-1")).encode("latin-1")


def _may_hold_some(body: bytes) -> bool:
    """Looks quickly, since most bodies hold none; a word too many here costs a closer look."""
    lowered = body.lower()
    return any(word in lowered for word in _WORDS) or _LONG.search(body) is not None


def _of_resource(value: Any) -> Any:
    """Goes through a resource, its rows and lists of them; only meta data and notes are changed."""
    if isinstance(value, list):
        return [_of_resource(one) for one in value]
    if not isinstance(value, dict) or _OF_PRODUCTS in value:
        return value
    return {key: _of_entry(key, part) for key, part in value.items()}


def _of_entry(key: str, part: Any) -> Any:
    if key == _META:
        return _of_meta(part)
    return _of_text(part) if key in _NOTES and isinstance(part, str) else _of_resource(part)


def _of_meta(value: Any) -> Any:
    """Goes through meta data: rows of key and value, whose value may be anything."""
    if isinstance(value, list):
        return [_of_meta(one) for one in value]
    if isinstance(value, dict):
        return {_of_text(key): HIDDEN if _is_named(value, key) else _of_meta(part) for key, part in value.items()}
    if isinstance(value, str):
        return _of_text(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return HIDDEN if is_number and _of_text(str(value)) == HIDDEN else value


def _is_named(row: dict[str, Any], key: str) -> bool:
    """Tells whether a value's own key, or the one that its row names, says that it is card data, and it looks like it."""
    value = row[key]
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    name = row.get("key") if key in ("value", "display_value") else key
    words = "_" + re.sub(r"(?<=[a-z])(?=[A-Z])|[^0-9A-Za-z]+", "_", str(name)).lower() + "_"
    return any(names.search(words) and form.fullmatch(str(value).strip()) for names, form in _NAMES)


def _of_text(text: str) -> str:
    parts, kept_to, tried = [], 0, 0
    for run in _GROUPS.finditer(text):
        begin = run.start()
        for start, end in _candidates(run):
            if start < begin:
                continue
            tried += 1
            if tried > MOST_TRIED:
                return HIDDEN
            if luhn.is_valid(re.sub("[^0-9]", "", text[start:end])):
                parts += [text[kept_to:start], HIDDEN]
                kept_to = begin = end
    return "".join((*parts, text[kept_to:])) if parts else text


def _candidates(run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yields where a card number may stand in groups of digits, longest first: a month, a year or a code may stand beside it."""
    groups = [(one.start() + run.start(), one.end() + run.start(), one.group()) for one in _GROUP.finditer(run.group())]
    for first, (start, _, _) in enumerate(groups):
        digits, ends = "", []
        for _, end, group in groups[first:]:
            digits += group
            if len(digits) > _LENGTHS[-1]:
                break
            is_alike = len(digits) == _ALIKE and digits == group
            if len(digits) in _LENGTHS and not is_alike and _ISSUERS.fullmatch(digits):
                ends.append(end)
        yield from ((start, end) for end in reversed(ends))
