"""What a message of M3 makes due, as read from it and not yet looked up anywhere. Made by bods.py and events.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from connector.ion.rules import ITEM_FLOWS

LONGEST_ITEM_NUMBER = 15
LONGEST_OTHER_NUMBER = 10
"""ITNO, ORNO and CUNO in M3's published signatures (MMS200MI/GetItmBasic, OIS100MI/GetHead, CRS610MI/GetBasicData)."""


@dataclass(frozen=True)
class Due:
    """Keys a flow shall look at again: item, order or customer numbers of M3; sorted, each once."""

    flow: str
    keys: tuple[str, ...]


def due_of(flow: str, found: Iterable[str]) -> tuple[Due, int]:
    """Returns what is due for a flow, and how many of the found keys cannot be keys in M3."""
    longest = LONGEST_ITEM_NUMBER if flow in ITEM_FLOWS else LONGEST_OTHER_NUMBER
    keys = {key.strip() for key in found}
    good = {key for key in keys if 0 < len(key) <= longest and key.isprintable()}
    return Due(flow, tuple(sorted(good))), len(keys - good - {""})


def merged(parts: Iterable[Due]) -> list[Due]:
    """Puts together what several parts of a message make due: one entry per flow, in the order of the flows' names."""
    by_flow: dict[str, set[str]] = {}
    for part in parts:
        by_flow.setdefault(part.flow, set()).update(part.keys)
    return [Due(flow, tuple(sorted(keys))) for flow, keys in sorted(by_flow.items()) if keys]
