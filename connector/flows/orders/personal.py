"""Which values of an order's content belong to a person, so that M3's texts and the audit trail can be shown without.

Used by confirming.py and `connector audit export`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

PERSONAL_PATHS = (
    "delivery",
    "order.billing",
    "order.shipping",
    "order.customer_note",
    "order.meta_data",
    "refund.reason",
)
MASK = "(personal)"
"""Stands for what is not shown."""
FORGOTTEN = "forgotten"
"""Its name in a document's plan: nothing in it is a person's any more, for the shop has erased them."""
PUBLIC_FIELDS = ("country", "state")

_NOTE = "order.customer_note"
_NOTE_LINE = 60
_WORD = re.compile(r"\w+")


def personal_values(content: Mapping[str, object]) -> set[str]:
    """Returns what belongs to a person, as it is and in the pieces in which M3 gets it: joined, cut and in lines.

    Args:
        content: As kept with a document: path of the mapping file -> text, or a list of texts.
    """
    return {piece for path, value in content.items() if is_personal(path) for piece in _pieces(path, value)}


def is_personal(path: str) -> bool:
    """Tells whether what stands at a path of the mapping file belongs to a person."""
    return path.startswith(PERSONAL_PATHS) and path.rpartition(".")[2] not in PUBLIC_FIELDS


def emptied(content: Mapping[str, Any], *, under: str = "") -> dict[str, Any]:
    """Returns a content in which nothing belongs to a person any more; `under` is the path of a part of one."""
    return {key: _without(f"{under}{key}", value) for key, value in content.items()}


def _without(path: str, value: Any) -> Any:
    if is_personal(path):
        return type(value)()
    return emptied(value, under=f"{path}.") if isinstance(value, Mapping) else value


def without_person(content: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Returns some parts of a content with what belongs to a person replaced; that it is there is still seen."""
    return {key: MASK if is_personal(key) and content[key] else content[key] for key in keys}


def _pieces(path: str, value: object) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _pieces(path, one)
    elif isinstance(value, str):
        yield value
        if path == _NOTE:  # its single words belong to nobody
            yield from (line[:_NOTE_LINE] for line in value.splitlines())
        else:
            yield "".join(_WORD.findall(value))  # a phone number without its blanks
            yield from _WORD.findall(value)
