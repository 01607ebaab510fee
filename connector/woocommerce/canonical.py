"""Reads JSON without losing a digit and gives one byte form and one hash to equal content.

Called by the receiver's reader (webhooks.py), the REST client and the models; the ledger compares the hashes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

import orjson

JSONDict = dict[str, Any]

LINKS = "_links"


def read_json(body: bytes) -> Any:
    """Reads a JSON text; numbers with a fraction become Decimal, so no amount ever passes through a float.

    Args:
        body: UTF-8 bytes.

    Raises:
        ValueError: Not UTF-8, not JSON, NaN or Infinity, a number or a nesting beyond all reason. The text of the
            error says where, never what stood there.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at character {error.pos}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except (ValueError, ArithmeticError):
        # Python refuses integers of over 4300 digits and Decimal exponents beyond its range.
        raise ValueError("JSON with NaN, Infinity or a number beyond all range") from None


def glance_json(body: bytes) -> Any:
    """Reads a JSON text for its keys, types and hash, several times faster; fractions may lose digits, so not for amounts.

    Raises:
        ValueError: As read_json.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return read_json(body)  # takes some more (lone surrogates, numbers beyond doubles), and says where it is wrong


def canonical_json(value: Any) -> bytes:
    """Returns the one byte form of a JSON value: sorted keys, no blanks, ASCII.

    A number that was read as Decimal and the same number read as float give the same bytes.

    Raises:
        ValueError: NaN, Infinity, or nested too deeply.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return text.encode("ascii")


def content_hash(resource: Mapping[str, Any]) -> str:
    """Returns the SHA-256 (hex) of a resource's JSON with sorted keys and without `_links`.

    Links name the scheme and host the shop was called by, so they differ between a delivery and a REST answer
    of the same content.

    Raises:
        ValueError: NaN, Infinity, or nested too deeply.
    """
    content = {key: resource[key] for key in resource if key != LINKS}
    try:
        form = orjson.dumps(content, default=_number, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        form = canonical_json(content)  # integers over 64 bits, lone surrogates
    return hashlib.sha256(form).hexdigest()


def _number(value: object) -> float | str:
    """Writes a Decimal as the shop's own double: what the shop sent came from one, so nothing is lost by it."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is no JSON value")
    number = float(value)
    return number if math.isfinite(number) else str(value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
