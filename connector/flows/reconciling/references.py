"""Reads whose order or return a document of M3 is from its YREF, without asking the ledger. Pure.

Made by flows/orders/values.py (`<store>-<order id>-<created>`) and flows/refunds/plan.py (`<store>-R<refund id>-<created>`, a
further return of the same refund with its number after it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_REFERENCE = re.compile(
    r"(?P<store>[a-z0-9]{1,8})-(?P<kind>R?)(?P<id>[1-9][0-9]{0,17})-(?P<epoch>[0-9]{1,12})(-[1-9][0-9]?)?"
)


@dataclass(frozen=True)
class Reference:
    """What a YREF says."""

    store: str
    is_refund: bool
    shop_id: int
    epoch: int


def read_reference(text: str) -> Reference | None:
    """Returns what a YREF says, or None if it is none of a connector's."""
    found = _REFERENCE.fullmatch(text.strip())
    if found is None:
        return None
    return Reference(found["store"], bool(found["kind"]), int(found["id"]), int(found["epoch"]))
