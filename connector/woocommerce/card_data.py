"""Takes card data out of what a shop says, before anything reads or keeps it. Called by the receiver and by transport.py.

Payment plug-ins have left card numbers in the meta data of orders, and buyers type them into notes. The connector needs none of
it, so it goes before a body is hashed, read or stored: a delivery and an answer of the same content stay equal. Taken out are what
a key of meta data names as card data, and card numbers in meta data and notes, known by first digits, length and check digit
(ISO/IEC 7812). The last four digits, the brand and the payment service's own references are none.
"""

from __future__ import annotations

import re
from typing import Any

from stdnum import luhn

from connector.woocommerce.canonical import canonical_json, read_json

HIDDEN = "***"

_NAMES = (
    *("card_number", "cardnumber", "card_num", "card_no", "cc_number", "cc_num", "cc_no", "ccnumber", "pan"),
    *("cvc", "cvc2", "cvv", "cvv2", "ccv", "csc", "card_code", "security_code"),
    *("card_expiry", "card_exp", "card_expiration", "cc_expiry", "cc_exp", "track1", "track2", "track_data"),
)  # fmt: skip
_NAMED = re.compile(rf"_(?:{'|'.join(_NAMES)})_")
_ISSUERS = re.compile(
    r"4\d{15}(?:\d{3})?|5\d{15}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|6\d{15,18}"
)
_DIGITS = r"(?<![0-9A-Za-z_])[2-6](?:[ -]?[0-9]){13,18}(?![0-9A-Za-z_])"  # within a word it is a reference
_IN_TEXT = re.compile(_DIGITS)
_IN_BYTES = re.compile(_DIGITS.encode())
_LONG = re.compile(rb"[2-6](?:[ -]?[0-9]){13}")
_WORDS = (b"card", b"cvc", b"cvv", b"ccv", b"csc", b'pan"', b"cc_", b"cc-", b"ccn", b"cce", b"security", b"track")
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
        return _IN_BYTES.sub(lambda found: _hidden(found.group().decode()).encode(), body)


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
        return {key: HIDDEN if part and _is_named(value, key) else _of_meta(part) for key, part in value.items()}
    if isinstance(value, str):
        return _of_text(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return HIDDEN if is_number and _hidden(str(value)) == HIDDEN else value


def _is_named(row: dict[str, Any], key: str) -> bool:
    """Tells whether a value's own key, or the one that its row names, says that it is card data."""
    name = row.get("key") if key in ("value", "display_value") else key
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[^0-9A-Za-z]+", "_", str(name)).lower()
    return _NAMED.search(f"_{words}_") is not None


def _of_text(text: str) -> str:
    return _IN_TEXT.sub(lambda found: _hidden(found.group()), text)


def _hidden(found: str) -> str:
    digits = re.sub("[ -]", "", found)
    return HIDDEN if _ISSUERS.fullmatch(digits) and luhn.is_valid(digits) else found
