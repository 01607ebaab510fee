"""Writes what the other side said as JSON that PostgreSQL takes, and tells whether it changed. Called by the tables of items."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

from connector.characters import legible

_REFUSED = ("\\u0000", "\\ud")
"""How NUL and halves of surrogate pairs begin in JSON; whole pairs do as well and stay what they are."""


def content_hash(facts: dict[str, Any]) -> str:
    """Returns the hash by which facts are told to have changed; the order of their names does not matter."""
    text_ = json.dumps(facts, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text_.encode()).hexdigest()


def as_json(rows: list[dict[str, Any]]) -> str:
    """Writes rows as JSON without what PostgreSQL refuses in a text: the other side may have sent anything."""
    written = json.dumps(rows, default=_plain)
    if not any(one in written for one in _REFUSED):
        return written
    return json.dumps(_legible(rows), default=_plain)


def _legible(value: Any) -> Any:
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, dict):
        return {_legible(name): _legible(one) for name, one in value.items()}
    return [_legible(one) for one in value] if isinstance(value, list | tuple) else value


def _plain(value: object) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
