"""Which values of an order's content belong to a person, so that M3's texts and the audit trail can be shown without.

Used by confirming.py and `connector audit export`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

PERSONAL_PATHS = (
    "delivery",
    "order.billing",
    "order.shipping",
    "order.customer_note",
    "order.meta_data",
    "refund.reason",
)
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
